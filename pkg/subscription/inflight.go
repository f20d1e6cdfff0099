package subscription

import "sync/atomic"

// inFlight counts the messages of a session that are with the transport, and remembers what is to happen when the last has left. One word, so that
// the worker and the transport agree without a lock:
//
//	bits 0-15   messages handed over and not left yet
//	listed      all have left, and the session is on its worker's return stack; only the worker clears it
//	wanted      the worker passed the session over and wants to be told
//
// While the count is not 0 or listed is set the session is busy.
type inFlight struct{ word atomic.Uint32 }

const (
	inFlightCount  = 1<<16 - 1
	inFlightListed = 1 << 16
	inFlightWanted = 1 << 17
)

func (f *inFlight) busy() bool { return f.word.Load()&^inFlightWanted != 0 }

func (f *inFlight) handed() { f.word.Add(1) }

// left takes one message off and says what the caller has to do.
func (f *inFlight) left() leftOutcome {
	for {
		old := f.word.Load()
		word := old - 1
		if word&inFlightCount == 0 {
			word |= inFlightListed
		}
		if !f.word.CompareAndSwap(old, word) {
			continue
		}
		switch {
		case word&inFlightCount != 0:
			return stillInFlight
		case old&inFlightListed != 0:
			return allLeftListed
		}
		return allLeftUnlisted
	}
}

type leftOutcome uint8

const (
	stillInFlight   leftOutcome = iota // nothing to do
	allLeftUnlisted                    // put the session on the return stack, then wake the worker if the session is wanted
	allLeftListed                      // it is there since messages before left, or is being put there; wake the worker if the session is wanted
)

// wanted reports whether the worker waits for the session. A transport asks after it has put the session on the return stack: either it sees that the
// worker wants it, and wakes it, or the worker comes to want it later, sees allLeft, and finds it on the stack.
func (f *inFlight) wanted() bool { return f.word.Load()&inFlightWanted != 0 }

// want asks to be told. With the answer allLeft the worker must look at the return stack again itself: whoever puts the session there may have asked
// wanted before.
func (f *inFlight) want() wantOutcome {
	if f.word.Or(inFlightWanted)&inFlightCount == 0 {
		return allLeft
	}
	return willBeTold
}

type wantOutcome uint8

const (
	willBeTold wantOutcome = iota
	allLeft
)

// accept takes the session off the return stack and reports whether the worker wanted it.
func (f *inFlight) accept() (wanted bool) {
	return f.word.And(^uint32(inFlightListed|inFlightWanted))&inFlightWanted != 0
}

// returnStack holds sessions whose messages have left. Any goroutine pushes, the worker takes all. A session is on it at most once (inFlightListed), so
// its own link is enough, and taking everything at once rules out the ABA problem.
type returnStack struct{ head atomic.Pointer[Session] }

func (r *returnStack) push(s *Session) {
	for {
		head := r.head.Load()
		s.nextReturned = head // owned by the pusher until the CompareAndSwap hands it over
		if r.head.CompareAndSwap(head, s) {
			return
		}
	}
}

func (r *returnStack) takeAll() *Session { return r.head.Swap(nil) }
