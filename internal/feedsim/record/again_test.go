package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/record"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/natsd/natstest"
)

// lossy is a way to the bus on which messages are lost; only their numbers tell. The first of each subject arrive.
type lossy struct {
	*nats.Conn
	sent map[string]int // by subject
	lost atomic.Uint64
}

const (
	firstKept = 10
	lossEvery = 37
)

// Publish belongs to the publishing goroutine, but for heartbeats.
func (l *lossy) Publish(subject string, data []byte) error {
	if strings.HasPrefix(subject, "md.heartbeat.") {
		return l.Conn.Publish(subject, data)
	}
	l.sent[subject]++
	if n := l.sent[subject]; n > firstKept && (n%lossEvery == 0 || n%(lossEvery*5) == 1) { // some of two in a row
		l.lost.Add(1)
		return nil
	}
	return l.Conn.Publish(subject, data)
}

// TestRecordReplayRecord: a real market that is recorded, replayed and recorded again is the same, digit for digit, number for number and in the same order, and misses the same.
func TestRecordReplayRecord(t *testing.T) {
	for name, c := range map[string]struct {
		format       record.Format
		loses, whole bool
	}{
		"csv with losses":     {format: record.FormatCSV, loses: true},
		"csv.gz with losses":  {format: record.FormatCSVGzip, loses: true},
		"parquet with losses": {format: record.FormatParquet, loses: true, whole: !raceDetector},
		"parquet":             {format: record.FormatParquet},
	} {
		t.Run(name, func(t *testing.T) {
			s, first, second := natstest.Start(t, server.Options{}), t.TempDir(), t.TempDir()
			connection := natstest.Connect(t, s, bus.Handlers{})
			way := &lossy{Conn: connection, sent: make(map[string]int)}
			sender := publish.Sender(connection)
			if c.loses {
				sender = way
			}
			r := start(t, s, first, func(config *record.Config) { config.Format = c.format })
			published := play(t, connection, sender, func(config *replay.Config) { config.Files = market(c.whole) }).Published
			want := stop(t, r, published-way.lost.Load())
			if lost := way.lost.Load(); (want.Missing > 0) != c.loses || want.Missing > lost || want.Repeated+want.Malformed+want.Dropped > 0 {
				t.Errorf("counters %+v of %d events of which %d were lost", want, published, lost)
			}

			r = start(t, s, second, func(config *record.Config) { config.Format = c.format })
			played := play(t, connection, connection, func(c *replay.Config) {
				var err error
				if c.Series, err = record.Series(first); err != nil {
					t.Fatal(err)
				}
			})
			if got := stop(t, r, played.Published); got != want {
				t.Errorf("counters %+v, want %+v", got, want)
			}
			sameRows(t, rows(t, second), rows(t, first))
			sameRows(t, gaps(t, second), gaps(t, first))
		})
	}
}

// stop stops a recorder when it has so many events, and returns what it counted.
func stop(t *testing.T, r *recording, events uint64) record.Counters {
	t.Helper()
	await(t, r, events)
	r.stop()
	r.end(t)
	return r.Counters()
}

// gaps returns what a recording says is missing: symbol and sequences.
func gaps(t *testing.T, directory string) (lines []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(directory, "gaps-*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			fields := strings.Split(line, ",")
			lines = append(lines, strings.Join([]string{fields[1], fields[3], fields[4]}, " "))
		}
	}
	return lines
}
