package scenario

import (
	"strings"
	"testing"
	"time"

	"tickgate/bench/figure"
)

// used returns a result with these shares of the processors.
func used(server, client, bus, feed float64) *figure.Result {
	return &figure.Result{ServerCores: &server, ClientCores: &client, BusCores: &bus, FeedCores: &feed}
}

func notices(notes []figure.Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Notice)
	}
	return strings.Join(all, ", ")
}

func TestBottlenecksAreNamed(t *testing.T) {
	for _, c := range []struct {
		name                      string
		server, client, bus, feed float64
		want                      string
	}{
		{"idle", 0.3, 0.3, 0.1, 0.1, ""},
		{"the server fills what the others leave", 1.2, 0.5, 0.2, 0.05, "machine full"},
		{"the generator uses what is left to it", 0.4, 1.3, 0.1, 0.1, "generator full"},
		{"the generator's share is small, but it is all there is", 0.8, 0.55, 0.4, 0.2, "machine full"},
	} {
		if got := notices(busyNotes(used(c.server, c.client, c.bus, c.feed), 2)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLatenessOfOthersIsNamed(t *testing.T) {
	r := &figure.Result{Latency: &figure.Percentiles{P99: 9_000}, GeneratorLag: &figure.Percentiles{P99: 2_100}, FeedLag: &figure.Percentiles{P99: 90_000}}
	if got := notices(lateNotes(r)); got != "" {
		t.Errorf("a generator that is late by less than a quarter of the latency: %q", got)
	}
	r.Latency.P99, r.FeedLag.P99 = 8_000, 110_000
	if got := notices(lateNotes(r)); got != "generator late, feed late" {
		t.Errorf("late by more: %q", got)
	}
	if got := notices(lateNotes(&figure.Result{GeneratorCollections: 1})); got != "generator collected" {
		t.Errorf("a collection: %q", got)
	}
}

// TestWhatWasNotDeliveredIsNamed: figures per batch of a system that skips batches are not comparable, and the row says so.
func TestWhatWasNotDeliveredIsNamed(t *testing.T) {
	every := func(interval time.Duration) *Load {
		return &Load{Kind: Tickgate, Symbols: "100:SIM{n}", PerStream: 10, Interval: interval, Feed: generated(100, 1_000)}
	}
	recorded, slow := every(time.Second), every(time.Second)
	recorded.Feed, slow.SlowPercent = Feed{"replay", "market.csv"}, 10
	for _, c := range []struct {
		name               string
		load               *Load
		published, batches uint64
		updates            uint64
		want               string
	}{
		{"all batches", every(time.Second), 0, 4_900, 0, ""},
		{"a tenth is missing", every(time.Second), 0, 4_500, 0, "under 95 % of batches"},
		{"of a recording, which may be quiet", recorded, 0, 10, 0, ""},
		{"some are slow", slow, 0, 10, 0, ""},
		{"all events to each tenth stream", every(0), 5_000, 1, 500_000, ""},
		{"half of them", every(0), 5_000, 1, 250_000, "under 95 % of events"},
		{"no events", every(0), 0, 0, 0, ""},
	} {
		r := &figure.Result{Streams: 1_000, Seconds: 5, Published: c.published, Batches: c.batches, Delivered: c.updates}
		if got := notices(c.load.shortfall(r)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
