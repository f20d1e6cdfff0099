package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tickgate/pkg/client"
)

// market is a source whose tickers the test sets.
type market struct {
	tickers    []client.Ticker
	state      client.StateChange
	subscribed []string
	refuse     error
}

func (m *market) Tickers() []client.Ticker  { return m.tickers }
func (m *market) State() client.StateChange { return m.state }
func (m *market) Latency() []client.Distribution {
	return []client.Distribution{{Stage: client.StageGateway, Count: 5, P50: time.Millisecond, P99: 10 * time.Millisecond, P999: 20 * time.Millisecond, Max: 30 * time.Millisecond}}
}
func (m *market) Buckets(client.Stage) []client.Bucket {
	return []client.Bucket{{UpTo: time.Millisecond, Count: 4}, {UpTo: 30 * time.Millisecond, Count: 1}}
}
func (m *market) Subscribe(symbol string) error {
	m.subscribed = append(m.subscribed, symbol)
	return m.refuse
}
func (m *market) Unsubscribe(symbol string) {
	for i := range m.tickers {
		if m.tickers[i].Symbol == symbol {
			m.tickers = append(m.tickers[:i], m.tickers[i+1:]...)
			return
		}
	}
}

func cents(mantissa int64) client.Decimal {
	return client.Decimal{Mantissa: mantissa, Scale: 2, Valid: true}
}

// desk is a table over three symbols with a clock that the test moves.
type desk struct {
	*table
	market *market
	clock  time.Time
}

func newDesk() *desk {
	d := &desk{clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), market: &market{state: client.StateChange{State: client.Connected, Address: "gw:1"}}}
	for i, symbol := range []string{"AAA.X", "BBB.X", "CCC.Y"} {
		price := int64(30_000 - 10_000*i)
		d.market.tickers = append(d.market.tickers, client.Ticker{
			Symbol: symbol, State: client.Live, Bid: cents(price), Ask: cents(price + 5), Last: cents(price + 1), Received: d.clock, Updates: 10,
		})
	}
	d.table = tableOf(d.market, func() time.Time { return d.clock })
	d.width, d.height = 160, 20
	d.Init()
	return d
}

// press types keys and runs what they start.
func (d *desk) press(names ...string) {
	for _, name := range names {
		text := ""
		if len(name) == 1 {
			text = name
		}
		if cmd := d.key(name, text); cmd != nil {
			d.Update(cmd())
		}
	}
}

func (d *desk) lines() []string { return strings.Split(ansi.Strip(d.render()), "\n") }

func (d *desk) symbols() (all []string) {
	for _, r := range d.rows {
		all = append(all, r.ticker.Symbol)
	}
	return all
}

func (d *desk) wantSymbols(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(d.symbols(), " "); got != strings.Join(want, " ") {
		t.Errorf("rows %s, want %s", got, strings.Join(want, " "))
	}
}

func TestTableShowsTickers(t *testing.T) {
	d := newDesk()
	lines := d.lines()
	for i, want := range []string{"live", "symbol", "AAA.X", "BBB.X", "CCC.Y"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, want it with %q", i, lines[i], want)
		}
	}
	if !strings.Contains(lines[2], "300.00") || !strings.Contains(lines[2], "300.05") || !strings.Contains(lines[2], "0.05") {
		t.Errorf("%q, want bid, ask and spread", lines[2])
	}
}

// TestDecimalsAreThoseThatAreNeeded: two at least, more when a price has more, and from then on.
func TestDecimalsAreThoseThatAreNeeded(t *testing.T) {
	d := newDesk()
	d.Update(tea.WindowSizeMsg{Width: 140, Height: 24})
	for _, tt := range []struct {
		mantissa int64
		want     string
	}{{6_173_598_000_000, " 61735.98 "}, {6_173_600_000_000, " 61736.00 "}, {6_173_600_100_000, " 61736.001 "}, {6_173_700_000_000, " 61737.000 "}} {
		d.market.tickers[0].Bid = client.Decimal{Mantissa: tt.mantissa, Scale: 8, Valid: true}
		d.market.tickers[0].Volume = client.Decimal{Mantissa: 1500, Scale: 3, Valid: true}
		d.Update(frameMsg(d.clock))
		d.clock = d.clock.Add(flashFor)
		d.Update(frameMsg(d.clock))
		if line := d.lines()[2]; !strings.Contains(line, tt.want) || !strings.Contains(line, " 1.5 ") {
			t.Errorf("%q, want%sand a volume of 1.5", line, tt.want)
		}
	}
}

func TestTableSortsAndFilters(t *testing.T) {
	d := newDesk()
	d.press("s") // by bid
	d.wantSymbols(t, "CCC.Y", "BBB.X", "AAA.X")
	d.press("r")
	d.wantSymbols(t, "AAA.X", "BBB.X", "CCC.Y")
	d.press("/", "x", "enter")
	d.wantSymbols(t, "AAA.X", "BBB.X")
	d.press("/", "z")
	if text := strings.Join(d.lines(), "\n"); !strings.Contains(text, `no symbol contains "xz"`) {
		t.Errorf("%s", text)
	}
	d.press("esc")
	d.wantSymbols(t, "AAA.X", "BBB.X", "CCC.Y")
}

func TestTableAddsAndRemoves(t *testing.T) {
	d := newDesk()
	d.press("a", "N", "E", "W", "backspace", "enter")
	if len(d.market.subscribed) != 1 || d.market.subscribed[0] != "NE" {
		t.Errorf("subscribed %v, want NE", d.market.subscribed)
	}
	d.market.refuse = errors.New("no room for it")
	d.press("a", "B", "enter")
	if text := strings.Join(d.lines(), "\n"); !strings.Contains(text, "no room for it") {
		t.Errorf("the refusal is not shown: %s", text)
	}
	d.press("down", "x")
	d.wantSymbols(t, "AAA.X", "CCC.Y")
}

func TestChangesFlashAndFade(t *testing.T) {
	d := newDesk()
	d.market.tickers[0].Bid = cents(30_001)
	d.market.tickers[1].Bid = cents(1)
	d.Update(frameMsg(d.clock))
	if lines := d.lines(); !strings.Contains(lines[2], " 300.01▲") || !strings.Contains(lines[3], " 0.01▼") {
		t.Errorf("%q and %q, want arrows up and down", lines[2], lines[3])
	}
	d.clock = d.clock.Add(flashFor)
	d.Update(frameMsg(d.clock))
	if lines := d.lines(); strings.ContainsAny(lines[2]+lines[3], "▲▼") {
		t.Errorf("%q, want no arrows after %v", lines[2], flashFor)
	}
}

func TestRatesAndReconnects(t *testing.T) {
	d := newDesk()
	d.market.tickers[0].Updates += 40
	d.market.state = client.StateChange{State: client.Reconnecting, Why: "the gateway is gone", Retry: time.Second}
	d.clock = d.clock.Add(2 * time.Second)
	d.Update(frameMsg(d.clock))
	lines := d.lines()
	if !strings.Contains(lines[0], "reconnecting") || !strings.Contains(lines[0], "the gateway is gone") || !strings.Contains(lines[0], "1 reconnects") {
		t.Errorf("status %q", lines[0])
	}
	if !strings.Contains(lines[2], "20.0") {
		t.Errorf("%q, want 20 updates a second", lines[2])
	}
}

func TestNarrowTerminals(t *testing.T) {
	for _, width := range []int{10, 40, 60, 80, 200} {
		d := newDesk()
		d.press("l")
		d.Update(tea.WindowSizeMsg{Width: width, Height: 12})
		lines := d.lines()
		for _, line := range lines {
			if ansi.StringWidth(line) > width {
				t.Errorf("at %d columns a line has %d: %q", width, ansi.StringWidth(line), line)
			}
		}
		if len(lines) > 13 {
			t.Errorf("%d lines on a terminal of 12", len(lines))
		}
	}
}

func TestLatencyPane(t *testing.T) {
	d := newDesk()
	if strings.Contains(strings.Join(d.lines(), "\n"), "p99.9") {
		t.Error("the pane is shown before it was asked for")
	}
	d.press("l")
	if text := strings.Join(d.lines(), "\n"); !strings.Contains(text, "gateway") || !strings.Contains(text, "10ms") || !strings.Contains(text, "█") {
		t.Errorf("%s", text)
	}
}

// TestSmallHistogram has a bar where the axis says that its values are, as high as its share of the highest.
func TestSmallHistogram(t *testing.T) {
	got := []rune(histogram([]client.Bucket{{UpTo: 0, Count: 1}, {UpTo: time.Millisecond, Count: 800}, {UpTo: 10 * time.Millisecond, Count: 400}, {UpTo: time.Minute, Count: 1}}))
	for _, want := range []struct {
		under string
		bar   rune
	}{{"10µs", '▁'}, {"1ms", '█'}, {"10ms", '▄'}, {"1s", '▁'}} {
		before, _, _ := strings.Cut(" "+histogramAxis+" ", " "+want.under+" ")
		if at := utf8.RuneCountInString(before); at >= len(got) || got[at] != want.bar {
			t.Errorf("%q, want %c under %s of\n%q", string(got), want.bar, want.under, histogramAxis)
		}
	}
	if blanks := strings.Count(string(got), " "); blanks != histogramBars-4 {
		t.Errorf("%q, want four bars", string(got))
	}
	if got := histogram(nil); got != "" {
		t.Errorf("%q of nothing", got)
	}
}

// TestFlashingTakesNoRoom: an arrow pushes no digit out of its column, and the selected row stays marked from end to end.
func TestFlashingTakesNoRoom(t *testing.T) {
	d := newDesk()
	wide := client.Decimal{Mantissa: 1_234_567_890_234, Scale: 3, Valid: true} // as wide as its column
	d.market.tickers[0].Bid, d.market.tickers[0].Last = wide, wide
	d.Update(frameMsg(d.clock))
	wide.Mantissa++
	d.market.tickers[0].Bid = wide
	d.clock = d.clock.Add(flashFor)
	d.Update(frameMsg(d.clock))
	lines := d.lines()
	if !strings.Contains(lines[2], " "+wide.String()+"▲") {
		t.Errorf("%q, want all digits of %s and an arrow", lines[2], wide)
	}
	raw := strings.Split(d.render(), "\n")[2]
	for cell := range strings.SplitSeq(strings.TrimSuffix(raw, "\x1b[m"), "\x1b[m") {
		if style, _, _ := strings.Cut(strings.TrimPrefix(cell, "\x1b["), "m"); !slices.Contains(strings.Split(style, ";"), "7") {
			t.Errorf("%q of the selected row is not reversed", cell)
		}
	}
}

func TestScrollingKeepsTheSelectedRowInView(t *testing.T) {
	d := newDesk()
	for i := range 100 {
		d.market.tickers = append(d.market.tickers, client.Ticker{Symbol: "D" + string(rune('A'+i/26)) + string(rune('A'+i%26)), State: client.Live})
	}
	d.Update(frameMsg(d.clock))
	d.press("end")
	if at := d.selectedIndex(); at != 102 || d.top+d.visibleRows() != 103 {
		t.Errorf("selected %d, top %d, want the last row at the bottom", at, d.top)
	}
	d.press("home")
	if d.top != 0 {
		t.Errorf("top %d after home", d.top)
	}
}
