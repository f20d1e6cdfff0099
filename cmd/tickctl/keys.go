package main

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// key does what a key stands for.
func (t *table) key(name, text string) tea.Cmd {
	if name == "ctrl+c" {
		return tea.Quit
	}
	if t.mode != browsing {
		return t.typed(name, text)
	}
	t.message = ""
	switch name {
	case "q":
		return tea.Quit
	case "up", "k":
		t.move(-1)
	case "down", "j":
		t.move(1)
	case "pgup":
		t.move(-t.visibleRows())
	case "pgdown", "space":
		t.move(t.visibleRows())
	case "home":
		t.move(-len(t.rows))
	case "end":
		t.move(len(t.rows))
	case "s", "right":
		t.sortBy = (t.sortBy + 1) % len(columns)
	case "S", "left":
		t.sortBy = (t.sortBy + len(columns) - 1) % len(columns)
	case "r":
		t.descending = !t.descending
	case "l":
		t.showLatency = !t.showLatency
		t.noteLatency()
	case "/":
		t.mode, t.input = filtering, t.filter
	case "a":
		t.mode, t.input = adding, ""
	case "esc":
		t.filter = ""
	case "x", "delete":
		return t.removeSelected()
	}
	t.arrange()
	return nil
}

// typed takes a key while a person types.
func (t *table) typed(name, text string) tea.Cmd {
	switch name {
	case "esc":
		if t.mode == filtering {
			t.filter = ""
		}
		t.mode = browsing
	case "enter":
		adds := t.mode == adding && t.input != ""
		t.mode = browsing
		if adds {
			return t.add(strings.TrimSpace(t.input))
		}
	case "backspace":
		if _, size := utf8.DecodeLastRuneInString(t.input); size > 0 {
			t.input = t.input[:len(t.input)-size]
		}
	default:
		t.input += text
	}
	if t.mode == filtering {
		t.filter = t.input
	}
	t.arrange()
	return nil
}

// subscribedMsg says how adding or removing a symbol went.
type subscribedMsg struct{ text string }

// add subscribes a symbol, without holding the table up.
func (t *table) add(symbol string) tea.Cmd {
	source := t.source
	t.message = "adding " + symbol + " …"
	return func() tea.Msg {
		if err := source.Subscribe(symbol); err != nil {
			return subscribedMsg{err.Error()}
		}
		return subscribedMsg{"added " + symbol}
	}
}

func (t *table) removeSelected() tea.Cmd {
	symbol, source := t.selected, t.source
	if symbol == "" || t.bySymbol[symbol] == nil {
		return nil
	}
	t.move(1)
	return func() tea.Msg {
		source.Unsubscribe(symbol)
		return subscribedMsg{"removed " + symbol}
	}
}

// move selects another row.
func (t *table) move(by int) {
	if len(t.rows) == 0 {
		return
	}
	at := min(max(t.selectedIndex()+by, 0), len(t.rows)-1)
	t.selected = t.rows[at].ticker.Symbol
	t.arrange()
}
