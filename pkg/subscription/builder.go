package subscription

import (
	"math"
	"time"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// builder makes the batches of one worker, one at a time.
type builder struct {
	session *Session
	now     time.Time
	millis  uint32

	record tick.Record
	words  tick.Words
	update Update

	updates   uint64
	announced uint64
	conflated uint64
	full      bool
}

type addOutcome uint8

const (
	served  addOutcome = iota // the subscription has nothing left to send
	blocked                   // it has, but this batch cannot take it
)

func (b *builder) begin(s *Session, now time.Time) {
	b.session, b.now, b.millis = s, now, s.worker.millis(now)
	b.updates, b.announced, b.conflated, b.full = 0, 0, 0, false
	s.sink.Begin(now)
}

// finish sends the batch, if there is anything in it.
func (b *builder) finish() {
	if b.updates == 0 && b.announced == 0 {
		return
	}
	s := b.session
	s.lastBatch++
	s.batchOut = true
	s.freshness.sent(s.lastBatch, b.now)
	s.sink.SendBatch(s.lastBatch)
	stats := &s.worker.stats
	stats.batches.Add(1)
	stats.updates.Add(b.updates)
	stats.conflated.Add(b.conflated)
}

// add puts what the subscription has to send into the batch.
func (b *builder) add(sub *subscription) addOutcome {
	if b.full || !b.canTell() {
		return blocked
	}
	if sub.lane.conflation.Policy == PolicyNone {
		return b.addEvery(sub)
	}
	ring := sub.symbol.ring.Load()
	if ring == nil { // still pending
		return served
	}
	position := ring.Latest(b.words[:])
	if position <= sub.lastPosition { // nothing new; 0 is still pending
		return served
	}
	b.record.Unpack(&b.words)
	if !sub.knows(&b.record) {
		b.tell(sub, missed{feed: b.record.Missing - sub.lastMissing})
	}
	b.append(sub, position, position-sub.lastPosition-1)
	return served
}

// addEvery adds every record from where the subscription stands. A gap is a message of its own and goes before the batch, so a
// subscription that has updates in this batch already waits for the next one.
func (b *builder) addEvery(sub *subscription) addOutcome {
	ring := sub.symbol.ring.Load()
	if ring == nil {
		return served
	}
	updatesBefore := b.updates
	var lost missed
	for position := sub.lastPosition + 1; ; {
		result := ring.Read(position, b.words[:])
		switch result.Status {
		case ringbuf.Empty:
			return served
		case ringbuf.Lapped:
			lost.lapped += result.Missed
			position = result.Oldest
			continue
		}
		b.record.Unpack(&b.words)
		lost.feed = b.record.Missing - sub.lastMissing
		interrupted := lost != (missed{}) || sub.version != b.record.Version
		if b.full || interrupted && b.updates > updatesBefore || !b.canTell() {
			return blocked
		}
		b.tell(sub, lost)
		b.append(sub, position, 0)
		lost = missed{}
		position++
	}
}

// maxTellBytes is more than two gaps and a state take, encoded; each names one symbol and a few numbers.
const maxTellBytes = 512

// canTell reports whether the messages of tell can be handed over, and the batch in the making after them.
func (b *builder) canTell() bool {
	return b.session.bytesInFlight.Load() < maxBytesInFlight-maxTellBytes
}

// missed is what a subscription will not get, by cause.
type missed struct{ feed, lapped uint64 }

// knows reports whether there is nothing to tell before an update, as nearly always.
func (sub *subscription) knows(r *tick.Record) bool {
	return sub.epoch == r.Epoch && sub.version == r.Version && sub.lastMissing == r.Missing && sub.pendingGap == 0 && sub.told == sub.symbol.State()
}

// tell sends what has to be known before the update: gaps, a state, an instrument announced anew.
func (b *builder) tell(sub *subscription, lost missed) {
	r, s := &b.record, b.session
	from := sub.lastSequence + 1
	if sub.epoch == 0 { // the client has never heard of a sequence
		from = 0
	}
	switch {
	case sub.pendingGap != 0:
		b.sendGap(Gap{Symbol: sub.symbol, Reason: sub.pendingGap})
	case sub.epoch != 0 && sub.epoch != r.Epoch:
		b.sendGap(Gap{Symbol: sub.symbol, Reason: GapEpoch})
		sub.snapshot = true
	default: // each cause by itself: what the feed has lost no value can be trusted to hold, what the reader has lost the next update makes good
		if lost.lapped > 0 {
			b.sendGap(Gap{Symbol: sub.symbol, From: from, To: r.Sequence - 1, Missing: lost.lapped, Reason: GapLapped})
		}
		if lost.feed > 0 {
			b.sendGap(Gap{Symbol: sub.symbol, From: from, To: r.Sequence - 1, Missing: lost.feed, Reason: GapFeed})
		}
	}
	sub.pendingGap = 0
	state := sub.symbol.State() // after the record was read, see Table.SetState
	if sub.version != r.Version || sub.told.Market == Pending {
		s.sink.Announce(sub.symbol, r, state)
		b.announced++
		sub.version = r.Version
		sub.numbering.interrupt()
	} else if state.Market != sub.told.Market || state.Market == Stale && state.Since > sub.told.Since {
		s.sink.SendState(sub.symbol, state) // also when it was live for a moment, and this value came then
	}
	sub.told = state
}

func (b *builder) sendGap(g Gap) {
	b.session.sink.SendGap(g)
	b.session.worker.stats.gaps.Add(1)
}

// append adds the update of the record at position and notes what the client has then.
func (b *builder) append(sub *subscription, position, passed uint64) {
	r := &b.record
	if r.Sequence != sub.lastSequence+passed+1 {
		sub.numbering.interrupt()
	}
	changed := sub.kinds.changes()
	if !sub.snapshot {
		changed &= r.ChangedSince(position, sub.lastPosition)
		if changed == 0 && sub.kinds != AllKinds { // only kinds that the client does not want
			sub.skipped = uint32(min(uint64(sub.skipped)+passed+1, math.MaxUint32))
			b.note(sub, position)
			return
		}
	}
	conflated := passed + uint64(sub.skipped)
	u := &b.update
	u.Symbol, u.Record, u.Changed, u.Conflated, u.Snapshot = sub.symbol, r, changed, conflated, sub.snapshot
	u.Sequence = r.Sequence
	if sub.numbering == numberNone && !sub.snapshot && conflated < math.MaxUint32 { // from there on it is not told exactly
		u.Sequence = 0
	}
	if b.session.sink.Append(&b.update) == Full {
		b.full = true
	}
	b.updates++
	b.conflated += conflated
	b.note(sub, position)
	sub.numbering.resume()
	sub.snapshot, sub.everSent, sub.skipped, sub.sentMillis = false, true, 0, b.millis
}

// note moves the subscription to where the client is served up to. Passed-over events of other kinds count as taken: a gap before them has
// been told.
func (b *builder) note(sub *subscription, position uint64) {
	r := &b.record
	sub.lastPosition, sub.lastSequence, sub.lastMissing, sub.epoch = position, r.Sequence, r.Missing, r.Epoch
}
