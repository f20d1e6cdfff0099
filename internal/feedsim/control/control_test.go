package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// minutes is a recording of an event per minute, of an hour that begins at 10.
type minutes struct {
	next int
	item feedsim.Item
}

var ten = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func (m *minutes) Next() (*feedsim.Item, error) {
	if m.next > 60 {
		return nil, io.EOF
	}
	m.item = feedsim.Item{Symbol: "A", At: tick.Time(ten.Add(time.Duration(m.next) * time.Minute).UnixNano()), Event: tick.Event{Kind: tick.KindStatus}}
	m.next++
	return &m.item, nil
}

func (*minutes) Close() error { return nil }

func recording(tick.Time) (feedsim.Source, error) { return new(minutes), nil }

func madeUp(tick.Time) (feedsim.Source, error) { return generate.New(generate.DefaultConfig()) }

// syncBuffer takes a log from several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start plays a source until the test ends, steered by a name, and returns what is logged.
func start(t *testing.T, s *server.Server, name string, open func(tick.Time) (feedsim.Source, error)) *syncBuffer {
	t.Helper()
	connection := natstest.Connect(t, s, bus.Handlers{})
	publisher, err := publish.New(publish.DefaultConfig(), connection)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := feedsim.New(feedsim.Config{Open: open, Speed: 1, Clock: pace.System()}, publisher)
	if err != nil {
		t.Fatal(err)
	}
	log := new(syncBuffer)
	listening, err := control.Listen(connection, control.Config{Name: name, Prefix: bus.DefaultPrefix, Log: slog.New(slog.NewTextHandler(log, nil))}, feed)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = feed.Run(ctx) })
	running.Go(func() { listening.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return log
}

// operator steers feeds over a connection of its own.
type operator struct {
	t          *testing.T
	connection *nats.Conn
}

func newOperator(t *testing.T, s *server.Server) operator {
	t.Helper()
	return operator{t, natstest.Connect(t, s, bus.Handlers{})}
}

// try sends a command until the feed runs.
func (o operator) try(name string, c *feedsimv1.Command) *feedsimv1.Answer {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	for {
		answer, err := control.Request(ctx, o.connection, name, c)
		if err != nil {
			o.t.Fatal(err)
		}
		if answer.GetRefusal().GetReason() != feedsimv1.RefusalReason_REFUSAL_REASON_NOT_RUNNING {
			return answer
		}
	}
}

// ask demands that the command is taken.
func (o operator) ask(name string, c *feedsimv1.Command) *feedsimv1.State {
	o.t.Helper()
	answer := o.try(name, c)
	if answer.GetRefusal() != nil {
		o.t.Fatalf("%v is refused: %v", c, answer.GetRefusal())
	}
	return answer.GetState()
}

// The commands.
var (
	status   = &feedsimv1.Command{Command: &feedsimv1.Command_Status{Status: &feedsimv1.Status{}}}
	pause    = &feedsimv1.Command{Command: &feedsimv1.Command_Pause{Pause: &feedsimv1.Pause{}}}
	resume   = &feedsimv1.Command{Command: &feedsimv1.Command_Resume{Resume: &feedsimv1.Resume{}}}
	clearing = &feedsimv1.Command{Command: &feedsimv1.Command_ClearFaults{ClearFaults: &feedsimv1.ClearFaults{}}}
)

func speed(s float64) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_SetSpeed{SetSpeed: &feedsimv1.SetSpeed{Speed: s}}}
}

func rate(r float64) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_SetRate{SetRate: &feedsimv1.SetRate{EventsPerSecond: r}}}
}

func inject(text string) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_InjectFault{InjectFault: &feedsimv1.InjectFault{Fault: text}}}
}

func seekTo(at time.Time) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: &feedsimv1.Seek{Target: &feedsimv1.Seek_To{To: at.UnixNano()}}}}
}

func seekBy(d time.Duration) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: &feedsimv1.Seek{Target: &feedsimv1.Seek_By{By: int64(d)}}}}
}

func seekTimeOfDay(d time.Duration) *feedsimv1.Command {
	return &feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: &feedsimv1.Seek{Target: &feedsimv1.Seek_TimeOfDay{TimeOfDay: int64(d)}}}}
}

// await asks for the state until it is what it should be.
func (o operator) await(name string, what string, satisfied func(*feedsimv1.State) bool) {
	o.t.Helper()
	timeout := time.After(patience)
	for {
		state := o.ask(name, status)
		if satisfied(state) {
			return
		}
		select {
		case <-timeout:
			o.t.Fatalf("waited for %s in vain: %v", what, state)
		default:
		}
	}
}

// TestTwoOperators see each other's changes: each answer is the state that the next one finds.
func TestTwoOperators(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	log := start(t, s, "desk A", recording)
	operators := []operator{newOperator(t, s), newOperator(t, s)}
	operators[0].await("desk A", "the first event", func(s *feedsimv1.State) bool { return s.GetPublished() == 1 })
	for i, c := range []*feedsimv1.Command{
		pause, speed(4), seekTo(ten.Add(30 * time.Minute)), seekBy(-10 * time.Minute), seekBy(5 * time.Minute), seekTimeOfDay(10*time.Hour + 45*time.Minute),
		inject("gap rate=0.5"), inject("skew by=1s"), clearing,
	} {
		by, other := operators[i%2], operators[(i+1)%2]
		did := by.ask("desk A", c)
		if saw := other.ask("desk A", status); !proto.Equal(did, saw) {
			t.Errorf("%v led to %v, the other sees %v", c, did, saw)
		}
	}
	if state := operators[1].ask("desk A", resume); state.GetPaused() || state.GetSource() != feedsimv1.Source_SOURCE_RECORDING || state.GetSpeed() != 4 ||
		state.GetPass() != 1 || state.GetPasses() != 0 || state.GetPosition() != ten.Add(45*time.Minute).UnixNano() {
		t.Errorf("at last %v", state)
	}
	operators[0].await("desk A", "the second event", func(s *feedsimv1.State) bool { return s.GetPublished() == 2 })
	for _, want := range []string{"pause", "seek", "inject_fault", "resume"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell of %s:\n%s", want, log)
		}
	}
}

func TestMadeUpMarket(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	start(t, s, control.DefaultName, madeUp)
	o := newOperator(t, s)
	if state := o.ask(control.DefaultName, rate(5000)); state.GetSource() != feedsimv1.Source_SOURCE_MADE_UP || state.GetEventsPerSecond() != 5000 {
		t.Errorf("state %v", state)
	}
}

// TestRefusals say why, and change nothing.
func TestRefusals(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	start(t, s, "recording", recording)
	start(t, s, "made up", madeUp)
	o := newOperator(t, s)
	for _, name := range []string{"recording", "made up"} {
		o.ask(name, pause)
	}
	const (
		malformed = feedsimv1.RefusalReason_REFUSAL_REASON_MALFORMED
		unfit     = feedsimv1.RefusalReason_REFUSAL_REASON_UNFIT
		value     = feedsimv1.RefusalReason_REFUSAL_REASON_VALUE
		outside   = feedsimv1.RefusalReason_REFUSAL_REASON_OUTSIDE
	)
	for _, c := range []struct {
		name    string
		command *feedsimv1.Command
		want    feedsimv1.RefusalReason
		detail  string
	}{
		{"recording", rate(5), unfit, "change the speed"},
		{"recording", speed(0), value, "0.001"},
		{"recording", speed(-4), value, "-4"},
		{"recording", speed(math.NaN()), value, "NaN"},
		{"recording", speed(1e9), value, "1000000"},
		{"recording", seekTo(ten.Add(-time.Second)), outside, "2026-11-25T10:00:00Z"},
		{"recording", seekTo(ten.Add(2 * time.Hour)), outside, "2026-11-25T11:00:00Z"},
		{"recording", seekBy(-time.Minute), outside, "begins"},
		{"recording", seekTimeOfDay(9 * time.Hour), outside, "begins"},
		{"recording", seekTimeOfDay(25 * time.Hour), value, "24h"},
		{"recording", seekTimeOfDay(-1), value, "24h"},
		{"recording", &feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: &feedsimv1.Seek{}}}, malformed, "target"},
		{"recording", &feedsimv1.Command{}, malformed, "none"},
		{"recording", inject(""), value, "gap"},
		{"recording", inject("flood"), value, "flood"},
		{"recording", inject(strings.Repeat("gap ", 2000)), malformed, "4096"},
		{"made up", speed(4), unfit, "rate"},
		{"made up", seekBy(time.Second), unfit, "sought"},
		{"made up", rate(0), value, "give"},
		{"made up", rate(math.Inf(1)), value, "give"},
	} {
		before := o.ask(c.name, status)
		answer := o.try(c.name, c.command)
		refusal := answer.GetRefusal()
		if refusal.GetReason() != c.want || !strings.Contains(refusal.GetDetail(), c.detail) {
			t.Errorf("%.100v: %v, want %v with %q", c.command, refusal, c.want, c.detail)
		}
		if !proto.Equal(answer.GetState(), before) {
			t.Errorf("%.100v: state %v, was %v", c.command, answer.GetState(), before)
		}
	}
}

// TestWhatIsNoProtobuf is refused like any other.
func TestWhatIsNoProtobuf(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	log := start(t, s, control.DefaultName, recording)
	o := newOperator(t, s)
	o.ask(control.DefaultName, pause)
	subject, err := control.Subject(control.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{"pause", "\x0a\xff", "\xff\x1b[2J", strings.Repeat("x", 100_000)} {
		reply, err := o.connection.Request(subject, []byte(payload), patience)
		if err != nil {
			t.Fatal(err)
		}
		answer := new(feedsimv1.Answer)
		if err := proto.Unmarshal(reply.Data, answer); err != nil {
			t.Fatal(err)
		}
		if answer.GetRefusal().GetReason() != feedsimv1.RefusalReason_REFUSAL_REASON_MALFORMED || !answer.GetState().GetPaused() {
			t.Errorf("%.20q: %v", payload, answer)
		}
	}
	if strings.Contains(log.String(), "\x1b") {
		t.Errorf("the log has control characters:\n%q", log)
	}
	if err := o.connection.Publish(subject, nil); err != nil { // nobody to answer
		t.Fatal(err)
	}
	o.ask(control.DefaultName, resume)
}

// TestNobodyIsToldAtOnce: well within a second.
func TestNobodyIsToldAtOnce(t *testing.T) {
	o := newOperator(t, natstest.Start(t, server.Options{}))
	began := time.Now()
	_, err := control.Request(t.Context(), o.connection, "nobody", status)
	if !errors.Is(err, control.ErrNobody) || !strings.Contains(err.Error(), `"nobody"`) || time.Since(began) > time.Second {
		t.Errorf("after %v: %v, want ErrNobody", time.Since(began), err)
	}
}

// TestNoAnswerInTime: somebody listens, and hangs.
func TestNoAnswerInTime(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	hangs := newOperator(t, s)
	subject, err := control.Subject("hangs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hangs.connection.SubscribeSync(subject); err != nil {
		t.Fatal(err)
	}
	if err := hangs.connection.Flush(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := control.Request(ctx, newOperator(t, s).connection, "hangs", status); !errors.Is(err, control.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
}

// TestTwoFeedsOfOneName both obey, one answers, and the second one has warned.
func TestTwoFeedsOfOneName(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	first, second := start(t, s, "twin", recording), start(t, s, "twin", recording)
	o := newOperator(t, s)
	o.ask("twin", status)
	o.ask("twin", speed(7))
	timeout := time.After(patience)
	for _, log := range []*syncBuffer{first, second} {
		for !strings.Contains(log.String(), "set_speed") {
			select {
			case <-timeout:
				t.Fatalf("not both have obeyed:\n%s\n%s", first, second)
			default:
				o.ask("twin", status)
			}
		}
	}
	const warning = "another feed listens by this name"
	if strings.Contains(first.String(), warning) || !strings.Contains(second.String(), warning) {
		t.Errorf("warned by the first:\n%s\nby the second:\n%s", first, second)
	}
}

// TestSecondSearchIsBusy while one is under way, and everything else is answered.
func TestSecondSearchIsBusy(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	opened := 0
	gate, reached := make(chan struct{}), make(chan struct{})
	start(t, s, "slow", func(tick.Time) (feedsim.Source, error) {
		opened++
		if opened > 1 { // by the search: nobody else opens until it has ended
			close(reached)
			<-gate
		}
		return new(minutes), nil
	})
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	o, seeker := newOperator(t, s), newOperator(t, s)
	o.ask("slow", status)
	found := make(chan *feedsimv1.Answer, 1)
	go func() { found <- seeker.try("slow", seekTimeOfDay(10*time.Hour+30*time.Minute)) }()
	<-reached
	if refusal := o.try("slow", seekBy(time.Minute)).GetRefusal(); refusal.GetReason() != feedsimv1.RefusalReason_REFUSAL_REASON_BUSY {
		t.Errorf("refusal %v, want BUSY", refusal)
	}
	o.ask("slow", speed(2))
	open()
	if state := (<-found).GetState(); state.GetPosition() != ten.Add(30*time.Minute).UnixNano() || state.GetSpeed() != 2 {
		t.Errorf("found %v", state)
	}
}

// TestSeekAfterAnAnsweredSeek is not refused: the first one is over when it is answered.
func TestSeekAfterAnAnsweredSeek(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	start(t, s, "again", recording)
	o := newOperator(t, s)
	for range 500 {
		o.ask("again", seekTimeOfDay(10*time.Hour+30*time.Minute))
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name, prefix, want string
	}{
		{"feedsim", "md", ""},
		{"any name, dots. and all", "feedsims", ""},
		{"feedsim", "feedsim", "subject-prefix"},
		{"feedsim", "feedsim.control", "subject-prefix"},
		{"", "md", "control-name"},
		{"line\nbreak", "md", "control-name"},
		{strings.Repeat("n", 65), "md", "control-name"},
	} {
		err := control.Config{Name: c.name, Prefix: c.prefix}.Validate()
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, control.ErrConfig) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q at %q: %v, want %q", c.name, c.prefix, err, c.want)
		}
	}
	if subject, err := control.Subject("a.b >"); err != nil || subject != "feedsim.control.a%2Eb%20%3E" {
		t.Errorf("subject %q, %v", subject, err)
	}
}
