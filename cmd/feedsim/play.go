package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/feedsim/publish"
)

// player is a feed that is ready to run.
type player interface {
	control.Feed
	Run(context.Context) error
	Progress() feedsim.Progress
}

// playback is one run of a command from its settings to its summary.
type playback struct {
	publishing publishing
	// open makes the player.
	open func(*publish.Publisher, *slog.Logger) (player, error)
	// position writes where the player is.
	position func(feedsim.Progress) string
	// more writes what the command adds to the summary.
	more func(io.Writer)
}

// play connects, plays to the end or until the context ends, and prints the summary. Being stopped is not an error.
func (p program) play(ctx context.Context, b playback) error {
	line := newStatusLine(p.stderr)
	log := slog.New(slog.NewTextHandler(line, nil))
	link, err := b.publishing.connect(ctx, b.publishing.publisher.Name, log)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	config := b.publishing.publisher
	config.Log = log
	publisher, err := publish.New(config, link)
	if err != nil {
		link.close()
		return err
	}
	player, err := b.open(publisher, log)
	if err != nil {
		link.close()
		return err
	}
	stopControl, err := b.publishing.steer(link, player, log)
	if err != nil {
		link.close()
		return err
	}
	stopStatus := line.follow(player, b.position)
	err = player.Run(ctx)
	stopStatus()
	stopControl()
	outcome := "end of data"
	if errors.Is(err, context.Canceled) {
		outcome, err = "stopped", nil
	} else if err != nil {
		outcome = "failed"
	}
	err = errors.Join(err, link.finish())
	p.summary(outcome, player.Progress())
	if b.more != nil {
		b.more(p.stdout)
	}
	return err
}

// steer has commands answered until the function that it returns is called, which waits for the last one.
func (s *publishing) steer(link *link, feed control.Feed, log *slog.Logger) (stop func(), err error) {
	if s.controlName == "" {
		return func() {}, nil
	}
	server, err := control.Listen(link.Conn, s.control(log), feed)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}, nil
}

func (p program) summary(outcome string, s feedsim.Progress) {
	fmt.Fprintf(p.stdout, "feedsim: %s\n", outcome)
	fmt.Fprintf(p.stdout, "  published     %d events in %d messages, %d symbols\n", s.Published, s.Messages, s.Symbols)
	fmt.Fprintf(p.stdout, "  lost          %d (NATS was away; consumers see the gap)\n", s.Lost)
	fmt.Fprintf(p.stdout, "  refused       %d (did not fit the scale of their symbol)\n", s.Refused)
	if s.Faulted > 0 {
		fmt.Fprintf(p.stdout, "  faults        %d on purpose\n", s.Faulted)
	}
	fmt.Fprintf(p.stdout, "  duration      %v, %.0f events/s, %d whole passes\n", s.Elapsed.Round(time.Millisecond), perSecond(s.Published, s.Elapsed), s.Passes)
	fmt.Fprintf(p.stdout, "  greatest lag  %v behind the schedule\n", s.MaxLag.Round(time.Microsecond))
}

func perSecond(events uint64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(events) / d.Seconds()
}
