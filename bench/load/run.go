package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tickgate/bench/figure"
)

// run is one generator at work.
type run struct {
	// Immutable after newRun.
	ctx         context.Context
	plan        *Plan
	driver      Driver
	dialer      *Dialer
	truth       *truth
	instruments *instruments
	shards      [shardCount]shard
	punctuality punctuality
	garbage     garbage

	readyStreams atomic.Int64
	readySignal  chan struct{} // of one; ready sends, open receives

	// Owned by the goroutine that takes commands.
	streams []*Stream
	read    uint64 // of the dialer, at the beginning of the window
	begun   time.Time
}

func newRun(ctx context.Context, plan *Plan, driver Driver, dialer *Dialer) (*run, error) {
	truth, err := listen(plan)
	if err != nil {
		return nil, err
	}
	return &run{
		ctx: ctx, plan: plan, driver: driver, dialer: dialer, truth: truth,
		instruments: newInstruments(plan.Symbols), readySignal: make(chan struct{}, 1),
	}, nil
}

// Bounds of a run: past them something is wrong, and the run says so.
const (
	openAtOnce    = 64 // streams that are being opened at the same time
	openPatience  = 90 * time.Second
	finalPatience = 8 * time.Second
	finalQuiet    = 5 * time.Second // nothing has come for so long, so nothing will
	longestAnswer = 2 * time.Second
	finalPolling  = 50 * time.Millisecond // comparing every stream with the feed: after the measured window, so its cost does not matter
	firstWrongs   = 5
	awaitPolling  = 2 * time.Millisecond
)

// newStream returns stream number n of this generator.
func (r *run) newStream(n int) *Stream {
	number := r.plan.First + n
	s := &Stream{
		Number: number, Connection: n % r.plan.Connections, Plan: r.plan, first: r.plan.symbolsOf(number),
		run: r, shard: &r.shards[n%shardCount], hung: r.plan.isHung(number), slow: r.plan.isSlow(number),
		held: make([]held, r.plan.PerStream), waiting: r.plan.PerStream,
	}
	for slot := range r.plan.PerStream {
		s.Symbols = append(s.Symbols, r.plan.Symbols[(s.first+slot)%len(r.plan.Symbols)])
	}
	return s
}

// ready is called once per stream, when it has a value of each of its symbols. A shard is locked.
func (r *run) ready() {
	r.readyStreams.Add(1)
	select {
	case r.readySignal <- struct{}{}:
	default:
	}
}

// open opens streams until there are so many, and waits until all are ready.
func (r *run) open(total int) error {
	if total > r.plan.Streams {
		return fmt.Errorf("load: %d streams, and the plan is for %d at most", total, r.plan.Streams)
	}
	if err := r.awaitMarket(); err != nil {
		return err
	}
	from := len(r.streams)
	for n := from; n < total; n++ {
		r.streams = append(r.streams, r.newStream(n))
	}
	if err := r.openAll(r.streams[from:]); err != nil {
		return err
	}
	if err := r.awaitReady(total); err != nil {
		return err
	}
	r.garbage.hold() // before everything settles, which it disturbs
	return nil
}

// awaitMarket waits until the feed has sent every symbol: streams are to meet a market that is under way, not one that begins.
func (r *run) awaitMarket() error {
	if r.plan.NATS == "" {
		return nil
	}
	polling := time.NewTicker(finalPolling)
	defer polling.Stop()
	for deadline := time.Now().Add(openPatience); ; {
		seen := r.truth.seen()
		switch {
		case seen == len(r.plan.Symbols):
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("load: the feed has sent %d of %d symbols after %s", seen, len(r.plan.Symbols), openPatience)
		}
		select {
		case <-polling.C:
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}

func (r *run) openAll(streams []*Stream) error {
	queue := make(chan *Stream)
	errs := make(chan error, openAtOnce)
	var openers sync.WaitGroup
	for range openAtOnce {
		openers.Go(func() {
			for s := range queue {
				if err := r.driver.Open(r.ctx, s); err != nil {
					select {
					case errs <- fmt.Errorf("stream %d: %w", s.Number, err):
					default: // enough of them
					}
				}
			}
		})
	}
	for _, s := range streams {
		queue <- s
	}
	close(queue)
	openers.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (r *run) awaitReady(total int) error {
	timeout := time.NewTimer(openPatience)
	defer timeout.Stop()
	for int(r.readyStreams.Load()) < total {
		select {
		case <-r.readySignal:
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-timeout.C:
			return fmt.Errorf("load: %d of %d streams had a value of each symbol after %s; %s", r.readyStreams.Load(), total, openPatience, r.firstEnded())
		}
	}
	return nil
}

func (r *run) firstEnded() string {
	for _, s := range r.streams {
		s.shard.mu.Lock()
		err := s.ended
		s.shard.mu.Unlock()
		if err != nil {
			return err.Error()
		}
	}
	return "none has ended"
}

// await waits until the feed has sent an event of the first symbol, and returns the sequence that it has come to by then.
func (r *run) await(sequence uint64) (reached uint64, err error) {
	polling := time.NewTicker(awaitPolling)
	defer polling.Stop()
	for deadline := time.Now().Add(openPatience); ; {
		if reached, _ = r.truth.symbols[0].newest(); reached >= sequence {
			return reached, nil
		}
		if time.Now().After(deadline) {
			return reached, fmt.Errorf("load: %s is at %d after %s, and %d was to come", r.plan.Symbols[0], reached, openPatience, sequence)
		}
		select {
		case <-polling.C:
		case <-r.ctx.Done():
			return reached, r.ctx.Err()
		}
	}
}

// begin starts a measured window.
func (r *run) begin() {
	for _, s := range r.streams { // takes a while with many of them, so it is done before the window
		s.shard.mu.Lock()
		s.sent = s.sent[:0]
		s.shard.mu.Unlock()
	}
	r.garbage.begin()
	r.begun = time.Now()
	r.truth.begin()
	r.punctuality.begin()
	r.read = r.dialer.read.Load()
	for i := range r.shards {
		r.shards[i].begin(r.begun.UnixNano())
	}
}

// end ends the window and returns what was seen in it, once what was due in it has had time to come. All counts stop before anything is summed up, which takes
// a while with many streams.
func (r *run) end() figure.Window {
	var total figure.Window
	ended := time.Now()
	r.truth.end(&total)
	r.punctuality.end(&total)
	total.WireBytes = r.dialer.read.Load() - r.read
	for i := range r.shards {
		r.shards[i].end(ended.UnixNano())
	}
	total.Collections = r.garbage.since()
	r.garbage.release()
	r.endStreams(ended.UnixNano(), &total)
	if r.plan.Spread {
		for i := range r.truth.symbols {
			r.truth.symbols[i].recordSpread(&total.Spread, len(r.streams))
		}
	}
	if r.plan.Delay {
		r.awaitAnswers()
		r.endDelays(ended.UnixNano())
	}
	for i := range r.shards {
		shard := &r.shards[i]
		shard.mu.Lock()
		total.Merge(&shard.window)
		shard.window, shard.phase = figure.Window{}, idle
		shard.mu.Unlock()
	}
	total.Seconds = ended.Sub(r.begun).Seconds()
	total.Streams, total.Connections = len(r.streams), min(len(r.streams), r.plan.Connections)
	return total
}

// endStreams records what each stream knows only at the end of the window.
func (r *run) endStreams(ended int64, total *figure.Window) {
	for _, s := range r.streams {
		s.shard.mu.Lock()
		switch {
		case s.cut:
			total.Cut++
		case s.hung || s.slow || r.plan.NATS == "":
		default:
			s.endEvents(ended)
		}
		s.shard.mu.Unlock()
	}
}

// endEvents records what the stream holds, and has not received, at the window's end. The shard is locked.
func (s *Stream) endEvents(ended int64) {
	if s.Plan.Staleness {
		s.endStaleness(ended)
	}
	if !s.Plan.Delay {
		for slot := range s.held {
			s.symbol(slot).recordOwed(&s.shard.window.Latency, s.held[slot].sequence, s.Plan.Follow, ended)
		}
	}
}

// awaitAnswers waits for batches that were due in the window: one interval, within which a server that keeps its times has sent them all.
func (r *run) awaitAnswers() {
	timer := time.NewTimer(min(r.plan.Interval, longestAnswer))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// endDelays records how late the batches of the window were.
func (r *run) endDelays(ended int64) {
	seen := time.Now().UnixNano()
	for _, s := range r.streams {
		if s.hung || s.slow || r.plan.NATS == "" { // without a feed, messages say when they were due
			continue
		}
		s.shard.mu.Lock()
		recordDelays(&s.shard.window.Delay, s.sent, int64(r.plan.Interval), s.shard.begun, ended, seen)
		s.shard.mu.Unlock()
	}
}

// endStaleness samples what the stream holds at the window's end. The shard is locked.
func (s *Stream) endStaleness(ended int64) {
	for slot := range s.held {
		newer, known := s.symbol(slot).timeOf(s.held[slot].sequence + 1)
		if !known {
			newer = ended + 1 // nothing newer: fresh
		}
		s.shard.sampleStaleness(s.held[slot].since, ended, newer)
	}
}

// finish is asked for once the feed has ended and NATS has all of it. It waits until the generator has all of it as well, then until every stream
// has the last values, but no longer than patience allows or something still comes, and says which have not.
func (r *run) finish() (figure.Verdict, error) {
	if err := r.truth.settle(r.ctx); err != nil {
		return figure.Verdict{}, err
	}
	polling := time.NewTicker(finalPolling)
	defer polling.Stop()
	deadline, quietSince, before := time.Now().Add(finalPatience), time.Now(), uint64(0)
	for {
		verdict, held := r.compare()
		if held != before {
			quietSince, before = time.Now(), held
		}
		if verdict.Wrong == 0 || time.Now().After(deadline) || time.Since(quietSince) > finalQuiet || r.ctx.Err() != nil {
			return verdict, nil
		}
		<-polling.C
	}
}

// compare returns what is not as it should be, and the sum of all sequences that are held, which tells whether anything has come since.
func (r *run) compare() (v figure.Verdict, held uint64) {
	say := func(format string, args ...any) {
		if len(v.First) < firstWrongs {
			v.First = append(v.First, fmt.Sprintf(format, args...))
		}
	}
	r.truth.mu.Lock()
	if r.truth.err != nil {
		v.Lost++
		say("%v", r.truth.err)
	}
	r.truth.mu.Unlock()
	for _, s := range r.streams {
		s.shard.mu.Lock()
		if s.ended != nil {
			v.Lost++
			say("%v", s.ended)
		} else if r.plan.NATS != "" && !s.hung && !s.slow {
			s.compare(&v, say)
		}
		for slot := range s.held {
			held += s.held[slot].sequence
		}
		s.shard.mu.Unlock()
	}
	return v, held
}

// compare counts those of the stream's values that are not the feed's last. The shard is locked.
func (s *Stream) compare(v *figure.Verdict, say func(string, ...any)) {
	for slot := range s.held {
		sequence, value := s.symbol(slot).newest()
		h := &s.held[slot]
		if h.sequence == sequence && h.quote == value {
			continue
		}
		v.Wrong++
		if h.stale {
			v.Stale++
		}
		say("stream %d, %s: holds %d %+v, the feed's last is %d %+v", s.Number, s.Symbols[slot], h.sequence, h.quote, sequence, value)
	}
}
