package fault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/fault"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// wire is a bus that keeps what goes out.
type wire struct {
	decoder bus.Decoder
	went    []went
}

// went is an event that went out.
type went struct {
	publisher, symbol string
	event             tick.Event
}

func (w went) String() string { return fmt.Sprint(w.symbol, w.event.Sequence) }

func (w *wire) Publish(subject string, data []byte) error {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return err
	}
	kind, symbol, err := subjects.ParseEvent(subject)
	if err != nil {
		return err
	}
	if err := w.decoder.Decode(kind, data); err != nil {
		return err
	}
	for _, e := range w.decoder.Events {
		w.went = append(w.went, went{string(w.decoder.Publisher), symbol, e})
	}
	return nil
}

// fixedEpoch has every publisher begin at the same moment.
type fixedEpoch struct{ pace.Clock }

func (fixedEpoch) Now() time.Time { return time.Unix(1_800_000_000, 0) }

// bench is a stage under test.
type bench struct {
	*fault.Stage

	publisher *publish.Publisher
	wire      wire
	log       bytes.Buffer
	bursts    []string // "times from"
}

// tb is what a test and a rapid.T have in common.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func newBench(t tb, seed uint64, batch int, texts ...string) *bench {
	t.Helper()
	b := new(bench)
	c := publish.DefaultConfig()
	c.Clock, c.BatchEvents = fixedEpoch{pace.System()}, batch
	var err error
	if b.publisher, err = publish.New(c, &b.wire); err != nil {
		t.Fatal(err)
	}
	config := fault.Config{Seed: seed, Log: &b.log, Now: fixedEpoch{}.Now}
	for _, text := range texts {
		f, err := fault.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		config.Faults = append(config.Faults, f)
	}
	b.Stage, err = fault.New(config, b.publisher, func(from tick.Time, times float64) {
		b.bursts = append(b.bursts, fmt.Sprint(times, " ", int64(from)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// play does what a feed does with an event.
func (b *bench) play(at tick.Time, symbol string, e tick.Event) (silence time.Duration) {
	b.Approach(at)
	silence = b.Silence(at)
	b.Publish(at, symbol, &e)
	return silence
}

// quotes plays so many quotes of a symbol, a millisecond after each other; their bids are 1, 2, 3, …, their asks one more.
func (b *bench) quotes(n int) {
	for i := range n {
		b.play(tick.Time(time.Duration(i)*time.Millisecond), "A", tick.Event{Kind: tick.KindQuote, TsEvent: tick.Time(i + 1), Quote: tick.Quote{
			BidPrice: tick.Some(int64(i + 1)), AskPrice: tick.Some(int64(i + 2)),
		}})
	}
	b.EndPass()
	b.publisher.Flush()
}

func (b *bench) records(t tb) []fault.Record {
	t.Helper()
	records, err := fault.ReadLog(bytes.NewReader(b.log.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestEachKind looks at what eight quotes become.
func TestEachKind(t *testing.T) {
	for _, c := range []struct {
		faults []string
		want   string // what goes out
		log    string
	}{
		{nil, "[A1 A2 A3 A4 A5 A6 A7 A8]", ""},
		{[]string{"gap at=2ms length=3"}, "[A1 A2 A6 A7 A8]", "gap A 3-5"},
		{[]string{"gap at=6ms length=9"}, "[A1 A2 A3 A4 A5 A6]", "gap A 7-15"},
		{[]string{"gap every=3ms"}, "[A2 A3 A5 A6 A8]", "gap A 1-1, gap A 4-4, gap A 7-7"},
		{[]string{"duplicate at=1ms times=2"}, "[A1 A2 A2 A2 A3 A4 A5 A6 A7 A8]", "duplicate A 2-2"},
		{[]string{"reorder at=1ms length=2"}, "[A1 A3 A4 A2 A5 A6 A7 A8]", "reorder A 2-2"},
		{[]string{"reorder at=6ms length=5"}, "[A1 A2 A3 A4 A5 A6 A8 A7]", "reorder A 7-7"},
		{[]string{"reorder at=7ms"}, "[A1 A2 A3 A4 A5 A6 A7 A8]", ""}, // nothing has overtaken it
		{[]string{"reorder at=1ms length=2", "gap at=2ms length=4"}, "[A1 A7 A8 A2]", "gap A 3-6, reorder A 2-2"},
		{[]string{"failover at=4ms repeat=3"}, "[A1 A2 A3 A4 A5 A3 A4 A5 A6 A7 A8]", "failover"},
		{[]string{"failover repeat=7"}, "[A1 A2 A3 A4 A5 A6 A7 A1 A2 A3 A4 A5 A6 A7 A8]", "failover"},
		{[]string{"failover repeat=9"}, "[A1 A2 A3 A4 A5 A6 A7 A8]", ""},
		{[]string{"silence at=2ms for=5s"}, "[A1 A2 A3 A4 A5 A6 A7 A8]", "silence"},
	} {
		for _, batch := range []int{1, 3} {
			b := newBench(t, 0, batch, c.faults...)
			b.quotes(8)
			var log []string
			for _, r := range b.records(t) {
				line := string(r.Fault)
				if r.Symbol != "" {
					line += fmt.Sprintf(" %s %d-%d", r.Symbol, r.From, r.To)
				}
				log = append(log, line)
			}
			if got := fmt.Sprint(b.wire.went); got != c.want || strings.Join(log, ", ") != c.log {
				t.Errorf("%q in batches of %d: %s, log %q, want %s, %q", c.faults, batch, got, log, c.want, c.log)
			}
			if b.Happened() != uint64(len(log)) {
				t.Errorf("%q: %d faults happened, %d logged", c.faults, b.Happened(), len(log))
			}
		}
	}
}

func TestCrossedQuotes(t *testing.T) {
	b := newBench(t, 0, 1, "crossed at=1ms every=3ms")
	b.quotes(6)
	var crossed []uint64
	for _, w := range b.wire.went {
		if q := w.event.Quote; q.BidPrice.Mantissa > q.AskPrice.Mantissa {
			crossed = append(crossed, w.event.Sequence)
		}
	}
	if !slices.Equal(crossed, []uint64{2, 5}) {
		t.Errorf("crossed are %v", crossed)
	}
	b = newBench(t, 0, 1, "crossed rate=1")
	for _, q := range []tick.Quote{{BidPrice: tick.Some(1)}, {AskPrice: tick.Some(1)}, {}, {BidPrice: tick.Some(2), AskPrice: tick.Some(2)}, {BidPrice: tick.Some(2), AskPrice: tick.Some(1)}} {
		b.play(0, "A", tick.Event{Kind: tick.KindQuote, Quote: q})
	}
	b.play(0, "A", tick.Event{Kind: tick.KindTrade, Trade: tick.Trade{Price: 1, Size: 1}})
	if n := b.Happened(); n != 0 {
		t.Errorf("%d of what cannot be crossed was", n)
	}
}

func TestSkewIsOfAStretch(t *testing.T) {
	b := newBench(t, 0, 1, "skew by=1us at=2ms for=3ms")
	b.quotes(8)
	var times []tick.Time
	for _, w := range b.wire.went {
		times = append(times, w.event.TsEvent)
	}
	if want := []tick.Time{1, 2, 1003, 1004, 1005, 6, 7, 8}; !slices.Equal(times, want) {
		t.Errorf("times %v, want %v", times, want)
	}
	if r := b.records(t); len(r) != 1 || r[0].By != time.Microsecond || r[0].Position != tick.Time(2*time.Millisecond) || r[0].End != tick.Time(5*time.Millisecond) {
		t.Errorf("log %+v", r)
	}
	b.play(tick.Time(time.Second), "A", tick.Event{Kind: tick.KindStatus}) // without a time: it gets none
	if last := b.wire.went[len(b.wire.went)-1]; last.event.TsEvent != 0 {
		t.Errorf("a time was made up: %d", last.event.TsEvent)
	}
}

func TestFailoverIsToAnotherName(t *testing.T) {
	b := newBench(t, 0, 4, "failover at=2ms every=3ms repeat=2")
	b.quotes(8)
	var names []string
	for _, w := range b.wire.went {
		names = append(names, w.publisher+" "+w.String())
	}
	want := []string{
		"feedsim A1", "feedsim A2", "feedsim A3", "feedsim-2 A2", "feedsim-2 A3", "feedsim-2 A4", "feedsim-2 A5", "feedsim-2 A6",
		"feedsim A5", "feedsim A6", "feedsim A7", "feedsim A8",
	}
	if !slices.Equal(names, want) {
		t.Errorf("went out %q, want %q", names, want)
	}
}

func TestBurstsBeginAndEndInTime(t *testing.T) {
	b := newBench(t, 0, 1, "burst at=10ms for=20ms times=5 every=100ms")
	for _, at := range []time.Duration{1000, 1005, 1015, 1200} {
		b.play(tick.Time(at*time.Millisecond), "A", tick.Event{Kind: tick.KindStatus})
	}
	if want := []string{"5 1010000000", "1 1030000000", "5 1110000000", "1 1130000000"}; !slices.Equal(b.bursts, want) {
		t.Errorf("bursts %q, want %q", b.bursts, want)
	}
}

// TestTimesCountOverJumps: what is skipped by a seek was not played.
func TestTimesCountOverJumps(t *testing.T) {
	b := newBench(t, 0, 1, "gap at=30ns")
	for i, at := range []tick.Time{1000, 1020, -1, 5000, 5009, 5011, 5020} {
		if at < 0 {
			b.Jump()
			continue
		}
		b.play(at, "A", tick.Event{Kind: tick.KindStatus})
		if lost := b.Happened() > 0; lost != (i >= 5) {
			t.Errorf("at %d: lost %v", at, lost)
		}
	}
}

// TestEndPassEndsGaps: another epoch begins whole, and what was held back was sent.
func TestEndPassEndsGaps(t *testing.T) {
	b := newBench(t, 0, 1, "gap at=1ms length=100", "reorder length=3")
	b.quotes(4)
	b.publisher.NewEpoch()
	b.quotes(2)
	if got := fmt.Sprint(b.wire.went); got != "[A1 A1 A2]" {
		t.Errorf("went out %s", got)
	}
	if !b.Idle() {
		t.Error("not idle")
	}
}

func TestClear(t *testing.T) {
	b := newBench(t, 0, 1, "gap rate=1", "burst for=1h times=3", "failover repeat=100")
	b.play(5, "A", tick.Event{Kind: tick.KindStatus})
	if got := strings.Join(b.Active(), "; "); got != "gap rate=1 length=1; burst for=1h0m0s times=3; failover repeat=100" {
		t.Errorf("active %q", got)
	}
	b.Clear(7)
	if got := b.Active(); got != nil || !b.Idle() || !slices.Equal(b.bursts, []string{"3 5", "1 7"}) {
		t.Errorf("active %q, bursts %q", got, b.bursts)
	}
}

// TestSameSeedSameFaults, and another seed others.
func TestSameSeedSameFaults(t *testing.T) {
	played := func(seed uint64) (string, string) {
		b := newBench(t, seed, 1, "gap rate=0.02 length=2", "duplicate rate=0.05", "reorder rate=0.03 length=2", "crossed rate=0.1", "skew by=1s at=1s for=1s", "failover at=1s repeat=50")
		playMarket(t, b, 7, 2000)
		return b.log.String(), fmt.Sprint(b.wire.went)
	}
	log, went := played(1)
	againLog, againWent := played(1)
	if log != againLog || went != againWent {
		t.Error("the same seed gave other faults")
	}
	if otherLog, otherWent := played(2); otherLog == log || otherWent == went {
		t.Error("another seed gave the same faults")
	}
	for _, kind := range []fault.Kind{fault.Gap, fault.Duplicate, fault.Reorder, fault.Crossed, fault.Skew, fault.Failover} {
		if !strings.Contains(log, `"fault":"`+string(kind)+`"`) {
			t.Errorf("no %s happened", kind)
		}
	}
}

// playMarket plays a made-up market of three symbols, of one pass.
func playMarket(t tb, b *bench, seed, events uint64) {
	t.Helper()
	c := generate.DefaultConfig()
	c.Seed, c.Symbols, c.Count = seed, 3, events
	market, err := generate.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for {
		item, err := market.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b.play(item.At, item.Symbol, item.Event)
	}
	b.EndPass()
	b.publisher.Flush()
}

// taken returns what a consumer takes that keeps the order.
func taken(all []went) []went {
	newest := make(map[string]uint64)
	var in []went
	for _, w := range all {
		if w.event.Sequence > newest[w.symbol] {
			newest[w.symbol] = w.event.Sequence
			w.publisher = ""
			in = append(in, w)
		}
	}
	return in
}

// TestLogSaysWhatWentOut: whatever goes wrong, the events as they would have gone out and the log together say what a consumer takes.
func TestLogSaysWhatWentOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 5).Draw(t, "faults") {
			kind := rapid.SampledFrom([]string{"gap length=%d", "duplicate times=%d", "reorder length=%d", "crossed", "failover repeat=%d"}).Draw(t, "kind")
			text := strings.ReplaceAll(kind, "%d", fmt.Sprint(rapid.IntRange(1, 20).Draw(t, "size")))
			if !strings.HasPrefix(text, "failover") && rapid.Bool().Draw(t, "has a rate") {
				text += fmt.Sprint(" rate=", rapid.SampledFrom([]string{"0.01", "0.3", "1"}).Draw(t, "rate"))
			} else {
				text += fmt.Sprintf(" at=%dms every=%dms", rapid.IntRange(0, 200).Draw(t, "at"), rapid.IntRange(1, 100).Draw(t, "every"))
			}
			texts = append(texts, text)
		}
		seed, batch := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 5).Draw(t, "batch")
		plain, faulty := newBench(t, 0, 1), newBench(t, seed, batch, texts...)
		playMarket(t, plain, seed, 300)
		playMarket(t, faulty, seed, 300)
		account := fault.NewAccount(faulty.records(t))
		want := make(map[string][]tick.Event)
		for _, w := range plain.wire.went {
			if account.Taken(w.symbol, &w.event) {
				want[w.symbol] = append(want[w.symbol], w.event)
			}
		}
		got := make(map[string][]tick.Event)
		for _, w := range taken(faulty.wire.went) {
			got[w.symbol] = append(got[w.symbol], w.event)
		}
		for _, symbol := range []string{"SIM1", "SIM2", "SIM3"} {
			if !slices.Equal(got[symbol], want[symbol]) {
				t.Fatalf("%q: of %s was taken\n%v\nthe log says\n%v", texts, symbol, got[symbol], want[symbol])
			}
		}
	})
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestLogThatCannotBeWritten is told, once and for all.
func TestLogThatCannotBeWritten(t *testing.T) {
	b := newBench(t, 0, 1)
	stage, err := fault.New(fault.Config{Faults: []fault.Fault{{Kind: fault.Gap, Rate: 1, Length: 1}}, Log: full{}}, b.publisher, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		stage.Publish(0, "A", &tick.Event{Kind: tick.KindStatus})
	}
	if err := stage.Err(); !errors.Is(err, fault.ErrLog) || !errors.Is(err, errFull) {
		t.Errorf("error %v, want ErrLog", err)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	b := newBench(t, 0, 1)
	for range fault.MaxActive {
		if err := b.Inject(fault.Fault{Kind: fault.Gap}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Inject(fault.Fault{Kind: fault.Gap}); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("error %v, want ErrLimit", err)
	}
	if err := (fault.Config{Faults: make([]fault.Fault, fault.MaxActive+1)}).Validate(); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("error %v, want ErrLimit", err)
	}
}

// TestNameOfTheStandbyMustFit: a name of 63 bytes leaves no room for a suffix of two.
func TestNameOfTheStandbyMustFit(t *testing.T) {
	c := publish.DefaultConfig()
	c.Name = strings.Repeat("n", tick.MaxSymbolBytes-1)
	publisher, err := publish.New(c, &wire{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fault.New(fault.Config{Faults: []fault.Fault{{Kind: fault.Failover}}}, publisher, nil); !errors.Is(err, fault.ErrFault) {
		t.Errorf("error %v, want ErrFault", err)
	}
}

// TestIdleStageAllocatesNothing while nothing goes wrong.
func TestIdleStageAllocatesNothing(t *testing.T) {
	c := publish.DefaultConfig()
	publisher, err := publish.New(c, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	stage, err := fault.New(fault.Config{}, publisher, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := tick.Event{Kind: tick.KindStatus}
	stage.Publish(0, "A", &e)
	if n := testing.AllocsPerRun(100, func() {
		stage.Approach(1)
		if stage.Silence(1) == 0 {
			stage.Publish(1, "A", &e)
		}
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

type nowhere struct{}

func (nowhere) Publish(string, []byte) error { return nil }
