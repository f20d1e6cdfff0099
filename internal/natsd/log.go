package natsd

import (
	"fmt"
	"log/slog"
	"sync"
)

// bridge hands the server's log to slog. The server's notices are details for us, so they become debug lines. A fatal line is kept: the server would
// end the process after it, we return it from Start.
type bridge struct {
	log *slog.Logger

	mu    sync.Mutex
	fatal string // guarded by mu; the first one
}

func (b *bridge) Noticef(format string, v ...any) { b.log.Debug(line(format, v)) }
func (b *bridge) Warnf(format string, v ...any)   { b.log.Warn(line(format, v)) }
func (b *bridge) Errorf(format string, v ...any)  { b.log.Error(line(format, v)) }
func (b *bridge) Debugf(format string, v ...any)  { b.log.Debug(line(format, v)) }
func (b *bridge) Tracef(format string, v ...any)  { b.log.Debug(line(format, v)) }

func (b *bridge) Fatalf(format string, v ...any) {
	text := line(format, v)
	b.mu.Lock()
	if b.fatal == "" {
		b.fatal = text
	}
	b.mu.Unlock()
	b.log.Error(text)
}

func (b *bridge) failure() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fatal
}

func line(format string, v []any) string { return "nats-server: " + fmt.Sprintf(format, v...) }
