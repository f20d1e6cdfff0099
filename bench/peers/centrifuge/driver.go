package centrifuge

import (
	"context"
	"fmt"
	"sync"

	"github.com/centrifugal/centrifuge-go"

	"tickgate/bench/load"
)

// driver implements load.Driver.
type driver struct {
	plan   *load.Plan
	dialer *load.Dialer

	// mu guards the field below.
	mu      sync.Mutex
	clients []*centrifuge.Client
}

// New returns the driver.
func New(plan *load.Plan, dialer *load.Dialer) (load.Driver, error) {
	if plan.Connections != plan.Streams {
		return nil, fmt.Errorf("centrifuge: %d streams on %d connections: a client has one subscription per channel, so give each stream a connection", plan.Streams, plan.Connections)
	}
	return &driver{plan: plan, dialer: dialer}, nil
}

// Close disconnects the clients.
func (d *driver) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.clients {
		c.Close()
	}
}

// Open connects a client and subscribes it.
func (d *driver) Open(ctx context.Context, s *load.Stream) error {
	address := d.plan.Addresses[s.Number%len(d.plan.Addresses)]
	client := centrifuge.NewProtobufClient("ws://"+address+path, centrifuge.Config{NetDialContext: d.dialer.Dial})
	d.mu.Lock()
	d.clients = append(d.clients, client)
	d.mu.Unlock()
	client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { s.Lost(fmt.Errorf("disconnected: %d %s", e.Code, e.Reason)) })
	client.OnConnecting(func(e centrifuge.ConnectingEvent) {
		if e.Code != 0 { // not the first time
			s.Lost(fmt.Errorf("reconnecting: %d %s", e.Code, e.Reason))
		}
	})
	for slot, symbol := range s.Symbols {
		subscription, err := client.NewSubscription(symbol)
		if err != nil {
			return fmt.Errorf("centrifuge: %s: %w", symbol, err)
		}
		subscription.OnPublication(func(e centrifuge.PublicationEvent) {
			s.Pace(ctx)
			s.TakeEvents(load.Payload{Slot: slot, Data: e.Data})
		})
		if err := subscription.Subscribe(); err != nil {
			return fmt.Errorf("centrifuge: subscribe to %s: %w", symbol, err)
		}
	}
	return client.Connect()
}
