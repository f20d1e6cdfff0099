package load

import (
	"fmt"
	"time"

	"tickgate/bench/figure"
)

// add waits, no longer than finish does, until all streams that have a symbol hold the same event of it, and the sequences of all symbols add up to what
// was published: they count from 1. It is for feeds that a subscription of the generator's own would disturb.
func (r *run) add(published uint64) figure.Verdict {
	polling := time.NewTicker(finalPolling)
	defer polling.Stop()
	for deadline := time.Now().Add(finalPatience); ; {
		verdict := r.compareSum(published)
		if verdict.Err() == nil || time.Now().After(deadline) || r.ctx.Err() != nil {
			return verdict
		}
		<-polling.C
	}
}

func (r *run) compareSum(published uint64) (v figure.Verdict) {
	newest := make([]held, len(r.plan.Symbols))
	say := func(format string, args ...any) {
		if len(v.First) < firstWrongs {
			v.First = append(v.First, fmt.Sprintf(format, args...))
		}
	}
	for _, s := range r.streams {
		s.shard.mu.Lock()
		if s.ended != nil {
			v.Lost++
			say("%v", s.ended)
		}
		s.agree(newest, &v, say)
		s.shard.mu.Unlock()
	}
	total := uint64(0)
	for i := range newest {
		total += newest[i].sequence
	}
	if total != published {
		v.Wrong++
		say("the last events held add up to %d, and %d were published", total, published)
	}
	return v
}

// agree compares what the stream holds with what others do. The shard is locked.
func (s *Stream) agree(newest []held, v *figure.Verdict, say func(string, ...any)) {
	for slot := range s.held {
		h, first := &s.held[slot], &newest[(s.first+slot)%len(newest)]
		switch {
		case first.sequence == 0:
			*first = *h
		case first.sequence != h.sequence || first.quote != h.quote:
			v.Wrong++
			say("stream %d, %s: holds %d %+v, another %d %+v", s.Number, s.Symbols[slot], h.sequence, h.quote, first.sequence, first.quote)
		}
	}
}
