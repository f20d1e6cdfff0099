package fault

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"tickgate/pkg/tick"
)

// Record is one fault that happened: a line of the log, in JSON.
type Record struct {
	// Time is when it was written, by the machine's clock.
	Time time.Time `json:"time"`
	// Fault is its kind.
	Fault Kind `json:"fault"`
	// Position is the time of the source at which it happened or began, in nanoseconds: since 1970 for a recording, since the start for a made-up market.
	Position tick.Time `json:"position"`
	// Symbol, Epoch and the sequences From to To are the events that it happened to: those lost, sent again, overtaken or crossed. None: it is not about single events. A gap that the end of a
	// pass cuts short has numbers behind the last of its epoch.
	Symbol string `json:"symbol,omitempty"`
	Epoch  uint64 `json:"epoch,omitempty"`
	From   uint64 `json:"from,omitempty"`
	To     uint64 `json:"to,omitempty"`
	// Behind is the sequence of the event behind which a reordered one was sent.
	Behind uint64 `json:"behind,omitempty"`
	// Until is when a silence ends, by the machine's clock.
	Until *time.Time `json:"until,omitempty"`
	// End is the time of the source at which a burst or a skew that ends does so, as Position.
	End tick.Time `json:"end,omitempty"`
	// Times is how often more a duplicate was sent, or how many times as fast a burst is.
	Times int `json:"times,omitempty"`
	// By is what a skew adds to ts_event, in nanoseconds.
	By time.Duration `json:"by,omitempty"`
	// Publisher is the name of the one that took over, and Repeated how many events it sent again.
	Publisher string `json:"publisher,omitempty"`
	Repeated  int    `json:"repeated,omitempty"`
}

// ReadLog reads what a Stage has written.
func ReadLog(r io.Reader) ([]Record, error) {
	var records []Record
	for d := json.NewDecoder(r); ; {
		var record Record
		if err := d.Decode(&record); errors.Is(err, io.EOF) {
			return records, nil
		} else if err != nil {
			return records, err
		}
		records = append(records, record)
	}
}
