package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"tickgate/internal/feedsim/record"
	"tickgate/internal/settings"
)

func (p program) record(ctx context.Context, args []string) error {
	set := settings.New("feedsim record", envPrefix)
	set.IgnoreEnv(settings.ProjectVariables()...)
	set.Description = "Writes the quotes, trades and statuses of the bus to files in a folder, until it is stopped. Events that are missing are stated in a gaps file beside them."
	config, connecting := record.DefaultConfig(), defaultConnecting()
	format, duration := config.Format.String(), time.Duration(0)
	flags := set.Flags()
	flags.StringVar(&config.Directory, "directory", config.Directory, "`folder` to write to; it is made if it is not there")
	flags.StringVar(&format, "format", format, "`format` of the files: "+strings.Join(record.FormatNames(), ", "))
	flags.DurationVar(&config.RotateEvery, "rotate-every", config.RotateEvery, "begin new files at multiples of this `time`, UTC")
	flags.Int64Var(&config.RotateBytes, "rotate-bytes", config.RotateBytes, "begin new files after so many `bytes`, before compression")
	flags.DurationVar(&config.FlushEvery, "flush-every", config.FlushEvery, "how much `time` of events a kill may cost at most")
	flags.IntVar(&config.PendingMessages, "pending-messages", config.PendingMessages, "how many `messages` wait when the disk does not keep up; more are lost, and stated as missing")
	flags.Uint64Var(&config.MaxEvents, "count", config.MaxEvents, "`events` after which it ends; 0: no bound")
	flags.DurationVar(&duration, "duration", duration, "`time` after which it ends; 0: no bound")
	registerPrefix(set, &config.Prefix)
	connecting.register(set)
	err := set.Load(args, p.environ, p.stdout)
	if err != nil {
		return usageError{err}
	}
	if config.Format, err = record.ParseFormat(format); err != nil {
		return usageError{set.Check("format", err)}
	}
	if duration < 0 {
		return usageError{set.Check("duration", errors.New("give 0 or more"))}
	}
	if err := config.Validate(); err != nil {
		return usageError{err}
	}
	if duration > 0 {
		bounded, cancel := context.WithTimeout(ctx, duration)
		defer cancel()
		ctx = bounded
	}
	return p.recordBus(ctx, config, connecting)
}

// recordBus connects, records until the context ends, and prints the summary.
func (p program) recordBus(ctx context.Context, config record.Config, connecting connecting) error {
	line := newStatusLine(p.stderr)
	log := slog.New(slog.NewTextHandler(line, nil))
	link, err := connecting.connect(ctx, "recorder", log)
	if ctx.Err() != nil && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer link.close()
	config.Log = log
	recorder, err := record.New(config)
	if err != nil {
		return err
	}
	stopStatus := line.drawAgain(func() string {
		c := recorder.Counters()
		return fmt.Sprintf("%d events  %d missing", c.Events, c.Missing)
	})
	began := time.Now()
	err = recorder.Run(ctx, link.Conn, func() { fmt.Fprintln(p.stdout, "feedsim: recording to", config.Directory) })
	stopStatus()
	p.recordSummary(recorder.Counters(), time.Since(began))
	return err
}

func (p program) recordSummary(c record.Counters, d time.Duration) {
	fmt.Fprintf(p.stdout, "  recorded      %d events in %v, %.0f events/s\n", c.Events, d.Round(time.Millisecond), perSecond(c.Events, d))
	fmt.Fprintf(p.stdout, "  missing       %d events in %d gaps (stated in the gaps files)\n", c.Missing, c.Gaps)
	fmt.Fprintf(p.stdout, "  dropped       %d messages (the disk did not keep up; their events are missing)\n", c.Dropped)
	fmt.Fprintf(p.stdout, "  not recorded  %d events that repeat or are older than others, %d messages that are no events\n", c.Repeated, c.Malformed)
}
