package subscription_test

import (
	"slices"
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// given returns what was received since the last call, and of each update whether its sequence was given or left out.
func (s *stream) given() (sequences []string) {
	s.g.t.Helper()
	for _, m := range s.take() {
		for _, u := range m.updates {
			text := u.String()
			if u.given == 0 {
				text += " implied"
			}
			sequences = append(sequences, text)
		}
	}
	return sequences
}

func (s *stream) expectGiven(want ...string) {
	s.g.t.Helper()
	if got := s.given(); !slices.Equal(got, want) {
		s.g.t.Errorf("received %q, want %q", got, want)
	}
}

// imply subscribes a symbol for a client that works out sequences.
func (s *stream) imply(conflation subscription.Conflation, kinds subscription.Kinds, name string) {
	s.g.t.Helper()
	symbol, err := s.g.table.Acquire(name)
	if err != nil {
		s.g.t.Fatal(err)
	}
	s.execute(func() {
		if _, err := s.session.Subscribe(subscription.Request{Symbol: symbol, Conflation: conflation, Kinds: kinds, Implied: true}); err != nil {
			s.g.t.Error(err)
		}
	})
}

func TestSequencesThatFollowAreImplied(t *testing.T) {
	for name, conflation := range map[string]subscription.Conflation{"latest": latest, "none": none, "interval": every(time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, g *gateway) {
				a := g.listed("A")
				s := g.attach(g.hub.NewConn())
				s.imply(conflation, 0, "A")
				s.expectGiven("A@1!")
				for range 2 {
					a.quote()
					pass(10 * time.Millisecond)
				}
				s.expectGiven("A@2 implied", "A@3 implied")
				a.lose(3)
				a.quote()
				pass(10 * time.Millisecond)
				a.quote()
				pass(10 * time.Millisecond)
				s.expectGiven("A@7", "A@8 implied") // after a gap it is given once
				a.scales.Price++
				a.quote()
				pass(10 * time.Millisecond)
				a.quote()
				pass(10 * time.Millisecond)
				s.expectGiven("A@9", "A@10 implied") // after an instrument, too
				a.restart()
				a.quote()
				pass(10 * time.Millisecond)
				a.quote()
				pass(10 * time.Millisecond)
				s.expectGiven("A@1!", "A@2 implied")
				s.imply(conflation, 0, "A")
				a.quote()
				pass(10 * time.Millisecond)
				s.expectGiven("A@2!", "A@3 implied")
				s.subscribe(conflation, "A")
				a.quote()
				pass(10 * time.Millisecond)
				s.expectGiven("A@3!", "A@4") // it does not ask for it any more
			})
		})
	}
}

func TestConflatedSequencesAreImplied(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.imply(every(100*time.Millisecond), 0, "A")
		s.expectGiven("A@1!")
		a.quotes(5)
		pass(150 * time.Millisecond)
		s.expectGiven("A@6+4 implied")
		a.quotes(2)
		a.lose(1)
		a.quotes(2)
		pass(100 * time.Millisecond)
		s.expectGiven("A@11+3")
	})
}

// TestSequencesAreImpliedAcrossKindsThatAreNotWanted, unless an event is missing among them.
func TestSequencesAreImpliedAcrossKindsThatAreNotWanted(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.imply(latest, subscription.Quotes, "A")
		step := func(kind tick.Kind) {
			if kind == tick.KindTrade {
				a.trade()
			} else {
				a.quote()
			}
			pass(time.Millisecond)
		}
		s.expectGiven("A@1!")
		step(tick.KindTrade)
		step(tick.KindTrade)
		step(tick.KindQuote)
		s.expectGiven("A@4+2 implied")
		step(tick.KindTrade)
		a.lose(1)
		step(tick.KindTrade) // the gap is told here
		step(tick.KindTrade)
		step(tick.KindQuote)
		s.expectGiven("A@9+3")
		step(tick.KindQuote)
		s.expectGiven("A@10 implied")
	})
}

func TestSequencesAreGivenAfterAResume(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		a.quotes(3)
		s := g.attach(g.hub.NewConn())
		symbol, err := g.table.Acquire("A")
		if err != nil {
			t.Fatal(err)
		}
		s.execute(func() {
			_, err := s.session.Subscribe(subscription.Request{
				Symbol: symbol, Conflation: latest, Resume: &subscription.Resume{Epoch: a.epoch, LastSequence: 2}, Implied: true,
			})
			if err != nil {
				t.Error(err)
			}
		})
		a.quote()
		pass(time.Millisecond)
		s.expectGiven("A@4+1", "A@5 implied")
	})
}
