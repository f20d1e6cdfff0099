package feedsim_test

import (
	"context"
	"io"
	"testing"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// BenchmarkFeed is the way of an event from source to publisher, unpaced, with nobody who steers and without faults.
func BenchmarkFeed(b *testing.B) {
	publisher, err := publish.New(publish.DefaultConfig(), discard{})
	if err != nil {
		b.Fatal(err)
	}
	source := &same{left: b.N, item: feedsim.Item{Symbol: "A", Event: tick.Event{Kind: tick.KindQuote, Quote: tick.Quote{BidPrice: tick.Some(1)}}}}
	feed, err := feedsim.New(feedsim.Config{
		Open: func(tick.Time) (feedsim.Source, error) { return source, nil }, Passes: 1, Speed: pace.Unpaced(), Clock: pace.System(),
	}, publisher)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := feed.Run(context.Background()); err != nil {
		b.Fatal(err)
	}
}

type discard struct{}

func (discard) Publish(string, []byte) error { return nil }

// same gives one event again and again.
type same struct {
	left int
	item feedsim.Item
}

func (s *same) Next() (*feedsim.Item, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	s.left--
	return &s.item, nil
}

func (*same) Close() error { return nil }
