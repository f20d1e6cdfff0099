package replay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
)

const (
	quotesHeader = "recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id\n"
	tradesHeader = "recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type\n"
)

// arrivals is a bus that notes subjects and times.
type arrivals struct {
	began time.Time
	got   []string
}

func (a *arrivals) Publish(subject string, _ []byte) error {
	if !strings.HasPrefix(subject, "md.heartbeat.") {
		a.got = append(a.got, fmt.Sprint(time.Since(a.began).Milliseconds(), " ", subject))
	}
	return nil
}

func newReplay(t *testing.T, a *arrivals, change func(*replay.Config), files ...datafile.File) *replay.Replay {
	t.Helper()
	a.began = time.Now()
	publisher, err := publish.New(publish.DefaultConfig(), a)
	if err != nil {
		t.Fatal(err)
	}
	config := replay.DefaultConfig()
	config.Files = files
	if change != nil {
		change(&config)
	}
	r, err := replay.New(config, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFilesAreMergedByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a arrivals
		r := newReplay(t, &a, nil,
			gzipped(t, "q1", quotesHeader+"1000000000,,V,A,1,1,2,1,1\n1002000000,,V,A,1,1,2,1,1\n1002000000,,V,A,1,1,2,1,1\n1009000000,,V,A,1,1,2,1,1\n"),
			gzipped(t, "t", tradesHeader+"1002000000,,V,A,1,1,1,,\n1001000000,,V,B,1,1,1,,\n1005000000,,V,A,1,1,1,,\n"),
			gzipped(t, "nothing", tradesHeader),
			gzipped(t, "q2", quotesHeader+"1001000000,,W,A,1,1,2,1,1\n1010000000,,W,A,1,1,2,1,1\n"),
		)
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"0 md.quote.A%2EV", "1 md.quote.A%2EW", "2 md.quote.A%2EV", "2 md.quote.A%2EV", "2 md.trade.A%2EV", "2 md.trade.B%2EV",
			"5 md.trade.A%2EV", "9 md.quote.A%2EV", "10 md.quote.A%2EW",
		}
		if !slices.Equal(a.got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(a.got, "\n"), strings.Join(want, "\n"))
		}
		if report := r.Report(); report.Rows != 9 || report.OutOfOrder != 1 {
			t.Errorf("report %+v", report)
		}
	})
}

func TestLoopUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a arrivals
		r := newReplay(t, &a, func(c *replay.Config) { c.Passes, c.Speed = 0, 2 },
			gzipped(t, "t", tradesHeader+"1000000000,,V,A,1,1,1,,\n1200000000,,V,A,1,1,1,,\n"))
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if p := r.Progress(); p.Passes != 10 || p.Published != 21 {
			t.Errorf("progress %+v, want 10 passes of 100 ms and one event more", p)
		}
	})
}

// TestWrongFileIsToldBeforeAnythingIsPublished: all files are opened first.
func TestWrongFileIsToldBeforeAnythingIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a arrivals
		r := newReplay(t, &a, nil, gzipped(t, "good", tradesHeader+"1,,V,A,1,1,1,,\n"), gzipped(t, "wrong", "a,b\n1,2\n"))
		err := r.Run(t.Context())
		if !errors.Is(err, datafile.ErrFile) || !strings.Contains(err.Error(), "wrong") || len(a.got) != 0 {
			t.Errorf("error %v after %d events", err, len(a.got))
		}
	})
}

func TestConfigNamesTheSetting(t *testing.T) {
	for setting, change := range map[string]func(*replay.Config){
		"files":   func(c *replay.Config) { c.Files = nil },
		"layouts": func(c *replay.Config) { c.Layouts = nil },
		"symbol":  func(c *replay.Config) { c.Symbol = "{" },
		"symbols": func(c *replay.Config) { c.Selection.Symbols = []string{"["} },
		"venues":  func(c *replay.Config) { c.Selection.Venues = []string{""} },
		"from":    func(c *replay.Config) { c.Selection.From, c.Selection.To = moment(t, "10:30"), moment(t, "10:30") },
		"to":      func(c *replay.Config) { c.Selection.From, c.Selection.To = replay.At(2), replay.At(1) },
		"Log":     func(c *replay.Config) { c.Log = nil },
	} {
		config := replay.DefaultConfig()
		config.Files = []datafile.File{datafile.Path("x")}
		change(&config)
		if _, err := replay.New(config, nil); !errors.Is(err, replay.ErrConfig) || !strings.Contains(err.Error(), setting) {
			t.Errorf("New with a bad %s: %v", setting, err)
		}
	}
}
