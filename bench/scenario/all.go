package scenario

import (
	"math/rand/v2"
	"time"
)

// All returns the eight scenarios. Files that they need are written into folder.
func All(folder string) ([]Scenario, error) {
	const medium, short = 4 * time.Second, 2500 * time.Millisecond // together with what starting takes, three repeats fit into 40 minutes
	market, err := realMarket(folder, []int{1, 4, 16}, []marketStep{{1, fewWindow}, {10, fewWindow}, {100, manyWindow}, {500, manyWindow}})
	if err != nil {
		return nil, err
	}
	return []Scenario{
		fiftyThousand(medium), oneStream(3500 * time.Millisecond), lowLatency(short), ingestion(short), slowConsumers(medium), market, tutorial(medium), hotSymbol(medium),
	}, nil
}

// Windows of the market. Promises are about 100 subscribers and more: 8 s of the market at its own speed, 16 s of it at four times that, and all of the minute at 16
// times. With fewer, less of the same places must do, so that all fits into the time allowed.
func manyWindow(speed int) time.Duration {
	if speed == 1 {
		return 8 * time.Second
	}
	return 4 * time.Second
}

func fewWindow(speed int) time.Duration {
	if speed == 1 {
		return 2 * time.Second
	}
	return 1500 * time.Millisecond
}

// Quick returns a few cases that run once: is it still as it was?
func Quick(folder string) ([]Scenario, error) {
	const window = 4 * time.Second
	market, err := realMarket(folder, []int{4}, []marketStep{{100, func(int) time.Duration { return window }}})
	if err != nil {
		return nil, err
	}
	many := fiftyThousand(window)
	many.Jobs = nil
	for _, kind := range []Kind{Tickgate, Naive} {
		many.Jobs = append(many.Jobs, manyStreams(many.Name, kind, quickStreams, window))
	}
	many.Checks = noChecks
	low := lowLatency(window)
	for i, job := range low.Jobs {
		l := job.(*knee).Load
		l.Case, l.Feed = rateCase(firstRate), generated(100, firstRate)
		low.Jobs[i] = &l
	}
	low.Checks = noChecks
	market.Checks = noChecks
	return []Scenario{many, low, market}, nil
}

// quickStreams is fewer than the full run has, so that all is open within seconds.
const quickStreams = 10_000

// Shuffled returns the jobs in another order. Floors come last: they write what the gateway was seen to write.
func Shuffled(jobs []Job, order *rand.Rand) []Job {
	var first, floors []Job
	for _, job := range jobs {
		if l, ok := job.(*Load); ok && l.Kind == Floor {
			floors = append(floors, job)
			continue
		}
		first = append(first, job)
	}
	for _, part := range [][]Job{first, floors} {
		order.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	return append(first, floors...)
}
