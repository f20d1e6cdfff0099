package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"tickgate/internal/feedsim"
)

// statusEvery is how often the line is drawn.
const statusEvery = 500 * time.Millisecond

// clearLine goes to the first column of a terminal and clears the line.
const clearLine = "\r\x1b[K"

// statusLine is a terminal's last line, drawn again and again below what else is written. Anywhere else it only writes.
type statusLine struct {
	// Immutable after newStatusLine.
	out        io.Writer
	isTerminal bool

	mu sync.Mutex // held while writing to out
}

func newStatusLine(out io.Writer) *statusLine {
	file, ok := out.(*os.File)
	return &statusLine{out: out, isTerminal: ok && term.IsTerminal(int(file.Fd()))}
}

// Write writes above the line.
func (l *statusLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isTerminal {
		if _, err := io.WriteString(l.out, clearLine); err != nil {
			return 0, err
		}
	}
	return l.out.Write(b)
}

// follow draws where the player is until the function that it returns is called.
func (l *statusLine) follow(p player, position func(feedsim.Progress) string) (stop func()) {
	var last feedsim.Progress
	return l.drawAgain(func() string {
		now := p.Progress()
		text := status(now, last, position)
		last = now
		return text
	})
}

// drawAgain draws a text again and again until the function that it returns is called, which waits for the drawing to end and clears the line.
func (l *statusLine) drawAgain(text func() string) (stop func()) {
	if !l.isTerminal {
		return func() {}
	}
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(statusEvery)
		defer ticker.Stop()
		for {
			select {
			case <-stopping:
				l.draw("")
				return
			case <-ticker.C:
			}
			l.draw(text())
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

func (l *statusLine) draw(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.out, clearLine+text) // nobody to tell that the terminal is gone
}

// status is the text of the line: position, published, the rate since last, lag, lost.
func status(now, last feedsim.Progress, position func(feedsim.Progress) string) string {
	rate := perSecond(now.Published-last.Published, now.Elapsed-last.Elapsed)
	text := fmt.Sprintf("%s  %d published  %.0f/s  lag %v", position(now), now.Published, rate, now.Lag.Round(100*time.Microsecond))
	if now.Lost > 0 {
		text += fmt.Sprintf("  %d lost", now.Lost)
	}
	return text
}
