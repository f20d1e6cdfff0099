package main

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"tickgate/pkg/client"
)

// Colours that people who do not tell red from green can tell apart; arrows say the same without any.
var (
	upStyle   = lipgloss.NewStyle().Foreground(lipgloss.Color("39")).Bold(true)  // blue
	downStyle = lipgloss.NewStyle().Foreground(lipgloss.Color("208")).Bold(true) // orange
	dimStyle  = lipgloss.NewStyle().Faint(true)
	headStyle = lipgloss.NewStyle().Bold(true)
	barStyle  = lipgloss.NewStyle().Foreground(lipgloss.Color("39"))
	warnStyle = lipgloss.NewStyle().Foreground(lipgloss.Color("214"))
)

// View implements tea.Model.
func (t *table) View() tea.View {
	view := tea.NewView(t.render())
	view.AltScreen = true
	view.WindowTitle = "tickctl"
	return view
}

// Lines around the rows: status, heads, a blank, keys.
const linesAround = 4

func (t *table) visibleRows() int {
	rows := t.height - linesAround
	if t.showLatency {
		rows -= latencyLines
	}
	return max(1, rows)
}

func (t *table) render() string {
	now := t.now()
	lines := []string{t.statusLine(), t.headLine()}
	for i := t.top; i < min(t.top+t.visibleRows(), len(t.rows)); i++ {
		lines = append(lines, t.rowLine(t.rows[i], now))
	}
	if len(t.rows) == 0 {
		lines = append(lines, dimStyle.Render(t.emptyText()))
	}
	for len(lines) < t.visibleRows()+2 {
		lines = append(lines, "")
	}
	if t.showLatency {
		lines = append(lines, t.latencyPane()...)
	}
	lines = append(lines, "", t.bottomLine())
	return strings.Join(lines, "\n")
}

func (t *table) emptyText() string {
	if t.filter != "" {
		return fmt.Sprintf("no symbol contains %q; esc shows all", t.filter)
	}
	return "no symbols; a adds one"
}

// statusLine says what the connection is at.
func (t *table) statusLine() string {
	s := t.state
	text := s.State.String()
	switch s.State {
	case client.Connected:
		text = upStyle.Render("● " + text)
	case client.AllStale, client.Reconnecting, client.Connecting:
		text = warnStyle.Render("○ " + text)
		if s.Why != "" {
			text += dimStyle.Render("  " + s.Why)
		}
		if s.Retry > 0 {
			text += dimStyle.Render(fmt.Sprintf("  again in %v", s.Retry.Round(100*time.Millisecond)))
		}
	}
	right := fmt.Sprintf("  %s  %d symbols", s.Address, len(t.bySymbol))
	if t.reconnects > 0 {
		right += fmt.Sprintf("  %d reconnects", t.reconnects)
	}
	return t.clip(text + dimStyle.Render(right))
}

// shown are the columns that the terminal is wide enough for.
func (t *table) shown() (indexes []int) {
	for i, c := range columns {
		if t.width >= c.need {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

func (t *table) headLine() string {
	var b strings.Builder
	for _, i := range t.shown() {
		title := columns[i].title
		if i == t.sortBy {
			mark := "↑"
			if t.descending {
				mark = "↓"
			}
			title += mark
		}
		b.WriteString(columns[i].fit(title))
	}
	return t.clip(headStyle.Render(b.String()))
}

func (t *table) rowLine(r *row, now time.Time) string {
	stale := r.ticker.State == client.Stale || r.ticker.State == client.Pending
	look := lipgloss.NewStyle().Reverse(r.ticker.Symbol == t.selected).Faint(stale)
	var b strings.Builder
	for _, i := range t.shown() {
		c := columns[i]
		cell, style := c.fit(c.text(r, now)), look
		if c.move != nil && !stale {
			if m := c.move(r); !m.at.IsZero() && now.Sub(m.at) < flashFor {
				cell, style = m.mark(cell), m.style().Inherit(look)
			}
		}
		b.WriteString(style.Render(cell)) // each by itself: the end of one's colours would end the row's
	}
	return t.clip(b.String())
}

// mark puts an arrow behind a value that has just changed, for those who see no colours, in the place of the blank there.
func (m *move) mark(cell string) string {
	arrow := "▼"
	if m.up {
		arrow = "▲"
	}
	return strings.TrimSuffix(cell, " ") + arrow
}

func (m *move) style() lipgloss.Style {
	if m.up {
		return upStyle
	}
	return downStyle
}

// fit brings a text to the column's width, with a blank behind it.
func (c column) fit(text string) string {
	if room := c.width - 1; lipgloss.Width(text) > room {
		runes := []rune(text)
		text = string(runes[:room-1]) + "…"
	}
	pad := strings.Repeat(" ", c.width-1-lipgloss.Width(text))
	if c.left {
		return text + pad + " "
	}
	return pad + text + " "
}

func (t *table) bottomLine() string {
	switch t.mode {
	case filtering:
		return t.clip("filter: " + t.input + "█  (enter keeps it, esc ends it)")
	case adding:
		return t.clip("add symbol: " + t.input + "█  (enter, or esc)")
	}
	if t.message != "" {
		return t.clip(warnStyle.Render(t.message))
	}
	return t.clip(dimStyle.Render(t.help))
}

func (t *table) clip(line string) string {
	return lipgloss.NewStyle().MaxWidth(max(t.width, 10)).Render(line)
}
