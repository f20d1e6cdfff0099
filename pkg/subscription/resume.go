package subscription

import (
	"sort"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// Resume is what a client still holds from an earlier stream.
type Resume struct {
	Epoch        uint64
	LastSequence uint64
}

// resume moves the subscription back to the last update the client has, and reports false if that is not known here: another epoch than that of the newest
// record, a sequence yet to come, or one older than the ring.
func (sub *subscription) resume(resume *Resume, newest uint64) bool {
	ring := sub.symbol.ring.Load()
	var words tick.Words
	var r tick.Record
	// after reports whether the record of position is newer than what the client has. What is overwritten is older.
	after := func(position uint64) bool {
		if ring.Read(position, words[:]).Status != ringbuf.Copied {
			return false
		}
		r.Unpack(&words)
		return r.Epoch > resume.Epoch || r.Epoch == resume.Epoch && r.Sequence > resume.LastSequence
	}
	if resume.Epoch != sub.epoch || resume.LastSequence == 0 { // LastSequence 0: nothing was ever taken
		return false
	}
	known := uint64(sort.Search(int(newest), func(i int) bool { return after(uint64(i) + 1) })) // newest position not after
	if known == 0 || ring.Read(known, words[:]).Status != ringbuf.Copied {
		return false
	}
	r.Unpack(&words)
	if r.Epoch != resume.Epoch || known == newest && r.Sequence != resume.LastSequence {
		return false
	}
	sub.lastPosition, sub.lastSequence = known, resume.LastSequence
	// Events between this record and the client's are missing here, not there.
	sub.lastMissing = r.Missing + resume.LastSequence - r.Sequence
	sub.snapshot = false
	return true
}
