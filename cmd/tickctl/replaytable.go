package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"tickgate/pkg/client"
)

// player is what the keys of a playback do; a client's Replay, or a test's.
type player interface {
	Pause() error
	Resume() error
	Seek(time.Time) error
	SetSpeed(float64) error
}

// replayTable is the live table of a playback, with its clock above.
type replayTable struct {
	*table
	shown  *replayed
	player player
	from   time.Time // the earliest that can be sought; zero: the beginning of the recording

	status client.ReplayEvent
	sought time.Time // where the last seek went
	soon   time.Time // until when another seek begins there: its answer may be under way
}

const replayKeys = "space pause  ←→ seek 10 s  ↑↓ speed  m max  home begin  jk select  s sort  r reverse  / filter  q quit"

func newReplayTable(shown *replayed, p player, now func() time.Time) *replayTable {
	t := tableOf(shown, now)
	t.help = replayKeys
	status, _ := shown.now()
	return &replayTable{table: t, shown: shown, player: p, from: status.Clock, status: status}
}

// Update implements tea.Model.
func (t *replayTable) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		m.Height-- // the clock's line
		_, cmd := t.table.Update(m)
		return t, cmd
	case tea.KeyPressMsg:
		if t.mode == browsing && t.steer(m.String()) {
			return t, nil
		}
	}
	_, cmd := t.table.Update(msg)
	status, refused := t.shown.now()
	t.status = status
	if refused != "" {
		t.message = refused
	}
	return t, cmd
}

// View implements tea.Model.
func (t *replayTable) View() tea.View {
	view := t.table.View()
	view.Content = t.clockLine() + "\n" + t.render()
	return view
}

const (
	seekStep = 10 * time.Second
	seekSoon = time.Second
)

// steer does what a key of the playback stands for; false: it is the table's.
func (t *replayTable) steer(key string) bool {
	var err error
	switch key {
	case "space":
		if t.status.Phase == client.ReplayPaused {
			err = t.player.Resume()
		} else {
			err = t.player.Pause()
		}
	case "left":
		err = t.seek(-seekStep)
	case "right":
		err = t.seek(seekStep)
	case "home":
		err = t.player.Seek(t.from)
	case "up":
		err = t.player.SetSpeed(faster(t.status.Speed))
	case "down":
		err = t.player.SetSpeed(slower(t.status.Speed))
	case "m":
		err = t.player.SetSpeed(client.Unpaced())
	case "a", "x", "delete", "l": // there is nothing to add, remove or measure
	default:
		return false
	}
	t.message = ""
	if err != nil {
		t.message = err.Error()
	}
	return true
}

func (t *replayTable) seek(by time.Duration) error {
	from := t.status.Clock
	if t.now().Before(t.soon) {
		from = t.sought
	}
	t.sought, t.soon = from.Add(by), t.now().Add(seekSoon)
	if t.sought.Before(t.from) {
		t.sought = t.from
	}
	return t.player.Seek(t.sought)
}

// Speeds that keys go to, by factors of two.
const (
	leastKeySpeed = 1.0 / 64
	mostKeySpeed  = 1024
)

func faster(speed float64) float64 {
	if speed >= mostKeySpeed {
		return client.Unpaced()
	}
	return speed * 2
}

func slower(speed float64) float64 {
	if math.IsInf(speed, 1) {
		return mostKeySpeed
	}
	return max(speed/2, leastKeySpeed)
}

// clockLine says where the playback stands.
func (t *replayTable) clockLine() string {
	s := t.status
	mark := map[client.ReplayPhase]string{client.ReplayPlaying: "▶", client.ReplayPaused: "⏸", client.ReplayEnded: "■", client.ReplayFollowing: "●"}[s.Phase]
	line := headStyle.Render(mark + " " + clockText(s.Clock) + "  " + speedText(s.Speed))
	rest := "  " + s.Phase.String()
	if s.Late > 0 {
		rest += fmt.Sprintf("  %d events came too late to be put in order", s.Late)
	}
	return t.clip(line + dimStyle.Render(rest))
}

func clockText(at time.Time) string {
	if at.UnixNano() <= 0 {
		return "–"
	}
	return at.UTC().Format("2006-01-02 15:04:05.000")
}

func speedText(speed float64) string {
	if math.IsInf(speed, 1) {
		return maxSpeed
	}
	return "x" + strconv.FormatFloat(speed, 'g', 4, 64)
}
