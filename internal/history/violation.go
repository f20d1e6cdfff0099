package history

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is an invariant.
type Rule string

// The rules.
const (
	// RuleOrdered: within a stream, a symbol's (epoch, sequence) only grows; the snapshot after a repeated subscribe may repeat the last one.
	// Stream sequences are 1, 2, 3.
	RuleOrdered Rule = "ordered"
	// RuleConvergent: in a settled log every subscribed symbol that is not stale holds the publisher's last value, digit for digit.
	RuleConvergent Rule = "convergent"
	// RuleNoSilentLoss: from one update to the next the sequence grows by 1 + conflated + what gaps announced as missing; a change of epoch
	// needs a gap.
	RuleNoSilentLoss Rule = "no silent loss"
	// RuleConflated: no update counts more events as conflated than there were between it and the one before; none under NONE.
	RuleConflated Rule = "conflated count"
	// RuleSubscribedOnly: updates are of symbols and kinds that are subscribed at that moment, and an id names one symbol.
	RuleSubscribedOnly Rule = "subscribed only"
	// RuleAnswered: every command is answered once, in order, by the right message, each symbol in it once.
	RuleAnswered Rule = "answered once and in order"
	// RuleNotTorn: what a client holds after an update is the publisher's quote, trade and status as of the update's sequence.
	RuleNotTorn Rule = "not torn"
	// RuleStaleTold: a client is told within the bound that a symbol has become stale, and that it is live before the next update.
	RuleStaleTold Rule = "stale told"
	// RulePaced: at most one update per symbol and granted interval, also over many of them, and per batch; what is granted is echoed.
	RulePaced Rule = "paced"
	// RuleResumed: a subscription begins with a snapshot, or continues exactly where it resumed, or says that it cannot and begins with a
	// snapshot.
	RuleResumed Rule = "resumed"
)

// Violation is one place at which a rule is broken.
type Violation struct {
	Rule     Rule
	Symbol   string // empty if it concerns none
	Stream   int    // of the client's log, from 1
	Position int    // of the client's log, as in ClientLog.Entries
	Text     string
}

// String names all of it in one line.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: stream %d, entry %d", v.Rule, v.Stream, v.Position)
	if v.Symbol != "" {
		fmt.Fprintf(&b, ", symbol %q", v.Symbol)
	}
	b.WriteString(": ")
	b.WriteString(v.Text)
	return b.String()
}

// report gathers violations, so many of each rule.
type report struct {
	maxPerRule int
	found      []Violation
	counts     map[Rule]int
}

func newReport(maxPerRule int) *report {
	return &report{maxPerRule: maxPerRule, counts: make(map[Rule]int)}
}

func (r *report) add(v Violation) {
	r.counts[v.Rule]++
	if r.counts[v.Rule] <= r.maxPerRule {
		r.found = append(r.found, v)
	}
}

// violations returns what was found in the order of the log.
func (r *report) violations() []Violation {
	for i := range slices.Backward(r.found) {
		v := &r.found[i]
		if more := r.counts[v.Rule] - r.maxPerRule; more > 0 {
			v.Text += fmt.Sprintf(" (and %d more of this rule)", more)
			r.counts[v.Rule] = 0
		}
	}
	return r.found
}
