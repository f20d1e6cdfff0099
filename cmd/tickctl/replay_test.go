package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
	"tickgate/pkg/tick"
)

func TestReplayTimes(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                     {},
		"2026-11-24T10:30:00Z": time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC),
		"10:30":                time.Date(2026, 11, 25, 10, 30, 0, 0, time.UTC),
		"10:30:15.5":           time.Date(2026, 11, 25, 10, 30, 15, 5e8, time.UTC),
		"-15m":                 now.Add(-15 * time.Minute),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "25:00", "-", "15m"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestReplayFlagsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{{"replay"}, {"replay", "A", "--speed", "0"}, {"replay", "A", "--speed", "fast"}, {"replay", "A", "--from", "noon"}, {"replay", "A", "--to", "noon"}} {
		if code, _, errs := tickctl(args...); code != exitUsage || errs == "" {
			t.Errorf("%q: exit code %d, %q", args, code, errs)
		}
	}
}

// TestReplayWritesLines of what was recorded, and ends with it.
func TestReplayWritesLines(t *testing.T) {
	config := gatewaytest.Config(t)
	config.Keep.MaxMessagesPerSubject = 0
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus())
	for price := range int64(3) {
		e := bid(100 + price)
		e.TsEvent = tick.Time(time.Now().UnixNano())
		market.Publish("AAA.X", e)
	}
	market.AwaitStored(3)
	code, out, errs := tickctl("replay", "--address", g.Addresses().GRPC, "--speed", "max", "AAA.X", "NO.SUCH")
	if code != exitOK || !strings.Contains(errs, "NO.SUCH is not played") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if !strings.Contains(line, fmt.Sprintf(`"bid":"1.0%d"`, i)) || i > 2 {
			t.Errorf("line %d is %s", i, line)
		}
	}
	if code, _, errs := tickctl("replay", "--address", g.Addresses().GRPC, "--from", "-1m", "--to", "-2m", "AAA.X"); code != exitFailed || !strings.Contains(errs, "RANGE") {
		t.Errorf("no range: exit code %d, %q", code, errs)
	}
}

// deck is a player that notes what it is told.
type deck struct {
	told   []string
	refuse error
}

func (d *deck) tell(format string, args ...any) error {
	d.told = append(d.told, fmt.Sprintf(format, args...))
	return d.refuse
}
func (d *deck) Pause() error             { return d.tell("pause") }
func (d *deck) Resume() error            { return d.tell("resume") }
func (d *deck) Seek(to time.Time) error  { return d.tell("seek %s", to.UTC().Format(time.TimeOnly)) }
func (d *deck) SetSpeed(s float64) error { return d.tell("speed %v", s) }

// TestReplayTable shows the clock and what is played, and its keys steer the playback.
func TestReplayTable(t *testing.T) {
	begin := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	shown, d, wall := newReplayed("gw:1", client.ReplayOptions{From: begin, Speed: 4}), &deck{}, begin
	table := newReplayTable(shown, d, func() time.Time { return wall })
	press := func(names ...string) {
		for _, name := range names {
			table.Update(map[string]tea.KeyPressMsg{
				"space": {Code: tea.KeySpace, Text: " "}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
				"home": {Code: tea.KeyHome}, "m": {Code: 'm', Text: "m"}, "a": {Code: 'a', Text: "a"},
			}[name])
		}
	}
	screen := func() string {
		table.Update(frameMsg{})
		return ansi.Strip(table.View().Content)
	}
	table.Update(tea.WindowSizeMsg{Width: 120, Height: 10})
	shown.take(client.ReplayEvent{Kind: client.ReplayUpdate, Clock: begin.Add(time.Minute), Update: client.Update{Ticker: client.Ticker{Symbol: "AAA.X", Bid: cents(1234), State: client.Live}}})
	text := screen()
	for _, want := range []string{"▶ 2026-11-25 10:01:00.000  x4  playing", "AAA.X", "12.34", "space pause"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if lines := strings.Count(text, "\n") + 1; lines != 10 {
		t.Errorf("%d lines on a terminal of 10", lines)
	}
	press("space", "left", "left", "right", "up", "down", "m", "home", "a")
	shown.take(client.ReplayEvent{Kind: client.ReplayStatus, Clock: begin.Add(time.Minute), Phase: client.ReplayPaused, Speed: client.Unpaced()})
	screen()
	wall = wall.Add(time.Minute)
	press("space", "right", "down")
	want := []string{"pause", "seek 10:00:50", "seek 10:00:40", "seek 10:00:50", "speed 8", "speed 2", "speed +Inf", "seek 10:00:00", "resume", "seek 10:01:10", "speed 1024"}
	if strings.Join(d.told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n%q, want\n%q", d.told, want)
	}
	shown.take(client.ReplayEvent{Kind: client.ReplayRefused, Err: errors.New("no such time")})
	if text := screen(); !strings.Contains(text, "no such time") {
		t.Errorf("a refusal is not shown:\n%s", text)
	}
	shown.end(errors.New("gone"))
	if text := screen(); !strings.Contains(text, "ended") || !bytes.Contains([]byte(text), []byte("AAA.X")) {
		t.Errorf("the end is not shown:\n%s", text)
	}
}
