package scenario

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Bounds of settling: a window is to begin when the feed keeps to its schedule again, which opening many streams has disturbed. A load under which it never
// does is measured all the same, and says so.
const (
	settledLag   = 50 * time.Millisecond // at the 99th percentile, at the bus
	settledTwice = 2                     // looks in a row
	settleLook   = 500 * time.Millisecond
	settleMost   = 3 * time.Second // beyond the load's own time
)

// lateEvents is how far the feed may be past the place at which a window begins: less than a second of the recorded market.
const lateEvents = 50

// settle waits until the window may begin. Late is how many events of the first symbol the feed is past the step's place; 0: not worth mentioning.
func (rig *rig) settle(ctx context.Context, step Step) (late uint64, err error) {
	if step.From > 0 {
		return rig.awaitPlace(ctx, step.From)
	}
	if err := wait(ctx, rig.load.Settle); err != nil || rig.feed == nil {
		return 0, err
	}
	steady := 0
	for deadline := time.Now().Add(settleMost); ; {
		lag, err := rig.feedLag(ctx)
		if err != nil {
			return 0, err
		}
		if lag > settledLag {
			steady = 0
		} else {
			steady++
		}
		if steady == settledTwice || time.Now().After(deadline) {
			return 0, nil
		}
		if err := wait(ctx, settleLook); err != nil {
			return 0, err
		}
	}
}

// feedLag returns how late the feed's events were since the last call, as seen by the load generator that saw them latest.
func (rig *rig) feedLag(ctx context.Context) (worst time.Duration, err error) {
	answers, err := rig.ask(ctx, "lag", answerLag)
	if err != nil {
		return 0, err
	}
	for _, text := range answers {
		if text == "null" { // no event came
			return settleMost, nil
		}
		micros, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("scenario: the load generator's lag: %w", err)
		}
		worst = max(worst, time.Duration(micros)*time.Microsecond)
	}
	return worst, nil
}

func (rig *rig) awaitPlace(ctx context.Context, from uint64) (late uint64, err error) {
	answers, err := rig.ask(ctx, fmt.Sprintf("await %d", from), answerNumber)
	if err != nil {
		return 0, err
	}
	reached, err := strconv.ParseUint(answers[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("scenario: the load generator's place: %w", err)
	}
	if late = reached - from; late <= lateEvents {
		return 0, nil
	}
	return late, nil
}
