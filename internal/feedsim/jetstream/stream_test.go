package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/jetstream"
	"tickgate/internal/natsd/natstest"
	"tickgate/pkg/tick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// venue is a NATS with a stream, and what publishes into it.
type venue struct {
	t      *testing.T
	server *server.Server
	js     natsjs.JetStream
	stream natsjs.Stream
}

// newVenue makes the stream S of the given subjects.
func newVenue(t *testing.T, subjects ...string) *venue {
	t.Helper()
	v := &venue{t: t, server: natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir()})}
	var err error
	if v.js, err = natsjs.New(natstest.Connect(t, v.server, bus.Handlers{})); err != nil {
		t.Fatal(err)
	}
	if v.stream, err = v.js.CreateStream(t.Context(), natsjs.StreamConfig{Name: "S", Subjects: subjects, Storage: natsjs.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	return v
}

// publish stores a message of one trade of a symbol for each sequence.
func (v *venue) publish(symbol string, sequences ...uint64) {
	v.t.Helper()
	for _, sequence := range sequences {
		e := tick.Event{Kind: tick.KindTrade, Epoch: 5, Sequence: sequence, TsEvent: tick.Time(sequence), Scales: tick.Scales{Price: 2}, Trade: tick.Trade{Price: int64(sequence), Size: 1}}
		v.send("md.trade."+tick.Token(symbol), bus.AppendEventBatch(nil, "test", []tick.Event{e}))
	}
}

func (v *venue) send(subject string, payload []byte) {
	v.t.Helper()
	if _, err := v.js.Publish(v.t.Context(), subject, payload); err != nil {
		v.t.Fatal(err)
	}
}

func (v *venue) config() jetstream.Config {
	return jetstream.Config{Connection: bus.Connection{URL: v.server.ClientURL()}, Prefix: "md", Stream: "S", Log: slog.New(slog.DiscardHandler)}
}

func (v *venue) open(change func(*jetstream.Config)) *jetstream.Stream {
	v.t.Helper()
	config := v.config()
	if change != nil {
		change(&config)
	}
	stream, err := jetstream.Open(v.t.Context(), config)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(stream.Close)
	return stream
}

// read returns "symbol sequence" of each event, and closes the reader.
func read(t *testing.T, stream *jetstream.Stream, from tick.Time) (events []string, report datafile.Report) {
	t.Helper()
	reader := stream.Events(from, &report, slog.New(slog.DiscardHandler))
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	last := tick.Time(0)
	for {
		item, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return events, report
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := &item.Event; item.At < last || e.Epoch != 5 || e.TsEvent != tick.Time(e.Sequence) || e.Trade.Price != int64(e.Sequence) || e.Scales.Price != 2 {
			t.Fatalf("after %d: %+v", last, item)
		}
		last = item.At
		events = append(events, fmt.Sprint(item.Symbol, " ", item.Event.Sequence))
	}
}

// TestReadsToWhereItEnded when it was opened, from the beginning, a sequence or a time on, as often as it is asked; and nothing is left at the server.
func TestReadsToWhereItEnded(t *testing.T) {
	v := newVenue(t, "md.>")
	v.send("md.heartbeat.test", nil)
	v.publish("A", 1, 2)
	v.publish("B/C", 1)
	v.send("md.depth.A", []byte("of another kind"))
	v.publish("A", 3)
	stream, late := v.open(nil), v.open(func(c *jetstream.Config) { c.FromSequence = 4 })
	v.publish("A", 4)
	for range 2 {
		if got, report := read(t, stream, 0); !slices.Equal(got, []string{"A 1", "A 2", "B/C 1", "A 3"}) || report.Rows != 4 || report.Bad != 0 {
			t.Errorf("read %q, %+v", got, report)
		}
	}
	if got, _ := read(t, late, 0); !slices.Equal(got, []string{"B/C 1", "A 3"}) {
		t.Errorf("from sequence 4: %q", got)
	}
	third, err := v.stream.GetMsg(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, stream, tick.Time(third.Time.UnixNano())); !slices.Equal(got, []string{"A 2", "B/C 1", "A 3"}) {
		t.Errorf("from the time of message 3: %q", got)
	}
	if got, _ := read(t, stream, tick.Time(time.Now().Add(time.Hour).UnixNano())); len(got) != 0 {
		t.Errorf("from a time to come: %q", got)
	}
	if info, err := v.stream.Info(t.Context()); err != nil || info.State.Consumers != 0 {
		t.Errorf("%d consumers are left, %v", info.State.Consumers, err)
	}
}

// TestManyMessages are read portion by portion.
func TestManyMessages(t *testing.T) {
	v := newVenue(t, "md.>")
	const events = 1_000
	for i := range uint64(events) {
		v.publish("A", i+1)
	}
	got, _ := read(t, v.open(nil), 0)
	if len(got) != events || got[events-1] != "A 1000" {
		t.Errorf("%d events", len(got))
	}
}

// TestOnlyWhatIsSelectedIsRead, where that is little of the stream. Else everything is, as where nothing is selected: the caller tells what there is.
func TestOnlyWhatIsSelectedIsRead(t *testing.T) {
	v := newVenue(t, "md.>")
	const symbols = 100
	var all []string
	for i := range symbols {
		symbol := fmt.Sprintf("S%02d.V", i)
		v.publish(symbol, 1, 2)
		all = append(all, symbol+" 1", symbol+" 2")
	}
	v.send("md.heartbeat.test", nil)
	for name, c := range map[string]struct {
		selects func(symbol string) bool
		want    []string
	}{
		"one":      {func(symbol string) bool { return symbol == "S07.V" }, []string{"S07.V 1", "S07.V 2"}},
		"the last": {func(symbol string) bool { return symbol == "S99.V" }, []string{"S99.V 1", "S99.V 2"}},
		"some":     {func(symbol string) bool { return symbol < "S02" }, all[:4]},
		"most":     {func(symbol string) bool { return symbol < "S90" }, all},
		"none":     {func(string) bool { return false }, all},
		"all":      {nil, all},
	} {
		t.Run(name, func(t *testing.T) {
			stream := v.open(func(config *jetstream.Config) { config.Selects = c.selects })
			if got, report := read(t, stream, 0); report.Bad != 0 || !slices.Equal(got, c.want) {
				t.Errorf("%d events: %.200q", len(got), got)
			}
		})
	}
}

// TestTheEndWasDeleted: a reading ends although its last message is not there any more.
func TestTheEndWasDeleted(t *testing.T) {
	v := newVenue(t, "md.>")
	v.publish("A", 1, 2, 3)
	stream := v.open(nil)
	if err := v.stream.DeleteMsg(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, stream, 0); !slices.Equal(got, []string{"A 1", "A 2"}) {
		t.Errorf("read %q", got)
	}
}

func TestMessagesThatAreNoEvents(t *testing.T) {
	v := newVenue(t, "md.>")
	v.publish("A", 1)
	v.send("md.trade.A", []byte("no event"))
	v.publish("A", 2)
	got, report := read(t, v.open(nil), 0)
	if len(got) != 2 || report.Bad != 1 || report.First[0].Line != 2 || report.First[0].File != "stream S" {
		t.Errorf("%q, %+v", got, report)
	}
}

// TestRefused: one line says what is wrong.
func TestRefused(t *testing.T) {
	v := newVenue(t, "md.quote.*", "md.trade.*")
	if _, err := jetstream.Open(t.Context(), v.config()); !errors.Is(err, jetstream.ErrStream) || !strings.Contains(err.Error(), "stream S is empty") {
		t.Errorf("an empty stream: %v", err)
	}
	v.publish("A", 1)
	plain := natstest.Start(t, server.Options{})
	for want, change := range map[string]func(*jetstream.Config){
		"NATS has no such stream as T; it has S":                          func(c *jetstream.Config) { c.Stream = "T" },
		"invalid stream name":                                             func(c *jetstream.Config) { c.Stream = "a.b" },
		"from-sequence 9 is behind the end of stream S, which has 1 to 1": func(c *jetstream.Config) { c.FromSequence = 9 },
		"stream S keeps md.quote.*, md.trade.*, and nothing of x.>":       func(c *jetstream.Config) { c.Prefix = "x" },
		"NATS has no such stream as S; it has none":                       func(c *jetstream.Config) { c.Connection.URL = plain.ClientURL() },
		"invalid subject prefix":                                          func(c *jetstream.Config) { c.Prefix = "" },
	} {
		config := v.config()
		change(&config)
		if _, err := jetstream.Open(t.Context(), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestKeeps(t *testing.T) {
	v := newVenue(t, "md.quote.*", "x.y.>")
	v.send("md.quote.A", []byte("whatever"))
	stream := v.open(nil)
	for prefix, want := range map[string]bool{"md": true, "x.y": true, "x": false, "md.quote": false, "other": false, "": false} {
		if got := stream.Keeps(prefix); got != want {
			t.Errorf("keeps %q: %v", prefix, got)
		}
	}
}

// TestStopped: a replay that is stopped does not wait for NATS.
func TestStopped(t *testing.T) {
	v := newVenue(t, "md.>")
	v.publish("A", 1, 2, 3)
	ctx, stop := context.WithCancel(t.Context())
	stream, err := jetstream.Open(ctx, v.config())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	natstest.Stop(v.server)
	reader := stream.Events(0, new(datafile.Report), slog.New(slog.DiscardHandler))
	time.AfterFunc(10*time.Millisecond, stop)
	if _, err := reader.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
}
