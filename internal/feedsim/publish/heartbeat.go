package publish

import (
	"context"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// Heartbeats sends a sign of life at once and then at the configured interval, until the context ends. One that the bus does not take
// is not repeated: the next is due soon.
func (p *Publisher) Heartbeats(ctx context.Context) {
	var payload []byte
	for {
		if going := p.going.Load(); !p.muted.Load() {
			payload = bus.AppendHeartbeat(payload[:0], going.name, p.Epoch(), tick.Time(p.clock.Now().UnixNano()))
			payload = bus.AppendEventCount(payload, p.numbered.Load()-going.foreign) // in this order: no less than foreign
			_ = p.sender.Publish(p.subjects.Heartbeat(going.name), payload)
		}
		if p.clock.Sleep(ctx, p.heartbeatEvery) != nil {
			return
		}
	}
}
