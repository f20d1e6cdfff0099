package history_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// seeded makes the choices of a seed.
func seeded(seed uint64) picker {
	return rand.New(rand.NewPCG(seed, 0)).IntN
}

// TestHonestHistoryHasNoViolations: whatever an honest gateway, its publisher and its client do, nothing is found.
func TestHonestHistoryHasNoViolations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choice := rapid.Uint16()
		pick := func(n int) int { return int(choice.Draw(t, "choice")) % n }
		for _, v := range simulate(pick, rapid.IntRange(1, 200).Draw(t, "steps")).check() {
			t.Error(v)
		}
	})
}

func TestHonestHistoryHasNoViolationsOverSeeds(t *testing.T) {
	for seed := range uint64(100) {
		for _, v := range simulate(seeded(seed), 400).check() {
			t.Fatalf("seed %d: %s", seed, v)
		}
	}
}

// TestHonestHistoryOverABusThatLosesNothing: the simulator's gateway sees all that was not omitted.
func TestHonestHistoryOverABusThatLosesNothing(t *testing.T) {
	for seed := range uint64(100) {
		h := simulate(seeded(seed), 400)
		h.options.Bus = history.BusLosesNothing
		for _, v := range h.check() {
			t.Fatalf("seed %d: %s", seed, v)
		}
	}
}

// TestPublisherLogMayBeginLater: what came before the log is not held against the gateway.
func TestPublisherLogMayBeginLater(t *testing.T) {
	for seed := range uint64(50) {
		h := simulate(seeded(seed), 400)
		h.published = history.NewPublisherLog()
		for _, p := range h.events[len(h.events)/3:] {
			h.published.Published(p.symbol, p.event)
		}
		for _, v := range h.check() {
			t.Fatalf("seed %d: %s", seed, v)
		}
	}
}

// TestEmptyPublisherLog: the client's side is judged alone, and its bugs are found.
func TestEmptyPublisherLog(t *testing.T) {
	h := simulate(seeded(1), 400)
	h.published = history.NewPublisherLog()
	if found := h.check(); len(found) != 0 {
		t.Fatal(found)
	}
	accountBugs[3].sites(h)[0]()
	if found := h.check(); len(found) == 0 || found[0].Rule != history.RuleNoSilentLoss {
		t.Errorf("a lost update: found %v", found)
	}
}

// TestViolationsAreBounded: one rule that is broken everywhere does not hide the others, and says how often it is.
func TestViolationsAreBounded(t *testing.T) {
	s := newScript(latest)
	for sequence := range uint64(50) {
		s.publish(sequence + 1)
		s.update(sequence+1, 1000, 0)
	}
	found := history.Check(s.published, s.client, history.Options{MaxPerRule: 3})
	if len(found) != 3 {
		t.Fatalf("found %d violations, want 3", len(found))
	}
	const want = `not torn: stream 1, entry 5, symbol "A": after update 3 of epoch 7 is held: bid 1000; the publisher's quote of sequence 3 says: ` +
		`bid 3 (and 47 more of this rule)`
	if got := found[2].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCount(t *testing.T) {
	s := newScript(latest)
	s.update(3, 3, 2)
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Gap{Gap: &tickgatev1.Gap{Symbol: "A", From: 4, To: 6, Missing: 2, Reason: gapFeed}}})
	s.update(7, 7, 1)
	want := history.Counts{Updates: 2, Snapshots: 1, Conflated: 3, Missing: 2}
	if got := history.Count(s.client)["A"]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestStringOfBadText: what a violation says can be printed.
func TestStringOfBadText(t *testing.T) {
	v := history.Violation{Rule: history.RuleAnswered, Symbol: "A\r\nPUB", Text: "text"}
	if strings.Contains(v.String(), "\n") {
		t.Errorf("%q has a line break", v.String())
	}
}
