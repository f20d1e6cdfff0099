package historytest

import (
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// AtOnce is a transport that all messages leave by while they are handed over.
func AtOnce(session *subscription.Session) Transport { return atOnce{session} }

type atOnce struct{ session *subscription.Session }

// leave hands a message over and has it leave. What it weighs does not matter.
func (t atOnce) leave() {
	t.session.Handed(answerBytes)
	t.session.Left(answerBytes)
}

// Transport.

func (t atOnce) Begin(time.Time) {}

func (t atOnce) Announce(*subscription.Symbol, *tick.Record, *subscription.State) {}

func (t atOnce) Append(*subscription.Update) subscription.Room { return subscription.MoreRoom }

func (t atOnce) SendBatch(uint64) { t.leave() }

func (t atOnce) SendGap(subscription.Gap) { t.leave() }

func (t atOnce) SendState(*subscription.Symbol, *subscription.State) { t.leave() }

func (t atOnce) SendAnswer(int) { t.leave() }

func (t atOnce) Recycle() {}

func (t atOnce) Care(time.Time) {}
