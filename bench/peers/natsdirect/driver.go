package natsdirect

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"tickgate/bench/load"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// driver implements load.Driver.
type driver struct {
	plan        *load.Plan
	dialer      *load.Dialer
	subjects    bus.Subjects
	connections []*connection
	callbacks   sync.WaitGroup // goroutines of subscriptions, and of connections
}

// New returns a driver with the plan's connections, which are dialled when their first stream is opened.
func New(plan *load.Plan, dialer *load.Dialer) (load.Driver, error) {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return nil, err
	}
	d := &driver{plan: plan, dialer: dialer, subjects: subjects}
	for n := range plan.Connections {
		d.connections = append(d.connections, &connection{url: "nats://" + plan.Addresses[n%len(plan.Addresses)]})
	}
	return d, nil
}

// Close closes the connections and waits for what nats.go calls.
func (d *driver) Close() {
	for _, c := range d.connections {
		c.close()
	}
	d.callbacks.Wait()
}

// Open subscribes and returns when the server has the subscriptions.
func (d *driver) Open(ctx context.Context, s *load.Stream) error {
	c := d.connections[s.Connection]
	conn, err := c.dial(ctx, d)
	if err != nil {
		return err
	}
	r := &reader{ctx: ctx, stream: s, turn: make(chan struct{}, 1)}
	for slot, symbol := range s.Symbols {
		subscription, err := conn.Subscribe(d.subjects.Event(tick.KindQuote, symbol), func(message *nats.Msg) { r.take(slot, message.Data) })
		if err != nil {
			return fmt.Errorf("natsdirect: subscribe to %s: %w", symbol, err)
		}
		c.add(subscription, s)
		d.callbacks.Add(1)
		ended := sync.OnceFunc(d.callbacks.Done)
		subscription.SetClosedHandler(func(string) { ended() })
		if !subscription.IsValid() { // the connection was lost before there was a handler to call
			ended()
			return errClosed
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("natsdirect: flush: %w", err)
	}
	return nil
}

// reader is one stream's side of its subscriptions.
type reader struct {
	ctx    context.Context
	stream *load.Stream
	turn   chan struct{} // of one: who has sent to it reads
}

// take runs on the goroutine of the slot's subscription.
func (r *reader) take(slot int, data []byte) {
	select {
	case r.turn <- struct{}{}:
	case <-r.ctx.Done():
		return
	}
	r.stream.Pace(r.ctx)
	r.stream.TakeEvents(load.Payload{Slot: slot, Data: data})
	<-r.turn
}
