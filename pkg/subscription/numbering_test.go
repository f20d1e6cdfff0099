package subscription

import (
	"math"
	"testing"
	"unsafe"
)

// TestSubscriptionsStaySmall: there are half a million of them, and the next size of memory is a fifth more.
func TestSubscriptionsStaySmall(t *testing.T) {
	const most = 80
	if size := unsafe.Sizeof(subscription{}); size > most {
		t.Errorf("a subscription takes %d bytes, at most %d", size, most)
	}
}

// TestSequenceIsGivenWhereTheCountIsNotExact: a field of 32 bits has to hold it.
func TestSequenceIsGivenWhereTheCountIsNotExact(t *testing.T) {
	session, subs := tenSymbols(t)
	sink := &lastSequence{}
	session.sink = sink
	sub := subs[0]
	for _, tt := range []struct {
		skipped uint32
		given   bool
	}{{0, false}, {math.MaxUint32 - 1, false}, {math.MaxUint32, true}} {
		sub.numbering, sub.skipped = numberNone, tt.skipped
		rewind(session, subs[:1])
		session.sendReady()
		if given := sink.sequence != 0; given != tt.given {
			t.Errorf("after %d events were skipped the sequence is given: %v, want %v", tt.skipped, given, tt.given)
		}
	}
}

type lastSequence struct {
	wireSink
	sequence uint64
}

func (k *lastSequence) Append(u *Update) Room {
	k.sequence = u.Sequence
	return k.wireSink.Append(u)
}
