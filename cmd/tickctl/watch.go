package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/pflag"

	"tickgate/pkg/client"
)

func watchFlags(o *options, f *pflag.FlagSet) {
	f.DurationVar(&o.interval, "interval", 250*time.Millisecond, "least time between two updates of a symbol; 0: as soon as they can be had")
	f.BoolVar(&o.allEvents, "all-events", false, "every event, without conflation")
	f.BoolVar(&o.all, "all", false, "every symbol that the feed has announced")
	f.BoolVar(&o.json, "json", false, "one JSON object per update and line, also at a terminal")
}

func (o *options) conflation() client.Conflation {
	switch {
	case o.allEvents:
		return client.AllEvents
	case o.interval <= 0:
		return client.Latest
	}
	return client.Every(o.interval)
}

func watch(ctx context.Context, o *options, args []string, c console) error {
	if len(args) == 0 && !o.all {
		return fmt.Errorf("%w: watch needs symbols, or --all; `tickctl symbols` lists them", errUsage)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gateway, err := o.connect(ctx, client.ReportingLatency())
	if err != nil {
		return err
	}
	defer gateway.Close()
	if o.all {
		instruments, err := gateway.Instruments(ctx, "")
		if err != nil {
			return err
		}
		for _, i := range instruments {
			args = append(args, i.Symbol)
		}
	}
	_, err = gateway.Subscribe(ctx, o.conflation(), args...)
	var rejected *client.RejectedError
	switch {
	case errors.As(err, &rejected) && len(rejected.Rejections) < len(args):
		fmt.Fprintln(c.errs, "tickctl:", err) // the others are shown
	case err != nil:
		return err
	}
	if o.json || !c.terminal {
		sayPending(gateway, c)
		return writeLines(ctx, gateway, c.out)
	}
	return showTable(ctx, gateway, o.conflation(), c)
}

// sayPending names the symbols that have no lines yet, because the feed has not sent them: a person may have mistyped one.
func sayPending(gateway *client.Client, c console) {
	for ticker := range gateway.Book().All() {
		if ticker.State == client.Pending {
			fmt.Fprintf(c.errs, "tickctl: the feed has not sent %s yet; its lines begin when it does\n", ticker.Symbol)
		}
	}
}

// showTable runs the live table until a person ends it.
func showTable(ctx context.Context, gateway *client.Client, conflation client.Conflation, c console) error {
	taking := make(chan struct{})
	go func() { // the table looks at the Book; taking updates is what the latency of the last stage is about
		defer close(taking)
		for range gateway.Updates() {
			continue
		}
	}()
	defer func() {
		gateway.Close()
		<-taking
	}()
	program := tea.NewProgram(newTable(gateway, conflation), tea.WithContext(ctx), tea.WithInput(c.in), tea.WithOutput(c.out), tea.WithFPS(tableFPS))
	_, err := program.Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}
