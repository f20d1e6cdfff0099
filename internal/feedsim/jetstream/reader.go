package jetstream

import (
	"context"
	"fmt"
	"slices"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// Reader is a feedsim.Source of the events of a stream, in the order in which they were stored. At is when that was. They have the epochs and sequences of the bus.
type Reader struct {
	// Immutable.
	stream *Stream
	from   kept.Beginning

	reading  *kept.Reading    // nil: not begun
	messages []kept.Message   // not yet looked at
	ended    bool             // nothing follows them
	position uint64           // of the newest message in the stream
	routes   map[string]route // by subject
	rows     datafile.Rows

	decoder bus.Decoder
	event   int // of decoder.Events, the next
	symbol  string
	stored  tick.Time
	item    feedsim.Item // what Next returns
}

// route is what a subject says.
type route struct {
	kind   tick.Kind // 0: no event
	symbol string
}

// Next returns the next event.
func (r *Reader) Next() (*feedsim.Item, error) {
	for r.event == len(r.decoder.Events) {
		r.event, r.decoder.Events = 0, r.decoder.Events[:0]
		message, err := r.next()
		if err != nil {
			return nil, err
		}
		if err := r.decode(message); err != nil {
			r.rows.Bad(int(message.Position), err)
			r.decoder.Events = r.decoder.Events[:0]
		}
	}
	r.item = feedsim.Item{Symbol: r.symbol, At: r.rows.Good(r.stored), Event: r.decoder.Events[r.event]}
	r.event++
	return &r.item, nil
}

// decode makes events out of a message; none, if it is something else.
func (r *Reader) decode(m *kept.Message) error {
	route, known := r.routes[m.Subject]
	if !known {
		route = r.route(m.Subject)
		if len(r.routes) < datafile.MaxSymbols {
			r.routes[m.Subject] = route
		}
	}
	if route.kind == 0 {
		return nil
	}
	r.symbol, r.stored = route.symbol, m.Stored
	return r.decoder.Decode(route.kind, m.Payload)
}

func (r *Reader) route(subject string) route {
	kind, symbol, err := r.stream.subjects.ParseEvent(subject)
	if err != nil {
		return route{} // a heartbeat, or of another prefix
	}
	return route{kind, symbol}
}

// next returns the next message, or io.EOF where the stream ended when it was opened.
func (r *Reader) next() (*kept.Message, error) {
	for len(r.messages) == 0 {
		if r.ended {
			return nil, r.rows.End()
		}
		if err := r.receive(); err != nil {
			return nil, err
		}
	}
	message := &r.messages[0]
	r.position = message.Position
	r.messages = r.messages[1:]
	return message, nil
}

// receive waits for the next portion.
func (r *Reader) receive() error {
	if r.reading == nil {
		r.reading = kept.Begin(r.stream.ctx, func(ctx context.Context, to chan<- kept.Portion) error { return r.stream.stream.Read(ctx, r.from, to) })
	}
	portion, ok := <-r.reading.Portions
	if !ok {
		if err := r.stream.ctx.Err(); err != nil {
			return err
		}
		return fmt.Errorf("%w: after message %d of stream %s: %w", ErrStream, r.position, r.stream.name, r.reading.Err())
	}
	last := r.stream.extent.LastPosition
	r.messages = portion.Messages
	later := slices.IndexFunc(r.messages, func(m kept.Message) bool { return m.Position > last })
	if later >= 0 {
		r.messages = r.messages[:later]
	}
	reached := len(r.messages) > 0 && r.messages[len(r.messages)-1].Position == last
	r.ended = reached || later >= 0 || portion.AtEdge // the last messages may have been deleted since
	return nil
}

// Close ends the reading; the server forgets it at once.
func (r *Reader) Close() error {
	if r.reading != nil {
		r.reading.Stop()
	}
	return nil
}
