package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"tickgate/pkg/client"
)

func jsonFlag(o *options, f *pflag.FlagSet) {
	f.BoolVar(&o.json, "json", false, "one JSON object per line")
}

func countFlag(o *options, f *pflag.FlagSet) {
	f.IntVar(&o.count, "count", 5, "how `often`")
}

func symbols(ctx context.Context, o *options, args []string, c console) error {
	if len(args) > 1 {
		return fmt.Errorf("%w: symbols takes one pattern", errUsage)
	}
	pattern := ""
	if len(args) == 1 {
		pattern = args[0]
	}
	gateway, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer gateway.Close()
	instruments, err := gateway.Instruments(ctx, pattern)
	switch {
	case errors.Is(err, client.ErrPattern):
		return fmt.Errorf("%w: %w", errUsage, err)
	case err != nil:
		return err
	}
	for _, i := range instruments {
		if err := o.printSymbol(c.out, i); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) printSymbol(out io.Writer, i client.Instrument) error {
	if !o.json {
		_, err := fmt.Fprintln(out, i.Symbol)
		return err
	}
	return json.NewEncoder(out).Encode(map[string]any{"symbol": i.Symbol, "state": i.State.String(), "price_scale": i.PriceScale, "size_scale": i.SizeScale})
}

func snapshot(ctx context.Context, o *options, args []string, c console) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: snapshot needs symbols; `tickctl symbols` lists them", errUsage)
	}
	gateway, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer gateway.Close()
	tickers, rejected := gateway.Snapshot(ctx, args...)
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if !o.json && len(tickers) > 0 {
		fmt.Fprintln(table, "symbol\tbid\task\tlast\tvolume\tstate\t")
	}
	for i := range tickers {
		t := &tickers[i]
		if o.json {
			err = json.NewEncoder(c.out).Encode(lineOf(t))
		} else {
			var d digits
			d.note(t)
			_, err = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n",
				t.Symbol, shortened(t.Bid, d.price), shortened(t.Ask, d.price), shortened(t.Last, d.price), shortened(t.Volume, d.volume), t.State)
		}
		if err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return rejected
}

func latency(ctx context.Context, o *options, _ []string, c console) error {
	gateway, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer gateway.Close()
	report, err := gateway.GatewayLatency(ctx)
	if err != nil {
		return err
	}
	if o.json {
		for _, d := range report.Process {
			if err := json.NewEncoder(c.out).Encode(map[string]any{
				"stage": d.Stage.String(), "count": d.Count, "p50_us": d.P50.Microseconds(), "p90_us": d.P90.Microseconds(), "p99_us": d.P99.Microseconds(),
				"p999_us": d.P999.Microseconds(), "max_us": d.Max.Microseconds(),
			}); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "stage\tcount\tp50\tp90\tp99\tp99.9\tmax\t")
	for _, d := range report.Process {
		fmt.Fprintf(table, "%s\t%d\t%v\t%v\t%v\t%v\t%v\t\n", d.Stage, d.Count, short(d.P50), short(d.P90), short(d.P99), short(d.P999), short(d.Max))
	}
	return table.Flush()
}

func ping(ctx context.Context, o *options, _ []string, c console) error {
	gateway, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer gateway.Close()
	for n := range o.count {
		if n > 0 {
			timer := time.NewTimer(200 * time.Millisecond)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return ctx.Err()
			}
		}
		within, cancel := context.WithTimeout(ctx, o.timeout)
		took, err := gateway.Ping(within)
		cancel()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.out, "%s answers in %v\n", gateway.State().Address, short(took)); err != nil {
			return err
		}
	}
	return nil
}

// short rounds to three digits, which is what a person reads, and to microseconds.
func short(d time.Duration) time.Duration {
	unit := time.Microsecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}
