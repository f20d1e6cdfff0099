package subscription_test

import (
	"strings"
	"testing"
	"time"

	"tickgate/pkg/subscription"
)

func TestFreshnessBoundsTheAgeOfWhatIsUnacknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.execute(func() {
			if got := s.session.SetFreshness(time.Second); got != time.Second {
				t.Errorf("granted %v", got)
			}
		})
		s.subscribe(latest, "A")
		begin := time.Now()
		for time.Since(begin) < 3*time.Second {
			a.quote()
			pass(100 * time.Millisecond)
		}
		var last message
		for _, m := range s.take() {
			if age := m.at.Sub(begin); age >= time.Second {
				t.Errorf("%s was sent %v after the first unacknowledged batch", m, age)
			}
			last = m
		}
		if s.held != subscription.HeldByAcknowledgement {
			t.Errorf("held by %d, want by acknowledgement", s.held)
		}
		s.acknowledge(last.batch)
		missed := a.last() - last.updates[0].record.Sequence - 1
		got := s.take()
		if len(got) != 1 || got[0].updates[0].conflated != missed {
			t.Errorf("after the acknowledgement came %v, want one update with %d conflated", got, missed)
		}
		g.tell(stale, a)
		pass(time.Second)
		s.expect("A stale") // states are not held back
	})
}

func TestAcknowledgementOfABatchThatWasNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		s.take()
		s.acknowledge(0)
		s.acknowledge(1)
		s.acknowledge(1)
		s.expect()
		s.acknowledge(2)
		if got := s.take(); len(got) != 1 || !strings.HasPrefix(got[0].answer, subscription.ErrAcknowledgement.Error()) {
			t.Errorf("received %v, want ErrAcknowledgement", got)
		}
	})
}

func TestFreshnessIsClampedAndTurnedOff(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.execute(func() {
			for wish, want := range map[time.Duration]time.Duration{
				time.Millisecond: 50 * time.Millisecond, time.Hour: time.Minute, -1: 0, 0: 0, 200 * time.Millisecond: 200 * time.Millisecond,
			} {
				if got := s.session.SetFreshness(wish); got != want {
					t.Errorf("SetFreshness(%v) = %v, want %v", wish, got, want)
				}
			}
			s.session.SetFreshness(50 * time.Millisecond)
		})
		s.subscribe(latest, "A")
		pass(time.Second)
		a.quote()
		pass(time.Second)
		s.expect("subscribed", "A@1!")
		s.execute(func() { s.session.SetFreshness(0) })
		s.expect("A@2")
	})
}

func TestFreshnessHoldsIntervalsToo(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.execute(func() { s.session.SetFreshness(100 * time.Millisecond) })
		s.subscribe(every(50*time.Millisecond), "A")
		for range 10 {
			pass(100 * time.Millisecond)
			a.quote()
		}
		pass(0)
		s.expect("subscribed", "A@1!")
		s.acknowledge(1)
		s.expect("A@11+9")
	})
}
