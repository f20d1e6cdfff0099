package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/tick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway runs one that has quotes of two symbols.
func gateway(t *testing.T) (address string, market *gatewaytest.Publisher) {
	t.Helper()
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market = gatewaytest.NewPublisher(t, g.Bus())
	waiting := gatewaytest.OpenStream(t, g.Dial(t), nil)
	waiting.Subscribe(gatewaytest.Latest(), []string{"AAA.X", "BBB.Y"})
	for _, symbol := range []string{"AAA.X", "BBB.Y"} {
		market.Publish(symbol, bid(1234))
	}
	waiting.Await("both symbols", func(h gatewaytest.Holdings) bool { return h.Sequence("AAA.X") > 0 && h.Sequence("BBB.Y") > 0 })
	return g.Addresses().GRPC, market
}

func bid(price int64) tick.Event {
	return tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{BidPrice: tick.Some(price), BidSize: tick.Some(1)}}
}

// tickctl runs the program.
func tickctl(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func TestCommands(t *testing.T) {
	address, _ := gateway(t)
	for _, tt := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{nil, exitOK, "tickctl watch", ""},
		{[]string{"nonsense"}, exitUsage, "", `no command "nonsense"`},
		{[]string{"watch"}, exitUsage, "", "needs symbols"},
		{[]string{"watch", "--nonsense"}, exitUsage, "", "nonsense"},
		{[]string{"symbols", "--address", address}, exitOK, "AAA.X\nBBB.Y\n", ""},
		{[]string{"symbols", "--address", address, "*.Y"}, exitOK, "BBB.Y\n", ""},
		{[]string{"symbols", "--address", address, "[", "x"}, exitUsage, "", "one pattern"},
		{[]string{"symbols", "--address", address, "["}, exitUsage, "", "pattern"},
		{[]string{"symbols", "--address", address, "--json", "A*"}, exitOK, `"price_scale":2`, ""},
		{[]string{"snapshot", "--address", address, "AAA.X"}, exitOK, "12.34", ""},
		{[]string{"snapshot", "--address", address, "AAA.X", "NOPE"}, exitFailed, "12.34", "NOPE"},
		{[]string{"snapshot", "--address", address, "--json", "BBB.Y"}, exitOK, `"bid":"12.34"`, ""},
		{[]string{"latency", "--address", address}, exitOK, "p99.9", ""},
		{[]string{"ping", "--address", address, "--count", "2"}, exitOK, "answers in", ""},
		{[]string{"ping", "--address", "127.0.0.1:1", "--timeout", "100ms"}, exitFailed, "", "127.0.0.1:1"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, out, errs := tickctl(tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.err) {
				t.Errorf("exit code %d, want %d\nout: %s\nerrors: %s", code, tt.code, out, errs)
			}
		})
	}
}

func TestTimesHaveThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1_400 * time.Nanosecond: "1µs", 673_400 * time.Nanosecond: "673µs", 2_564_321 * time.Nanosecond: "2.56ms", 30_821 * time.Microsecond: "30.8ms",
		243_970 * time.Microsecond: "244ms", 1_234_567 * time.Microsecond: "1.23s", 75 * time.Second: "1m15s",
	} {
		if got := short(d).String(); got != want {
			t.Errorf("%v is shown as %s, want %s", d, got, want)
		}
	}
}

// TestWatchWritesLinesIntoAPipe, and ends without a word when nobody reads them any more.
func TestWatchWritesLinesIntoAPipe(t *testing.T) {
	address, market := gateway(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run([]string{"watch", "--address", address, "--interval", "0", "AAA.X"}, strings.NewReader(""), writer, &errs)
		_ = writer.Close()
	}()
	lines := json.NewDecoder(reader)
	for {
		var l line
		if err := lines.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if l.Sequence == 0 || l.Time == "" {
			t.Errorf("%+v is a line of a symbol that has no value yet", l)
		}
		if l.Bid == "12.34" {
			if l.Symbol != "AAA.X" || l.State != "live" || l.Sequence != 1 || l.Time == "" {
				t.Errorf("%+v", l)
			}
			break
		}
	}
	_ = reader.Close()
	deadline := time.After(gatewaytest.Patience)
	for price := int64(1); ; price++ {
		select {
		case code := <-ended:
			if code != exitOK || errs.Len() != 0 {
				t.Errorf("exit code %d and %q after the pipe was closed", code, errs.String())
			}
			return
		case <-deadline:
			t.Fatal("watch goes on after its pipe was closed")
		case <-time.After(5 * time.Millisecond):
			market.Publish("AAA.X", bid(price))
		}
	}
}

// TestWatchSaysWhichSymbolsHaveNoValueYet, since a pipe shows nothing of them.
func TestWatchSaysWhichSymbolsHaveNoValueYet(t *testing.T) {
	address, _ := gateway(t)
	out, errs := &watched{seen: make(chan struct{})}, &watched{seen: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- run([]string{"watch", "--address", address, "AAA.X", "MISTYPED.X"}, strings.NewReader(""), out, errs)
	}()
	<-out.seen
	<-errs.seen
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if text := errs.text.String(); !strings.Contains(text, "MISTYPED.X") || strings.Contains(text, "AAA.X") {
		t.Errorf("%q, want the mistyped symbol alone", text)
	}
	if text := out.text.String(); strings.Contains(text, "MISTYPED.X") {
		t.Errorf("%q has lines of a symbol without a value", text)
	}
}

// TestInterruptEndsWatch with exit code 0.
func TestInterruptEndsWatch(t *testing.T) {
	address, _ := gateway(t)
	out := &watched{seen: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- run([]string{"watch", "--address", address, "--all"}, strings.NewReader(""), out, out)
	}()
	<-out.seen
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-ended:
		if code != exitOK {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(gatewaytest.Patience):
		t.Fatal("an interrupt does not end it")
	}
}

// watched says when something was written.
type watched struct {
	once sync.Once
	seen chan struct{}
	text strings.Builder // owned by the writer
}

// Write implements io.Writer.
func (w *watched) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.seen) })
	return w.text.Write(p)
}
