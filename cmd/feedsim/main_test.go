package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"tickgate/internal/feedsim"
	"tickgate/internal/natsd/natstest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

const patience = 20 * time.Second

const tradesHeader = "recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type\n"

// feedsimRun is one run of the program in this process.
func feedsimRun(ctx context.Context, t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{environ: environ, stdout: &out, stderr: &errs}
	code = p.run(ctx, args)
	return code, out.String(), errs.String()
}

// subscribe returns the messages of a subject.
func subscribe(t *testing.T, s *server.Server, subject string, capacity int) <-chan *nats.Msg {
	t.Helper()
	closed := make(chan struct{})
	c, err := nats.Connect(s.ClientURL(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		<-closed
	})
	messages := make(chan *nats.Msg, capacity)
	if _, err := c.ChanSubscribe(subject, messages); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return messages
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s", what, want, text)
		}
	}
}

func TestGenerate(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	messages := subscribe(t, s, "test.*.*", 2000)
	code, stdout, stderr := feedsimRun(t.Context(), t, []string{"TICKGATE_NATS_URL=" + s.ClientURL(), "TICKGATE_DATA=/data", "HOME=/"},
		"generate", "--count=1000", "--speed=max", "--symbols=3", "--subject-prefix=test", "--publisher=gen")
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	contains(t, "summary", stdout, "feedsim: end of data", "published     1000 events in 1000 messages, 3 symbols", "lost          0 ", "refused       0 ")
	events, heartbeats := 0, 0
	for events < 1000 || heartbeats == 0 {
		select {
		case m := <-messages:
			if m.Subject == "test.heartbeat.gen" {
				heartbeats++
				continue
			}
			events++
		case <-time.After(patience):
			t.Fatalf("%d events and %d heartbeats arrived", events, heartbeats)
		}
	}
}

func TestReplaySample(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	code, stdout, stderr := feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), "--speed=max", "--batch=100", "--strict",
		"../../sample/quotes_60s.csv.gz", "../../sample/trades_60s.csv.gz")
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	contains(t, "summary", stdout, "published     42148 events in ", "6 symbols", "rows          42148 read, 0 bad, 0 out of time order")
}

func TestReplayWithMapping(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	messages := subscribe(t, s, "md.>", 100)
	quotes := write(t, "q.csv", "when,name,b,a\n1,X,1.0,1.1\n2,X,1.0,1.2\n")
	trades := write(t, "t.csv", "ms,name,px,qty\n1,X,1.1,5\n")
	config := write(t, "feedsim.yaml", "map: ts_recv=when:ms,bid_price=b,ask_price=a;ts_recv=ms:ms,price=px,size=qty\nsymbol: \"{name}/Z\"\n")
	code, stdout, stderr := feedsimRun(t.Context(), t, nil, "replay", "--config", config, "--nats-url", s.ClientURL(), quotes, trades)
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	contains(t, "summary", stdout, "published     3 events")
	var subjects []string
	for len(subjects) < 3 {
		select {
		case m := <-messages:
			if !strings.HasPrefix(m.Subject, "md.heartbeat.") {
				subjects = append(subjects, m.Subject)
			}
		case <-time.After(patience):
			t.Fatalf("only %q arrived", subjects)
		}
	}
	if got := strings.Join(subjects, " "); got != "md.quote.X%2FZ md.trade.X%2FZ md.quote.X%2FZ" {
		t.Errorf("published %s", got)
	}
}

func TestBadRows(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	file := write(t, "t.csv", tradesHeader+"1,,V,A,1,1,1,,\nnonsense\n2,,V,A,1,1,1,,\n")
	for strict, want := range map[string]int{"--strict=false": exitOK, "--strict": exitFailed} {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), strict, file)
		if code != want {
			t.Errorf("%s: exit code %d, want %d", strict, code, want)
		}
		contains(t, "summary", stdout, "published     2 events", "rows          2 read, 1 bad", "t.csv:3: 1 columns, the header has 9")
		contains(t, "log", stderr, "bad row", "t.csv:3: 1 columns")
	}
}

func TestInterrupt(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	messages := subscribe(t, s, "md.quote.*", 1000)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		<-messages
		interrupt()
	}()
	code, stdout, stderr := feedsimRun(ctx, t, nil, "generate", "--nats-url", s.ClientURL())
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	contains(t, "summary", stdout, "feedsim: stopped", "published ")
}

// TestWrongUse: one clear line, and the exit code says whose mistake it is.
func TestWrongUse(t *testing.T) {
	password := natstest.Start(t, server.Options{Username: "u", Password: "p"})
	other := write(t, "other.csv", "a,b\n1,2\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"replay", "--speed=fast", other}, exitUsage, `flag --speed "fast"`},
		{[]string{"replay", "--preset=x", other}, exitUsage, `flag --preset "x"`},
		{[]string{"replay", "--map=x", other}, exitUsage, `flag --map "x"`},
		{[]string{"replay", "--map=x", "--preset=binance-quotes", other}, exitUsage, "only one of preset and map"},
		{[]string{"replay", "--symbol={", other}, exitUsage, `flag --symbol "{"`},
		{[]string{"replay", "--step=-1ms", other}, exitUsage, `flag --step`},
		{[]string{"replay", "--event-time=none", other}, exitUsage, `flag --event-time "none"`},
		{[]string{"replay"}, exitUsage, "at least one file"},
		{[]string{"replay", "--from=noon", other}, exitUsage, `flag --from "noon": not a moment such as`},
		{[]string{"replay", "--to=25:00", other}, exitUsage, `flag --to "25:00"`},
		{[]string{"replay", "--from=10:30", "--to=10:30", other}, exitUsage, "from is not before to"},
		{[]string{"replay", "--symbols=[", other}, exitUsage, `symbols: "[" is not a pattern`},
		{[]string{"replay", "--rebase=tomorrow", other}, exitUsage, `flag --rebase "tomorrow": expected now`},
		{[]string{"replay", "--rebase=now", "--event-time=intended", other}, exitUsage, "leave one of the two out"},
		{[]string{"replay", "--from-sequence=5", other}, exitUsage, "with from-stream"},
		{[]string{"replay", "--from-stream=S", "--from-sequence=5", "--from=10:30"}, exitUsage, "only one of from and from-sequence"},
		{[]string{"replay", "--from-stream=S", "--from-nats-user=u"}, exitUsage, "from-nats- settings need it"},
		{[]string{"replay", "--nonsense", other}, exitUsage, "--nonsense"},
		{[]string{"replay", "--batch=0", other}, exitUsage, "batch is 0"},
		{[]string{"replay", other}, exitFailed, "other.csv: the header does not fit"},
		{[]string{"replay", "no/such.csv"}, exitFailed, "no/such.csv"},
		{[]string{"record"}, exitUsage, "name the folder"},
		{[]string{"record", "--directory=x", "--format=xls"}, exitUsage, `flag --format "xls"`},
		{[]string{"record", "--directory=x", "--rotate-every=1ms"}, exitUsage, "rotate-every is 1ms"},
		{[]string{"replay", "."}, exitUsage, "holds no recording"},
		{[]string{"generate", "file"}, exitUsage, `"file"`},
		{[]string{"generate", "--rate=0"}, exitUsage, "rate is 0"},
		{[]string{"generate", "--nats-url=nats://127.0.0.1:1", "--nats-timeout=50ms"}, exitFailed, `"nats://127.0.0.1:1": no NATS server answers there within 50ms`},
		{[]string{"generate", "--nats-url=nats://user:secret@127.0.0.1:1", "--nats-timeout=50ms"}, exitFailed, "@127.0.0.1:1"},
		{[]string{"generate", "--nats-url=" + password.ClientURL(), "--nats-timeout=1s"}, exitFailed, "Authorization Violation"},
		{[]string{"generate", "--nats-user=u", "--nats-nkey-file=none"}, exitFailed, "nats-nkey-file"},
	} {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, c.args...)
		last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
		if strings.Contains(stderr, "secret") {
			t.Errorf("%q: stderr %q tells the password", c.args, stderr)
		}
		if code != c.code || stdout != "" || !strings.HasPrefix(last, "feedsim: ") || !strings.Contains(last, c.want) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q, want %d and %q", c.args, code, stdout, stderr, c.code, c.want)
		}
	}
}

func TestHelpAndConfiguration(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"help"}, exitOK, "feedsim COMMAND"},
		{[]string{"generate", "--help"}, exitOK, "--burst-factor"},
		{[]string{"replay", "--help"}, exitOK, "FILE..."},
		{[]string{"replay", "--print-config", "--speed=10"}, exitOK, `speed: "10" # flag --speed`},
	} {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, c.args...)
		if code != c.code || stderr != "" || !strings.Contains(stdout, c.want) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
	for _, args := range [][]string{nil, {"play"}} {
		if code, _, stderr := feedsimRun(t.Context(), t, nil, args...); code != exitUsage || !strings.Contains(stderr, "replay") {
			t.Errorf("%q: exit code %d, stderr %q", args, code, stderr)
		}
	}
}

func TestStatusLine(t *testing.T) {
	last := feedsim.Progress{Elapsed: time.Second}
	last.Published = 100
	now := feedsim.Progress{Elapsed: 3 * time.Second, Lag: 1234 * time.Microsecond}
	now.Published, now.Lost = 2100, 5
	line := status(now, last, func(feedsim.Progress) string { return "00:01" })
	if want := "00:01  2100 published  1000/s  lag 1.2ms  5 lost"; line != want {
		t.Errorf("status %q, want %q", line, want)
	}
	var terminal bytes.Buffer
	l := &statusLine{out: &terminal, isTerminal: true}
	l.draw(line)
	if _, err := l.Write([]byte("warning\n")); err != nil {
		t.Fatal(err)
	}
	if got, want := terminal.String(), clearLine+line+clearLine+"warning\n"; got != want {
		t.Errorf("the terminal got %q, want %q", got, want)
	}
}
