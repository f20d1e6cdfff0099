package scenario

import (
	"math/rand/v2"
	"time"
)

// All returns the eight scenarios. Files that they need are written into folder.
func All(folder string) ([]Scenario, error) {
	const window, short = 5 * time.Second, 3 * time.Second // together with what starting takes, three repeats fit into 40 minutes
	market, err := realMarket(folder, []int{1, 4, 16}, []int{1, 10, 100, 500}, 2*time.Second)
	if err != nil {
		return nil, err
	}
	return []Scenario{
		fiftyThousand(window), oneStream(window), lowLatency(short), ingestion(window), slowConsumers(window), market, tutorial(window), hotSymbol(window),
	}, nil
}

// Quick returns a few cases that run once: is it still as it was?
func Quick(folder string) ([]Scenario, error) {
	const window = 4 * time.Second
	market, err := realMarket(folder, []int{4}, []int{100}, window)
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
