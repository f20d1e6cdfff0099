package bus

import (
	"log/slog"
	"time"
)

// How often trouble is logged: NATS is tried several times a second for as long as it takes.
const (
	sameTroubleEvery  = 30 * time.Second
	otherTroubleEvery = time.Second // some texts name a port that is another one each time
)

// trouble logs why NATS cannot be used: wrong credentials look like a server that is not there yet, and only the log tells them apart. It belongs to
// the goroutine of nats.go that calls handlers.
type trouble struct {
	log    *slog.Logger
	said   string
	saidAt time.Time
}

func (t *trouble) report(message string, err error) {
	text, pause := err.Error(), otherTroubleEvery
	if text == t.said {
		pause = sameTroubleEvery
	}
	if t.said != "" && time.Since(t.saidAt) < pause {
		return
	}
	t.said, t.saidAt = text, time.Now()
	t.log.Warn(message, "error", text)
}
