package main

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tickgate/pkg/client"
)

// How often the table is drawn, and for how long a changed value stands out.
const (
	tableFPS   = 20
	frameEvery = 100 * time.Millisecond
	flashFor   = 400 * time.Millisecond
	rateEvery  = time.Second
)

// source is what the table shows; a client, or a test's.
type source interface {
	Tickers() []client.Ticker
	State() client.StateChange
	Latency() []client.Distribution
	Buckets(client.Stage) []client.Bucket
	Subscribe(symbol string) error
	Unsubscribe(symbol string)
}

// live is the source that is a client.
type live struct {
	client     *client.Client
	conflation client.Conflation
}

func (l live) Tickers() []client.Ticker               { return slices.Collect(l.client.Book().All()) }
func (l live) State() client.StateChange              { return l.client.State() }
func (l live) Latency() []client.Distribution         { return l.client.Latency().Stages() }
func (l live) Buckets(s client.Stage) []client.Bucket { return l.client.Latency().Buckets(s) }

// commandTimeout is how long a person waits for the answer to a key.
const commandTimeout = 3 * time.Second

func (l live) Subscribe(symbol string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	_, err := l.client.Subscribe(ctx, l.conflation, symbol)
	return err
}

func (l live) Unsubscribe(symbol string) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	_ = l.client.Unsubscribe(ctx, symbol) // it is out of the Book whatever the gateway says
}

// table is the model of the live table.
type table struct {
	source source
	help   string // what keys do
	now    func() time.Time

	width, height int
	rows          []*row // as they are shown
	bySymbol      map[string]*row
	selected      string // symbol
	top           int    // index of the first row in view
	sortBy        int    // index in columns
	descending    bool
	filter        string
	mode          mode
	input         string // of the mode
	message       string // to the person, until the next key
	showLatency   bool
	stages        []stage   // as of rated
	rated         time.Time // when rates were computed last
	reconnects    int
	wasConnected  bool
	state         client.StateChange
}

// mode is what keys mean.
type mode uint8

const (
	browsing mode = iota
	filtering
	adding
)

// row is one symbol as it is shown.
type row struct {
	ticker   client.Ticker
	digits   digits
	rate     float64 // updates per second
	counted  uint64  // updates at the last rate
	bidMove  move
	askMove  move
	lastMove move
}

// move says when a value changed, and in which direction.
type move struct {
	up bool
	at time.Time
}

func newTable(c *client.Client, conflation client.Conflation) *table {
	return tableOf(live{c, conflation}, time.Now)
}

const tableKeys = "↑↓ select  s sort  r reverse  / filter  a add  x remove  l latency  q quit"

func tableOf(s source, now func() time.Time) *table {
	return &table{source: s, help: tableKeys, now: now, bySymbol: make(map[string]*row), width: 80, height: 24, state: s.State(), wasConnected: true}
}

type frameMsg time.Time

func nextFrame() tea.Cmd {
	return tea.Tick(frameEvery, func(t time.Time) tea.Msg { return frameMsg(t) })
}

// Init implements tea.Model.
func (t *table) Init() tea.Cmd {
	t.refresh()
	return nextFrame()
}

// Update implements tea.Model.
func (t *table) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case frameMsg:
		t.refresh()
		return t, nextFrame()
	case tea.WindowSizeMsg:
		t.width, t.height = m.Width, m.Height
	case tea.KeyPressMsg:
		return t, t.key(m.String(), m.Text)
	case subscribedMsg:
		t.message = m.text
		t.refresh()
	}
	return t, nil
}

// refresh takes what the source has now.
func (t *table) refresh() {
	now := t.now()
	t.noteState()
	seen := make(map[string]bool, len(t.bySymbol))
	for _, ticker := range t.source.Tickers() {
		seen[ticker.Symbol] = true
		r := t.bySymbol[ticker.Symbol]
		if r == nil {
			r = &row{ticker: ticker, counted: ticker.Updates}
			t.bySymbol[ticker.Symbol] = r
		}
		r.take(ticker, now)
	}
	for symbol := range t.bySymbol {
		if !seen[symbol] {
			delete(t.bySymbol, symbol)
		}
	}
	if passed := now.Sub(t.rated); passed >= rateEvery {
		for _, r := range t.bySymbol {
			if !t.rated.IsZero() {
				r.rate = float64(r.ticker.Updates-r.counted) / passed.Seconds()
			}
			r.counted = r.ticker.Updates
		}
		t.rated = now
		t.noteLatency()
	}
	t.arrange()
}

// noteLatency takes the latency of each stage, for the pane.
func (t *table) noteLatency() {
	t.stages = t.stages[:0]
	if !t.showLatency {
		return
	}
	for _, d := range t.source.Latency() {
		t.stages = append(t.stages, stage{d, histogram(t.source.Buckets(d.Stage))})
	}
}

// noteState counts how often the connection was lost.
func (t *table) noteState() {
	t.state = t.source.State()
	connected := t.state.State == client.Connected || t.state.State == client.AllStale
	if t.wasConnected && !connected && t.state.State == client.Reconnecting {
		t.reconnects++
	}
	t.wasConnected = connected
}

func (r *row) take(ticker client.Ticker, now time.Time) {
	r.bidMove.note(r.ticker.Bid, ticker.Bid, now)
	r.askMove.note(r.ticker.Ask, ticker.Ask, now)
	r.lastMove.note(r.ticker.Last, ticker.Last, now)
	r.ticker = ticker
	r.digits.note(&ticker)
}

func (m *move) note(before, after client.Decimal, now time.Time) {
	if before.Valid && after.Valid && before != after {
		*m = move{up: after.Float64() > before.Float64(), at: now}
	}
}

// arrange filters and sorts the rows, and keeps the selected one in view.
func (t *table) arrange() {
	t.rows = t.rows[:0]
	wanted := strings.ToUpper(t.filter)
	for symbol, r := range t.bySymbol {
		if strings.Contains(strings.ToUpper(symbol), wanted) {
			t.rows = append(t.rows, r)
		}
	}
	column := columns[t.sortBy]
	slices.SortFunc(t.rows, func(a, b *row) int {
		order := column.compare(a, b, t.now())
		if t.descending {
			order = -order
		}
		if order == 0 {
			return strings.Compare(a.ticker.Symbol, b.ticker.Symbol)
		}
		return order
	})
	at := t.selectedIndex()
	if at < 0 && len(t.rows) > 0 {
		at = 0
		t.selected = t.rows[0].ticker.Symbol
	}
	visible := max(1, t.visibleRows())
	t.top = min(max(t.top, at-visible+1), max(at, 0))
	t.top = max(0, min(t.top, len(t.rows)-visible))
}

func (t *table) selectedIndex() int {
	return slices.IndexFunc(t.rows, func(r *row) bool { return r.ticker.Symbol == t.selected })
}
