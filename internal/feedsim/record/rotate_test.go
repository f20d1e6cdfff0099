package record_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/record"
	"tickgate/internal/natsd/natstest"
)

// handClock shows what a test sets.
type handClock struct{ now atomic.Int64 }

func (c *handClock) Now() time.Time { return time.Unix(0, c.now.Load()).UTC() }

func (c *handClock) Sleep(context.Context, time.Duration) error { panic("a recorder does not sleep") }

// TestSegmentsRotateByTime: at multiples of the setting, in a market that is quiet as well.
func TestSegmentsRotateByTime(t *testing.T) {
	s, directory, clock := natstest.Start(t, server.Options{}), t.TempDir(), new(handClock)
	at := func(second, millisecond int) {
		clock.now.Store(time.Date(2024, 8, 8, 23, 59, second, millisecond*1_000_000, time.UTC).UnixNano())
	}
	at(7, 500)
	r := start(t, s, directory, func(c *record.Config) {
		c.Format, c.RotateEvery, c.Clock, c.FlushEvery = record.FormatCSV, 10*time.Second, clock, 10*time.Millisecond
	})
	c := natstest.Connect(t, s, bus.Handlers{})
	publishEvents(t, c, "A", event(1))
	await(t, r, 1)
	at(9, 999)
	publishEvents(t, c, "A", event(2))
	await(t, r, 2)
	at(10, 0)
	publishEvents(t, c, "A", event(3))
	await(t, r, 3)
	at(20, 1) // nothing comes
	awaitFiles(t, directory, "trades-20240808T235907.500000000Z.csv", "trades-20240808T235910.000000000Z.csv")
	at(40, 0)
	publishEvents(t, c, "A", event(4))
	await(t, r, 4)
	r.stop()
	r.end(t)
	awaitFiles(t, directory, "trades-20240808T235907.500000000Z.csv", "trades-20240808T235910.000000000Z.csv", "trades-20240808T235940.000000000Z.csv")
	for name, want := range map[string]int{"trades-20240808T235907.500000000Z.csv": 2, "trades-20240808T235910.000000000Z.csv": 1} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if got := strings.Count(string(text), "\n") - 1; err != nil || got != want {
			t.Errorf("%s has %d events, want %d: %v", name, got, want, err)
		}
	}
	if got := rows(t, directory); len(got) != 4 {
		t.Errorf("%d events in all", len(got))
	}
}

// awaitFiles waits until exactly these files of trades are there.
func awaitFiles(t *testing.T, directory string, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var got []string
		names, err := filepath.Glob(filepath.Join(directory, "trades-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			got = append(got, filepath.Base(name))
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("files %q, want %q", got, want)
		}
	}
}
