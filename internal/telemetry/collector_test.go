package telemetry_test

import (
	_ "embed"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tickgate/internal/feed"
	"tickgate/internal/latency"
	"tickgate/internal/playback"
	"tickgate/internal/stream"
	"tickgate/internal/telemetry"
	"tickgate/pkg/subscription"
)

// exposition is what a scrape says of the stages below, to the letter: every family, label and value.
//
//go:embed testdata/exposition.txt
var exposition string

// stages say what they are told to say.
type (
	feedStage      feed.Stats
	hubStage       subscription.Stats
	streamsStage   stream.Stats
	playbacksStage playback.Stats
)

func (s feedStage) Stats() feed.Stats          { return feed.Stats(s) }
func (s hubStage) Stats() subscription.Stats   { return subscription.Stats(s) }
func (s streamsStage) Stats() stream.Stats     { return stream.Stats(s) }
func (s playbacksStage) Stats() playback.Stats { return playback.Stats(s) }

// distinctFeed has another value in every field.
func distinctFeed() feedStage {
	return feedStage{
		Messages: 101, Bytes: 102, Heartbeats: 103, Quotes: 104, Trades: 105, Statuses: 106,
		Dropped: [feed.DropReasons]uint64{111, 112, 113, 114, 115, 116, 117, 118, 119},
		Gaps:    121, Missing: 122, OverLimit: 123, Untold: 124,
		Symbols: 131, Publishers: 132, SilentPublishers: 133,
		BusDropped: 141, Reconnects: 142,
		Connected: true, Age: 1500 * time.Millisecond, Heard: true,
		WarmStart:         feed.WarmStart{Outcome: feed.WarmStartDone, Symbols: 151, Messages: 152, Duration: 153 * time.Second},
		WarmStartFailures: 154,
	}
}

func distinctHub() hubStage {
	return hubStage{Batches: 201, Updates: 202, Conflated: 203, Gaps: 204, BusySkips: 205, Subscriptions: 206, Symbols: 207, Pending: 208}
}

// distinctStreams has the labels that the real service has.
func distinctStreams(t *testing.T) streamsStage {
	t.Helper()
	table, err := subscription.NewTable(subscription.DefaultTableConfig())
	if err != nil {
		t.Fatal(err)
	}
	hub, err := subscription.NewHub(table, subscription.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	service, err := stream.NewServer(hub, stream.DefaultConfig(), nil, latency.NewTotals(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	labels := service.Stats()
	return streamsStage{
		ActiveStreams: 301, BytesSent: 302, SlowConsumers: 303, CommandsDelayed: 304,
		MessagesReceived: numbered(labels.MessagesReceived, 311), StreamsEnded: numbered(labels.StreamsEnded, 331),
	}
}

// numbered gives the labels numbers in the order of the alphabet.
func numbered(labels map[string]uint64, from uint64) map[string]uint64 {
	counts := make(map[string]uint64, len(labels))
	for i, label := range slices.Sorted(maps.Keys(labels)) {
		counts[label] = from + uint64(i)
	}
	return counts
}

// distinctLatency has one value of a millisecond, two of 15 and three of 300.
func distinctLatency() *latency.Totals {
	recorder, totals := latency.NewRecorder(), latency.NewTotals()
	for i, of := range []struct {
		stage latency.Stage
		took  time.Duration
	}{{latency.VenueToGateway, time.Millisecond}, {latency.Gateway, 15 * time.Millisecond}, {latency.EndToEnd, 300 * time.Millisecond}} {
		for range i + 1 {
			recorder.Record(of.stage, of.took.Nanoseconds())
		}
	}
	recorder.MergeInto(totals)
	return totals
}

// TestCollectorShowsEveryCounter: no family, label or value is missing, exchanged with another, or shown that is not expected.
func TestCollectorShowsEveryCounter(t *testing.T) {
	sources := telemetry.Sources{Feed: distinctFeed(), Hub: distinctHub(), Streams: distinctStreams(t), Playbacks: playbacksStage{Active: 401, Opened: 402, Rate: 403}, Latency: distinctLatency()}
	for _, stats := range []any{sources.Feed, sources.Hub, sources.Streams, sources.Playbacks} {
		demandAllSet(t, reflect.ValueOf(stats))
	}
	got := strings.Split(scrape(t, telemetry.NewCollector(sources), ""), "\n")
	want := strings.Split(exposition, "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("not expected: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing:      %s", line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}

// demandAllSet fails if a stage has a field that the test does not know: it is to be shown, and to be added to the test.
func demandAllSet(t *testing.T, stats reflect.Value) {
	t.Helper()
	for i := range stats.NumField() {
		field := stats.Field(i)
		if field.IsZero() || field.Kind() == reflect.Array && field.Index(field.Len()-1).IsZero() {
			t.Errorf("%s.%s has no value in this test", stats.Type(), stats.Type().Field(i).Name)
		}
	}
}

// TestCollectorBeforeTheFeed: an age that nobody knows is not shown as 0, and a lost bus as 0.
func TestCollectorBeforeTheFeed(t *testing.T) {
	body := scrape(t, telemetry.NewCollector(telemetry.Sources{
		Feed: feedStage{Age: time.Hour}, Hub: hubStage{}, Streams: streamsStage{}, Playbacks: playbacksStage{}, Latency: latency.NewTotals(),
	}), "")
	if strings.Contains(body, "tickgate_feed_age_seconds") {
		t.Error("an age of the feed is shown before anything was heard")
	}
	if !strings.Contains(body, "\ntickgate_feed_connected 0\n") {
		t.Error("not connected is not shown")
	}
}
