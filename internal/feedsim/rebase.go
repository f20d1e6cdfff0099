package feedsim

import (
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// rebase moves what events say of their times to the present, each pass by one constant, also when it is sought in: what is first is now. A pass that follows another begins so much later that no
// symbol's times go back.
type rebase struct {
	clock pace.Clock
	shift tick.Time        // of the pass
	pass  span             // of the times of recording in the pass
	spans map[string]*span // of the events' own times in the pass, by symbol
}

// span is from the earliest to the latest of some times.
type span struct{ first, last tick.Time }

func (s *span) add(t tick.Time) { s.first, s.last = min(s.first, t), max(s.last, t) }

func (s *span) length() tick.Time { return s.last - s.first }

// begin begins a pass whose first event was recorded at a time.
func (r *rebase) begin(at tick.Time) {
	shift := tick.Time(r.clock.Now().UnixNano()) - at
	if r.spans != nil {
		longest := r.pass.length()
		for _, s := range r.spans {
			longest = max(longest, s.length())
		}
		shift = max(shift, r.shift+longest+1)
	}
	r.shift, r.pass, r.spans = shift, span{at, at}, make(map[string]*span)
}

// move moves the time of an event, if it has one.
func (r *rebase) move(item *Item) {
	r.pass.add(item.At)
	at := item.Event.TsEvent
	if at == 0 {
		return
	}
	if s := r.spans[item.Symbol]; s != nil {
		s.add(at)
	} else {
		r.spans[item.Symbol] = &span{at, at}
	}
	item.Event.TsEvent = max(at+r.shift, 0)
}
