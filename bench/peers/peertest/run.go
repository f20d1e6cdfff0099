package peertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/load"
	"tickgate/bench/peers/peer"
)

// NewDriver is what makes the driver of a system.
type NewDriver func(*load.Plan, *load.Dialer) (load.Driver, error)

const (
	// EventsPerSymbol is the feed's rate in events per second, of each symbol.
	EventsPerSymbol = 50
	// WindowLength is the length of the measured window.
	WindowLength = 2 * time.Second
	// MessageBytes is Config.Bytes.
	MessageBytes = 200
)

// Run opens the plan's streams on a server, measures one window while a feed plays the plan's symbols, stops the feed, and returns what the
// generator saw and found. A nil serve says that NATS itself is the server.
func Run(t testing.TB, serve peer.ServeFunc, driver NewDriver, plan load.Plan) (figure.Window, figure.Verdict) {
	t.Helper()
	url, address := StartNATS(t)
	plan.NATS, plan.Addresses = url, []string{address}
	if serve != nil {
		plan.Addresses = []string{StartServer(t, serve, configOf(&plan))}
	}
	stop := StartFeed(t, url, plan.Symbols, EventsPerSymbol*len(plan.Symbols))
	return generate(t, driver, &plan, stop)
}

// RunWithoutFeed is Run for a system that has no values, and so no bus.
func RunWithoutFeed(t testing.TB, serve peer.ServeFunc, driver NewDriver, plan load.Plan) (figure.Window, figure.Verdict) {
	t.Helper()
	plan.Addresses = []string{StartServer(t, serve, configOf(&plan))}
	return generate(t, driver, &plan, func() {})
}

func configOf(plan *load.Plan) peer.Config {
	return peer.Config{Listen: "127.0.0.1:0", NATSURL: plan.NATS, Interval: plan.Interval, Bytes: MessageBytes, Streams: plan.Streams}
}

// StartServer starts a server that lives as long as the test, and returns its address.
func StartServer(t testing.TB, serve peer.ServeFunc, c peer.Config) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	addresses, ended := make(chan string, 1), make(chan error, 1) // of one: the server must not wait for the test
	go func() { ended <- serve(ctx, c, func(address string) { addresses <- address }) }()
	select {
	case address = <-addresses:
	case err := <-ended:
		cancel()
		t.Fatalf("the server ended before it listened: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	return address
}

func generate(t testing.TB, driver NewDriver, plan *load.Plan, stopFeed func()) (window figure.Window, verdict figure.Verdict) {
	t.Helper()
	g := startGenerator(t, driver, plan)
	var opened int
	var begun bool
	g.ask(fmt.Sprint("open ", plan.Streams), &opened)
	g.ask("begin", &begun)
	time.Sleep(WindowLength) // the window itself: nothing is awaited by it
	g.ask("end", &window)
	stopFeed()
	g.ask("finish", &verdict)
	return window, verdict
}

// generator is a load generator at the other end of two pipes.
type generator struct {
	t        testing.TB
	commands *io.PipeWriter
	answers  *json.Decoder
}

func startGenerator(t testing.TB, driver NewDriver, plan *load.Plan) *generator {
	in, commands := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := load.Serve(plan, driver, in, out)
		_ = in.CloseWithError(err) // who still asks or waits is told why there is no answer
		_ = out.CloseWithError(err)
	}()
	t.Cleanup(func() {
		_ = commands.Close()
		_ = answers.Close()
		<-ended
	})
	return &generator{t: t, commands: commands, answers: json.NewDecoder(answers)}
}

func (g *generator) ask(command string, answer any) {
	g.t.Helper()
	if _, err := fmt.Fprintln(g.commands, command); err != nil {
		g.t.Fatalf("%s: %v", command, err)
	}
	if err := g.answers.Decode(answer); err != nil {
		g.t.Fatalf("%s: %v", command, err)
	}
}
