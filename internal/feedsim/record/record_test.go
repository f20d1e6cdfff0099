package record_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/record"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
	"tickgate/sample"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 60 * time.Second

// market returns the quotes and trades of the sample, or, if they are wanted, of the whole files where TICKGATE_DATA names their folder.
func market(whole bool) []datafile.File {
	if directory := os.Getenv("TICKGATE_DATA"); directory != "" && whole {
		return []datafile.File{
			datafile.Path(filepath.Join(directory, "quotes_binance_multi.csv.gz")),
			datafile.Path(filepath.Join(directory, "trades_binance_multi.csv.gz")),
		}
	}
	return []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}, {Name: sample.TradesName, Open: sample.Trades}}
}

// recording is a recorder that runs.
type recording struct {
	*record.Recorder
	done chan error
	stop context.CancelFunc
}

// start starts a recorder; change may be nil.
func start(t testing.TB, s *server.Server, directory string, change func(*record.Config)) *recording {
	t.Helper()
	config := record.DefaultConfig()
	config.Directory = directory
	config.PendingMessages = 1_000_000
	if change != nil {
		change(&config)
	}
	recorder, err := record.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	r := &recording{Recorder: recorder, done: make(chan error, 1), stop: stop}
	began := make(chan struct{})
	connection := natstest.Connect(t, s, bus.Handlers{})
	go func() { r.done <- recorder.Run(ctx, connection, func() { close(began) }) }()
	select {
	case <-began:
	case err := <-r.done:
		t.Fatal(err)
	}
	return r
}

// end waits for a recorder that has its events.
func (r *recording) end(t testing.TB) {
	t.Helper()
	select {
	case err := <-r.done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatalf("the recorder does not end: %+v", r.Counters())
	}
}

// play publishes a market through a sender as fast as it can, and returns when the server has it.
func play(t testing.TB, connection *nats.Conn, sender publish.Sender, change func(*replay.Config)) feedsim.Progress {
	t.Helper()
	publisher, err := publish.New(publish.DefaultConfig(), sender)
	if err != nil {
		t.Fatal(err)
	}
	config := replay.DefaultConfig()
	config.Speed = pace.Unpaced()
	change(&config)
	r, err := replay.New(config, publisher)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := connection.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	if report := r.Report(); report.Bad != 0 || report.OutOfOrder != 0 {
		t.Fatalf("report %+v", report)
	}
	return r.Progress()
}

// rows returns one line per event of a recording, in order and with everything but when it was received and the publisher's epoch.
func rows(t testing.TB, directory string) []string {
	t.Helper()
	series, err := record.Series(directory)
	if err != nil {
		t.Fatal(err)
	}
	source, err := replay.OpenRecording(series)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}()
	var lines []string
	last := tick.Time(0)
	for {
		item, err := source.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.At <= last {
			t.Fatalf("ts_recv %d after %d", item.At, last)
		}
		last = item.At
		shown := *item
		shown.At, shown.Event.Epoch = 0, 0
		lines = append(lines, item.Event.Kind.String()+" "+string(csvfile.AppendRow(nil, &shown)))
	}
}

func sameRows(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("event %d is\n%swant\n%s", i, got[i], want[i])
		}
	}
}

// await waits until a recorder has so many events.
func await(t testing.TB, r *recording, events uint64) {
	t.Helper()
	for deadline := time.Now().Add(patience); r.Counters().Events < events; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("counters %+v, want %d events", r.Counters(), events)
		}
	}
}

func event(sequence uint64) tick.Event {
	return tick.Event{
		Kind: tick.KindTrade, Epoch: 5, Sequence: sequence, Scales: tick.Scales{Price: 2},
		Trade: tick.Trade{Price: int64(sequence), Size: 1, Aggressor: tick.SideSell},
	}
}

func publishEvents(t testing.TB, c *nats.Conn, symbol string, events ...tick.Event) {
	t.Helper()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := c.Publish(subjects.Event(e.Kind, symbol), bus.AppendEventBatch(nil, "test", []tick.Event{e})); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
}

// TestLossesAreStated: holes in a sequence stand in a file, what is repeated is counted, and neither is in the quotes and trades.
func TestLossesAreStated(t *testing.T) {
	s, directory := natstest.Start(t, server.Options{}), t.TempDir()
	r := start(t, s, directory, func(c *record.Config) { c.Format, c.MaxEvents = record.FormatCSVGzip, 6 })
	c := natstest.Connect(t, s, bus.Handlers{})
	if err := c.Publish("md.trade.A", []byte("no event")); err != nil {
		t.Fatal(err)
	}
	publishEvents(t, c, "A", event(7), event(8), event(8), event(11), event(9), event(12))
	restarted := event(3) // of an epoch that began while recording: its first two are missing
	restarted.Epoch = 6
	publishEvents(t, c, "A", restarted)
	publishEvents(t, c, `B, "x"`, event(1))
	r.end(t)
	want := record.Counters{Events: 6, Gaps: 2, Missing: 4, Repeated: 2, Malformed: 1}
	if got := r.Counters(); got != want {
		t.Errorf("counters %+v, want %+v", got, want)
	}
	names, err := filepath.Glob(filepath.Join(directory, "gaps-*.csv"))
	if err != nil || len(names) != 1 {
		t.Fatalf("gaps files %q, %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3 || lines[0] != "ts_recv,symbol,epoch,from_sequence,to_sequence" || !strings.HasSuffix(lines[1], ",A,5,9,10") || !strings.HasSuffix(lines[2], ",A,6,1,2") {
		t.Errorf("losses\n%s", text)
	}
	recorded := rows(t, directory)
	sequences := make([]string, len(recorded))
	for i, line := range recorded {
		fields := strings.Split(line, ",")
		sequences[i] = strings.Join(fields[2:len(fields)-4], ",")
	}
	if got := strings.Join(sequences, " "); got != `A,7 A,8 A,11 A,12 A,3 "B, ""x""",1` {
		t.Errorf("recorded %s", got)
	}
}

// TestSegmentsRotate by size: each is whole, and together they are the recording.
func TestSegmentsRotate(t *testing.T) {
	const events = 10_000
	s, directory := natstest.Start(t, server.Options{}), t.TempDir()
	r := start(t, s, directory, func(c *record.Config) {
		c.Format, c.MaxEvents, c.RotateBytes = record.FormatParquet, events, 128<<10
	})
	c := natstest.Connect(t, s, bus.Handlers{})
	for i := range uint64(events) {
		publishEvents(t, c, "A", event(i+1))
	}
	r.end(t)
	names, err := filepath.Glob(filepath.Join(directory, "trades-*"))
	if err != nil || len(names) < 3 {
		t.Fatalf("files %q, %v, want several", names, err)
	}
	for _, name := range names {
		if filepath.Ext(name) != ".parquet" {
			t.Errorf("%s is left", name)
		}
	}
	if got := rows(t, directory); len(got) != events {
		t.Errorf("%d events, want %d", len(got), events)
	}
}

// TestTornTailIsCut: a part that a kill left is completed by the next recorder, without the line that is torn, in whatever state the kill left it.
func TestTornTailIsCut(t *testing.T) {
	whole := csvfile.AppendHeader(nil, tick.KindTrade)
	for i := range 3 {
		e := event(uint64(i + 1))
		whole = csvfile.AppendRow(whole, &feedsim.Item{Symbol: "A", At: tick.Time(i + 1), Event: e})
	}
	const part = "trades-20240808T235700.000000000Z.csv.part"
	for name, c := range map[string]struct {
		content string
		want    int // events
	}{
		"torn in a line":       {string(whole) + "5,6,A,4,0.", 3},
		"whole":                {string(whole), 3},
		"torn by a long tail":  {string(whole) + strings.Repeat("x", 200_000), 3},
		"torn in the header":   {"ts_event,ts_re", 0},
		"empty":                {"", 0},
		"torn behind a header": {string(csvfile.AppendHeader(nil, tick.KindTrade)) + "1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, directory := natstest.Start(t, server.Options{}), t.TempDir()
			for file, content := range map[string]string{part: c.content, "quotes-20240808T235700.000000000Z.parquet.tmp": "half"} {
				if err := os.WriteFile(filepath.Join(directory, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := start(t, s, directory, func(c *record.Config) { c.MaxEvents = 1 })
			publishEvents(t, natstest.Connect(t, s, bus.Handlers{}), "A", event(4))
			r.end(t)
			if got := rows(t, directory); len(got) != c.want+1 {
				t.Errorf("%d events, want %d and the new one:\n%s", len(got), c.want, strings.Join(got, ""))
			}
			left, err := filepath.Glob(filepath.Join(directory, "*.*.*"))
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(left, func(name string) bool { return strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") }) {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestCrashBetweenRenameAndRemove: the file is there, so the part is not made into it again.
func TestCrashBetweenRenameAndRemove(t *testing.T) {
	s, directory := natstest.Start(t, server.Options{}), t.TempDir()
	r := start(t, s, directory, func(c *record.Config) { c.MaxEvents = 1 })
	publishEvents(t, natstest.Connect(t, s, bus.Handlers{}), "A", event(1))
	r.end(t)
	names, err := filepath.Glob(filepath.Join(directory, "trades-*.parquet"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files %q, %v", names, err)
	}
	before, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	part := strings.TrimSuffix(names[0], ".parquet") + ".csv.part"
	if err := os.WriteFile(part, csvfile.AppendHeader(nil, tick.KindTrade), 0o600); err != nil {
		t.Fatal(err)
	}
	r = start(t, s, directory, func(c *record.Config) { c.MaxEvents = 1 })
	publishEvents(t, natstest.Connect(t, s, bus.Handlers{}), "A", event(2))
	r.end(t)
	after, err := os.ReadFile(names[0])
	if err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file changed, or cannot be read: %v", err)
	}
	if _, err := os.Stat(part); err == nil {
		t.Error("the part is left")
	}
}

func TestOneRecorderPerDirectory(t *testing.T) {
	s, directory := natstest.Start(t, server.Options{}), t.TempDir()
	r := start(t, s, directory, nil)
	config := record.DefaultConfig()
	config.Directory = directory
	second, err := record.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context(), natstest.Connect(t, s, bus.Handlers{}), nil); err == nil || !strings.Contains(err.Error(), "another recorder") {
		t.Errorf("the second recorder: %v", err)
	}
	r.stop()
	r.end(t)
}

func TestConfigNamesTheSetting(t *testing.T) {
	for setting, change := range map[string]func(*record.Config){
		"directory":        func(c *record.Config) { c.Directory = "" },
		"format":           func(c *record.Config) { c.Format = 9 },
		"rotate-every":     func(c *record.Config) { c.RotateEvery = time.Millisecond },
		"rotate-bytes":     func(c *record.Config) { c.RotateBytes = 1 },
		"flush-every":      func(c *record.Config) { c.FlushEvery = 0 },
		"pending-messages": func(c *record.Config) { c.PendingMessages = 0 },
		"subject-prefix":   func(c *record.Config) { c.Prefix = "" },
		"Log":              func(c *record.Config) { c.Log = nil },
	} {
		config := record.DefaultConfig()
		config.Directory = "x"
		change(&config)
		if _, err := record.New(config); !errors.Is(err, record.ErrConfig) || !strings.Contains(err.Error(), setting) {
			t.Errorf("New with a bad %s: %v", setting, err)
		}
	}
}
