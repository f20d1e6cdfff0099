package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/pflag"

	"tickgate/pkg/client"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	from, to, speed string
	follow          bool
	interval        time.Duration
}

func replayFlags(o *options, f *pflag.FlagSet) {
	r := &o.replay
	f.StringVar(&r.from, "from", "", "first `time` that is played: 2026-11-25T10:30:00Z, 10:30 or 10:30:15 (today, UTC), or -15m (before now); empty: the beginning of the recording")
	f.StringVar(&r.to, "to", "", "`time` before which it ends; empty: with the recording")
	f.StringVar(&r.speed, "speed", "1", "seconds of the market in one second, or max")
	f.BoolVar(&r.follow, "live", false, "go over to the live market when it is reached")
	f.DurationVar(&r.interval, "interval", 0, "conflation interval by the playback's clock; 0: every event")
	f.BoolVar(&o.json, "json", false, "one JSON object per update and line, also at a terminal")
}

// maxSpeed is how a person writes client.Unpaced.
const maxSpeed = "max"

// toPlay reads the flags.
func (r *replayOptions) toPlay(symbols []string, now time.Time) (o client.ReplayOptions, err error) {
	o = client.ReplayOptions{Symbols: symbols, Live: r.follow, Speed: client.Unpaced(), Conflation: client.AllEvents}
	if r.interval > 0 {
		o.Conflation = client.Every(r.interval)
	}
	if o.From, err = parseTime(r.from, now); err != nil {
		return o, fmt.Errorf("%w: --from %w", errUsage, err)
	}
	if o.To, err = parseTime(r.to, now); err != nil {
		return o, fmt.Errorf("%w: --to %w", errUsage, err)
	}
	if r.speed != maxSpeed {
		if o.Speed, err = strconv.ParseFloat(r.speed, 64); err != nil || o.Speed <= 0 {
			return o, fmt.Errorf("%w: --speed is %q, give a number above 0, or max", errUsage, r.speed)
		}
	}
	return o, nil
}

// parseTime reads a time as people write it; empty: the zero time.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if before, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := time.ParseDuration(before); err == nil {
			return now.Add(-d), nil
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"15:04", "15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			year, month, day := now.UTC().Date()
			return time.Date(year, month, day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("is %q, give 2026-11-25T10:30:00Z, 10:30, 10:30:15 or -15m", text)
}

func replay(ctx context.Context, o *options, args []string, c console) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: replay needs symbols; `tickctl symbols` lists them", errUsage)
	}
	toPlay, err := o.replay.toPlay(args, time.Now())
	if err != nil {
		return err
	}
	gateway, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer gateway.Close()
	r, err := gateway.Replay(ctx, toPlay)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, rejected := range r.Rejected() {
		fmt.Fprintf(c.errs, "tickctl: %s is not played: %s\n", rejected.Symbol, rejected.Detail)
	}
	if o.json || !c.terminal {
		return writeReplay(r, c.out)
	}
	return showReplay(ctx, r, gateway.State().Address, toPlay, c)
}

// writeReplay writes an object per update until all is played.
func writeReplay(r *client.Replay, out io.Writer) error {
	encoder := json.NewEncoder(out)
	for e := range r.Events() {
		switch e.Kind {
		case client.ReplayEnd:
			return nil
		case client.ReplayUpdate:
			l := lineOf(&e.Update.Ticker)
			l.Merged, l.Missing, l.Gap = e.Update.Merged, e.Update.MissingNow, e.Update.GapReason.String()
			if err := encoder.Encode(l); err != nil {
				return err
			}
		}
	}
	return r.Err()
}

// showReplay runs the table until a person ends it.
func showReplay(ctx context.Context, r *client.Replay, address string, o client.ReplayOptions, c console) error {
	shown := newReplayed(address, o)
	taking := make(chan struct{})
	go func() {
		defer close(taking)
		for e := range r.Events() {
			shown.take(e)
		}
		shown.end(r.Err())
	}()
	defer func() {
		r.Close()
		<-taking
	}()
	program := tea.NewProgram(newReplayTable(shown, r, time.Now), tea.WithContext(ctx), tea.WithInput(c.in), tea.WithOutput(c.out), tea.WithFPS(tableFPS))
	_, err := program.Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}
