package bus_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

func mustSubjects(t rapid.TB, prefix string) bus.Subjects {
	t.Helper()
	subjects, err := bus.NewSubjects(prefix)
	if err != nil {
		t.Fatal(err)
	}
	return subjects
}

func TestPrefix(t *testing.T) {
	for _, prefix := range []string{"md", "market.data", "a_b-c.1"} {
		if all := mustSubjects(t, prefix).All(); all != prefix+".>" {
			t.Errorf("%s: all is %s", prefix, all)
		}
	}
	for _, prefix := range []string{"", ".", "md.", ".md", "md..x", "md.*", ">", "md >", "md\r\nPUB", "mä", "$JS"} {
		if _, err := bus.NewSubjects(prefix); !errors.Is(err, bus.ErrPrefix) {
			t.Errorf("%q: got %v, want ErrPrefix", prefix, err)
		}
	}
}

func TestSubjectsOfEvents(t *testing.T) {
	subjects := mustSubjects(t, bus.DefaultPrefix)
	for _, test := range []struct {
		kind            tick.Kind
		symbol, subject string
	}{
		{tick.KindQuote, "AAPL", "md.quote.AAPL"},
		{tick.KindTrade, "BRK.B", "md.trade.BRK%2EB"},
		{tick.KindStatus, "BTC/USD", "md.status.BTC%2FUSD"},
		{tick.KindQuote, "AAPL  250117C00150000", "md.quote.AAPL%20%20250117C00150000"},
		{tick.KindQuote, "*", "md.quote.%2A"},
		{tick.KindQuote, ">", "md.quote.%3E"},
		{tick.KindQuote, "$JS.API.>", "md.quote.%24JS%2EAPI%2E%3E"},
	} {
		if got := subjects.Event(test.kind, test.symbol); got != test.subject {
			t.Errorf("%s of %s is %s, want %s", test.kind, test.symbol, got, test.subject)
		}
		kind, symbol, err := subjects.ParseEvent(test.subject)
		if err != nil || kind != test.kind || symbol != test.symbol {
			t.Errorf("%s: got %v %q %v", test.subject, kind, symbol, err)
		}
	}
}

func TestBadSubjects(t *testing.T) {
	subjects := mustSubjects(t, "md.eu")
	for _, subject := range []string{
		"", "md", "md.eu", "md.eu.", "md.eu.quote", "md.eu.quote.", "md.us.quote.A", "md.quote.A", "md.eu.depth.A", "md.eu.Quote.A", "md.eu..A",
		"md.eu.quote.A.B", "md.eu.quote.*", "md.eu.quote.>", "md.eu.quote.%", "md.eu.quote.%2", "md.eu.quote.%2e", "md.eu.quote.%41", "md.eu.quote.%00",
		"md.eu.quote.%20A", "md.eu.quote." + strings.Repeat("A", 65), "md.eu.heartbeat.p", "xmd.eu.quote.A",
	} {
		if kind, symbol, err := subjects.ParseEvent(subject); !errors.Is(err, bus.ErrSubject) {
			t.Errorf("%q: got %v %q %v, want ErrSubject", subject, kind, symbol, err)
		}
	}
}

func TestHeartbeatSubjects(t *testing.T) {
	subjects := mustSubjects(t, bus.DefaultPrefix)
	if got := subjects.Heartbeat("sim.1"); got != "md.heartbeat.sim%2E1" || !subjects.IsHeartbeat(got) {
		t.Errorf("got %s", got)
	}
	for _, subject := range []string{"md.quote.A", "md.heartbeat", "xx.heartbeat.p", "md.heartbeats.p"} {
		if subjects.IsHeartbeat(subject) {
			t.Errorf("%s passes for a heartbeat", subject)
		}
	}
}

func TestSubjectsAreInjective(t *testing.T) {
	subjects := mustSubjects(t, bus.DefaultPrefix)
	symbols := rapid.StringMatching(`[!-~]([ -~]{0,62}[!-~])?`)
	kinds := rapid.SampledFrom([]tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus})
	rapid.Check(t, func(t *rapid.T) {
		kind, symbol := kinds.Draw(t, "kind"), symbols.Draw(t, "symbol")
		subject := subjects.Event(kind, symbol)
		if strings.Count(subject, ".") != 2 || strings.ContainsAny(subject, " *>\r\n\t") {
			t.Fatalf("%q is not one subject of three tokens", subject)
		}
		gotKind, gotSymbol, err := subjects.ParseEvent(subject)
		if err != nil || gotKind != kind || gotSymbol != symbol {
			t.Fatalf("%q: got %v %q %v", subject, gotKind, gotSymbol, err)
		}
	})
}
