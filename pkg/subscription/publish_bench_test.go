package subscription_test

import (
	"fmt"
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// discard is a sink whose transport takes every batch at once.
type discard struct{ session *subscription.Session }

func (d *discard) Begin(time.Time)                                                  {}
func (d *discard) Announce(*subscription.Symbol, *tick.Record, *subscription.State) {}
func (d *discard) Append(*subscription.Update) subscription.Room                    { return subscription.MoreRoom }
func (d *discard) SendBatch(uint64)                                                 { d.send() }
func (d *discard) SendGap(subscription.Gap)                                         { d.send() }
func (d *discard) SendState(*subscription.Symbol, *subscription.State)              { d.send() }
func (d *discard) Recycle()                                                         {}
func (d *discard) Care(time.Time)                                                   {}
func (d *discard) send()                                                            { d.session.Handed(100); d.session.Left(100) }

// The timed region is Table.Publish, in a closed loop: packing the record, the ring, and waking the worker. The worker serves the watching sessions at the
// same time on another CPU, as in a gateway; how fast it does is not measured. A publisher never waits for it.
func BenchmarkPublish(b *testing.B) {
	for _, watchers := range []int{0, 1, 1000} {
		b.Run(fmt.Sprintf("watchers=%d", watchers), func(b *testing.B) {
			tableConfig, config := defaults()
			g := run(b, tableConfig, config)
			defer g.halt()
			m := g.listed("A")
			for range watchers {
				s := g.hub.NewSession(g.hub.NewConn())
				s.Attach(&discard{session: s})
				symbol, err := g.table.Acquire("A")
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Execute(b.Context(), func() { _, _ = s.Subscribe(subscription.Request{Symbol: symbol}) }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				m.record.Sequence++
				m.record.BidSize++
				g.table.Publish(m.symbol, &m.record)
			}
		})
	}
}
