package feed

import (
	"time"

	"tickgate/internal/bus"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// applyHeartbeat takes a publisher's sign of life. One that comes on another publisher's subject does not count: subjects are what permissions are given for.
func (in *Ingester) applyHeartbeat(subject string, payload []byte, now time.Time) {
	beat, err := bus.DecodeHeartbeat(payload)
	if err == nil && in.subjects.Heartbeat(string(beat.Publisher)) != subject {
		err = bus.ErrSubject
	}
	if err != nil {
		in.dropMessage(subject, err)
		return
	}
	in.counts[countHeartbeats]++
	p := in.publishers.find(beat.Publisher)
	if p == &in.publishers.other {
		in.counts[countOverLimit]++
	}
	in.hear(p, beat.Epoch, now)
	in.takeCount(p, &beat, now)
}

// hear notes a sign of life.
func (in *Ingester) hear(p *publisher, epoch uint64, now time.Time) {
	in.lastHeard = now
	p.lastHeard = now
	if epoch > p.epoch && p != &in.publishers.other {
		in.restarted(p, epoch, now)
	}
	if p.silent {
		in.publishers.markHeard(p)
		in.settleAll(p, now)
	}
}

// restarted doubts the symbols that the publisher has not sent since its restart: what happened to them in between, nobody has told.
func (in *Ingester) restarted(p *publisher, epoch uint64, now time.Time) {
	p.epoch, p.tally = epoch, tally{}
	for _, s := range p.symbols {
		if s.doubt == 0 && s.record.Epoch < epoch {
			s.doubt = subscription.FeedSilent
		}
	}
	in.settleAll(p, now)
}

// settleAll gives all symbols of a publisher their states.
func (in *Ingester) settleAll(p *publisher, now time.Time) {
	states := states{since: tick.Time(now.UnixNano())}
	for _, s := range p.symbols {
		if in.settle(s, &states) {
			in.untold = true
		}
	}
}

// CheckSilence turns the symbols of every publisher stale that has been silent for longer than Config.StaleAfter. Call it every Config.SilenceCheck, after
// everything that has arrived was applied.
func (in *Ingester) CheckSilence(now time.Time) {
	for p := range in.publishers.all {
		if p.silent || now.Sub(p.lastHeard) <= in.config.StaleAfter {
			continue
		}
		in.publishers.markSilent(p)
		in.settleAll(p, now)
		if len(p.symbols) > 0 {
			in.config.Log.Warn("feed: publisher silent, its symbols are stale", "publisher", p.name, "symbols", len(p.symbols))
		}
	}
	in.publishers.forgetIdle()
	in.tellStates()
}

// Disconnected says that the bus is lost: every symbol turns stale, and stays so whatever still comes from the queue.
func (in *Ingester) Disconnected(now time.Time) {
	in.connected = false
	in.Doubt(now)
}

// Doubt turns every symbol stale until an event or a warm start confirms its value. Call it when messages have been lost on this side.
func (in *Ingester) Doubt(now time.Time) {
	states := states{since: tick.Time(now.UnixNano())}
	for _, s := range in.symbols {
		s.doubt = subscription.BusLost
		if in.settle(s, &states) {
			in.untold = true
		}
	}
	in.tellStates()
}

// Connected says that the bus is there, for the first time or again: from now on messages confirm values. Nobody counts as heard yet.
func (in *Ingester) Connected() {
	if in.connected {
		return
	}
	in.connected, in.countAnew = true, true
	for p := range in.publishers.all {
		in.publishers.markSilent(p)
	}
}
