package gateway_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/fault"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// numbered is an event of a symbol as a publisher numbers it.
type numbered struct {
	symbol string
	event  tick.Event
}

// numberSample returns the events of the sample as they go out when nothing goes wrong.
func numberSample(t *testing.T) []numbered {
	t.Helper()
	var all []numbered
	c := publish.DefaultConfig()
	c.OnEvent = func(symbol string, e tick.Event) { all = append(all, numbered{symbol, e}) }
	publisher, err := publish.New(c, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := replay.New(sampleReplay(t, pace.Unpaced()), publisher)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return all
}

// nowhere is a bus that nobody reads.
type nowhere struct{}

func (nowhere) Publish(string, []byte) error { return nil }

// sampleReplay plays the first third of the sample, so that the race detector gets through it soon.
func sampleReplay(t *testing.T, speed pace.Speed) replay.Config {
	t.Helper()
	c := replay.DefaultConfig()
	c.Files, c.Speed, c.EventTime = cut(t, sampleFiles(), 20*time.Second), speed, feedsim.EventTimeIntended
	return c
}

// faultRun is a replay of the sample with faults, and what it came to.
type faultRun struct {
	log     []fault.Record
	epoch   uint64
	clients map[string]*history.ClientLog // by policy
}

// runFaults plays the sample through NATS and a gateway to clients over gRPC.
func runFaults(t *testing.T, speed pace.Speed, texts ...string) faultRun {
	t.Helper()
	var log bytes.Buffer
	c := sampleReplay(t, speed)
	c.Faults = fault.Config{Seed: 5, Log: &log}
	for _, text := range texts {
		f, err := fault.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Faults.Faults = append(c.Faults.Faults, f)
	}
	config := gatewaytest.Config(t)
	shortSilence(&config)
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus(), func(c *publish.Config) { c.HeartbeatEvery = 50 * time.Millisecond })
	clients := map[string]*gatewaytest.Stream{"LATEST": gatewaytest.OpenStream(t, g.Dial(t), nil), "NONE": gatewaytest.OpenStream(t, g.Dial(t), nil)}
	clients["LATEST"].Subscribe(gatewaytest.Latest(), demoSymbols)
	clients["NONE"].Subscribe(gatewaytest.None(), demoSymbols)
	played, err := market.ReplayAs(context.Background(), c)
	if err != nil || played.Lost != 0 || played.Refused != 0 {
		t.Fatalf("%+v, %v", played, err)
	}
	run := faultRun{epoch: market.Epoch(), clients: make(map[string]*history.ClientLog)}
	for policy, client := range clients {
		client.Await("the last values by "+policy, gatewaytest.HoldsLast(market, demoSymbols))
		client.Close()
		run.clients[policy] = client.Log()
	}
	if run.log, err = fault.ReadLog(&log); err != nil {
		t.Fatal(err)
	}
	if uint64(len(run.log)) != played.Faulted {
		t.Errorf("%d faults are logged, %d happened", len(run.log), played.Faulted)
	}
	return run
}

// silenceBound is what shortSilence leaves a client to be told in, on a busy machine; silence is a fault that is longer.
const silenceBound = time.Second + slowness*500*time.Millisecond

func silence(at time.Duration) string {
	return fault.Fault{Kind: fault.Silence, At: at, For: silenceBound + 300*time.Millisecond}.String()
}

// shortSilence has the gateway notice a silence soon, so that one need not be long.
func shortSilence(c *gateway.Config) {
	c.Feed.StaleAfter, c.Feed.SilenceCheck = 300*time.Millisecond, 50*time.Millisecond
}

// judge tells the history checker what would have gone out and, from a log, what went wrong with it.
func (r faultRun) judge(sample []numbered, log []fault.Record) []history.Violation {
	account := fault.NewAccount(log)
	published := history.NewPublisherLog()
	for _, n := range sample {
		n.event.Epoch = r.epoch
		if account.Taken(n.symbol, &n.event) {
			published.Published(n.symbol, n.event)
		} else {
			published.Omitted(n.symbol, n.event)
		}
	}
	options := history.Options{End: history.EndSettled, Bus: history.BusLosesNothing, StaleBound: silenceBound}
	for _, record := range log {
		if record.Fault == fault.Silence {
			options.Silences = append(options.Silences, history.Silence{From: record.Time, To: *record.Until})
		}
	}
	var found []history.Violation
	for _, client := range r.clients {
		found = append(found, history.Check(published, client, options)...)
	}
	return found
}

// TestFaultsOnPurpose injects each kind of fault into a replay. The checker, which knows from the log what went wrong, finds that clients were told the truth.
func TestFaultsOnPurpose(t *testing.T) {
	sample := numberSample(t)
	for _, c := range []struct {
		name   string
		speed  pace.Speed
		faults []string
	}{
		{"gap", pace.Unpaced(), []string{"gap rate=0.002 length=3"}},
		{"duplicate", pace.Unpaced(), []string{"duplicate rate=0.05 times=2"}},
		{"reorder", pace.Unpaced(), []string{"reorder rate=0.01 length=2"}},
		{"crossed", pace.Unpaced(), []string{"crossed rate=0.01"}},
		{"silence", 20, []string{silence(10 * time.Second)}},
		{"burst", 20, []string{"burst at=5s for=10s times=20"}},
		{"skew", pace.Unpaced(), []string{"skew by=-3s at=5s for=10s"}},
		{"failover", pace.Unpaced(), []string{"failover at=8s every=5s repeat=1000"}},
		{"all at once", 20, []string{
			"gap rate=0.002 length=3", "duplicate rate=0.01", "reorder rate=0.01 length=2", "crossed rate=0.01", "burst at=5s for=5s times=5", "skew by=1h",
			"failover at=8s every=5s repeat=1000", silence(15 * time.Second),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			run := runFaults(t, c.speed, c.faults...)
			for _, text := range c.faults {
				kind := must(fault.Parse(text)).Kind
				if !slices.ContainsFunc(run.log, func(r fault.Record) bool { return r.Fault == kind }) {
					t.Errorf("no %s happened", kind)
				}
			}
			for _, v := range run.judge(sample, run.log) {
				t.Error(v)
			}
		})
	}
}

// TestForgottenFaultIsFound: the check can fail. A log that leaves one fault out, of the kinds of which clients must be told, does not go with what they were told.
func TestForgottenFaultIsFound(t *testing.T) {
	t.Parallel()
	sample := numberSample(t)
	run := runFaults(t, 20, "gap rate=0.002 length=3", "reorder rate=0.005", "crossed rate=0.01")
	if found := run.judge(sample, run.log); len(found) > 0 {
		t.Fatalf("with the whole log: %v", found)
	}
	isOf := func(kind fault.Kind) func(fault.Record) bool {
		return func(r fault.Record) bool { return r.Fault == kind }
	}
	forgetOne := func(kind fault.Kind) []fault.Record {
		i := slices.IndexFunc(run.log, func(r fault.Record) bool { return r.Fault == kind && r.From > 500 }) // clients have begun by then
		if i < 0 {
			t.Fatalf("no %s in the middle", kind)
		}
		return slices.Delete(slices.Clone(run.log), i, i+1)
	}
	for _, c := range []struct {
		forgotten string
		log       []fault.Record
		want      history.Rule
	}{
		{"one gap", forgetOne(fault.Gap), history.RuleNoSilentLoss},
		{"one reordering", forgetOne(fault.Reorder), history.RuleNoSilentLoss},
		{"all crossed quotes", slices.DeleteFunc(slices.Clone(run.log), isOf(fault.Crossed)), history.RuleNotTorn}, // a single one may have been conflated
	} {
		found := run.judge(sample, c.log)
		if !slices.ContainsFunc(found, func(v history.Violation) bool { return v.Rule == c.want }) {
			t.Errorf("without %s: %v, want %q", c.forgotten, found, c.want)
		}
	}
}

// TestMadeUpSilenceIsFound: clients were not told of a silence that a log makes up.
func TestMadeUpSilenceIsFound(t *testing.T) {
	t.Parallel()
	sample := numberSample(t)
	run := runFaults(t, 20)
	var first time.Time
	for _, e := range run.clients["LATEST"].Entries() {
		if e.Received.GetBatch() != nil {
			first = e.At
			break
		}
	}
	until := first.Add(time.Hour)
	found := run.judge(sample, []fault.Record{{Fault: fault.Silence, Time: first.Add(-silenceBound), Until: &until}})
	if !slices.ContainsFunc(found, func(v history.Violation) bool { return v.Rule == history.RuleStaleTold }) {
		t.Errorf("found %v, want %q", found, history.RuleStaleTold)
	}
}
