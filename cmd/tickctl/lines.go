package main

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tickgate/pkg/client"
)

// line is an update as JSON: decimals as strings, since they are exact, and absent where there is none. A symbol's lines begin with its first value; from there on what its value is worth is told by a
// line, too.
type line struct {
	Time      string `json:"time,omitempty"` // of receipt by the gateway
	EventTime string `json:"event_time,omitempty"`
	Symbol    string `json:"symbol"`
	State     string `json:"state"`
	Reason    string `json:"reason,omitempty"`
	Bid       string `json:"bid,omitempty"`
	BidSize   string `json:"bid_size,omitempty"`
	Ask       string `json:"ask,omitempty"`
	AskSize   string `json:"ask_size,omitempty"`
	Last      string `json:"last,omitempty"`
	LastSize  string `json:"last_size,omitempty"`
	Aggressor string `json:"aggressor,omitempty"`
	Volume    string `json:"volume,omitempty"`
	Trades    uint64 `json:"trades,omitempty"`
	Sequence  uint64 `json:"sequence"`
	Merged    uint64 `json:"merged"`
	Missing   uint64 `json:"missing,omitempty"`
	Gap       string `json:"gap,omitempty"`
}

func lineOf(t *client.Ticker) line {
	l := line{
		Symbol: t.Symbol, State: t.State.String(), Reason: t.Reason.String(),
		Bid: t.Bid.String(), BidSize: t.BidSize.String(), Ask: t.Ask.String(), AskSize: t.AskSize.String(),
		Last: t.Last.String(), LastSize: t.LastSize.String(), Aggressor: t.Aggressor.String(),
		Volume: t.Volume.String(), Trades: t.Trades, Sequence: t.Sequence,
	}
	if !t.RecvTime.IsZero() {
		l.Time = t.RecvTime.UTC().Format(time.RFC3339Nano)
	}
	if !t.EventTime.IsZero() {
		l.EventTime = t.EventTime.UTC().Format(time.RFC3339Nano)
	}
	return l
}

// writeLines writes an object per update until ctx ends, or nobody reads any more.
func writeLines(ctx context.Context, c *client.Client, out io.Writer) error {
	stop := context.AfterFunc(ctx, c.Close) // Updates ends when the client is closed
	defer stop()
	encoder := json.NewEncoder(out)
	for u := range c.Updates() {
		if u.Sequence == 0 { // there is no value yet
			continue
		}
		l := lineOf(&u.Ticker)
		l.Merged, l.Missing, l.Gap = u.Merged, u.MissingNow, u.GapReason.String()
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	return c.Err()
}
