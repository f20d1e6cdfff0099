package load

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxPerStream is the most symbols of a stream.
const MaxPerStream = 64

// Plan says what a generator opens and what it watches.
type Plan struct {
	Addresses   []string      // of the server; connection n goes to the one at n modulo their number
	NATS        string        // URL of the bus, for the truth
	Streams     int           // that this generator opens at most
	Connections int           // that carry them
	First       int           // number of its first stream, where several generators share the work
	Symbols     []string      // all there are; stream n has PerStream of them, from n*PerStream on, modulo their number
	PerStream   int           // symbols of a stream
	Interval    time.Duration // of conflation; 0: every update as soon as it can be had
	Delay       bool          // the figure is how late batches are by the interval, and not how late events are
	Freshness   time.Duration // bound of unacknowledged updates; 0: streams do not acknowledge
	Staleness   bool          // sample what streams hold every 10 ms
	Spread      bool          // follow each event to its first and last receiver
	Follow      int           // latency is that of every so many events of a symbol; 0: of each
	SlowPercent int           // share of streams that wait SlowPause before each message
	SlowPause   time.Duration
	HungPercent int  // share of streams that never read again once they have a value of each symbol
	MayCut      bool // a server that ends slow streams does not fail the run; those that hang it may always end
	Probing     bool // gRPC: leave the client's flow-control windows as grpc-go has them, which probes the link all the time
}

// Flags registers the plan's flags. The function it returns completes the plan once they are parsed.
func (p *Plan) Flags(flags *flag.FlagSet) (complete func() error) {
	addresses := flags.String("address", "", "`host:port` of the server; several, separated by commas, share the connections")
	list := flags.String("symbols", "", "`symbols`, separated by commas, or N:TEMPLATE as feedsim generate names them")
	flags.StringVar(&p.NATS, "nats-url", "", "`URL` of the bus")
	flags.IntVar(&p.Streams, "streams", 1, "most `streams`")
	flags.IntVar(&p.Connections, "connections", 1, "`connections` that carry them")
	flags.IntVar(&p.First, "first", 0, "`number` of the first stream")
	flags.IntVar(&p.PerStream, "per-stream", 10, "`symbols` of a stream")
	flags.DurationVar(&p.Interval, "interval", 0, "conflation `interval`; 0: none")
	flags.BoolVar(&p.Delay, "delay", false, "measure how late batches are by the interval, in place of events: for systems that have one batch for each")
	flags.DurationVar(&p.Freshness, "freshness", 0, "`bound` of unacknowledged updates; 0: no acknowledgements")
	flags.BoolVar(&p.Staleness, "staleness", false, "sample staleness")
	flags.BoolVar(&p.Spread, "spread", false, "follow events to their last receiver")
	flags.IntVar(&p.Follow, "follow", 0, "latency of one `event` in so many; 0: of each")
	flags.IntVar(&p.SlowPercent, "slow-percent", 0, "`percent` of slow streams")
	flags.DurationVar(&p.SlowPause, "slow-pause", 0, "`pause` of a slow stream before each message")
	flags.IntVar(&p.HungPercent, "hung-percent", 0, "`percent` of streams that stop reading")
	flags.BoolVar(&p.MayCut, "may-cut", false, "the server may end slow streams")
	flags.BoolVar(&p.Probing, "probing", false, "gRPC: let the client probe the link for its windows, as grpc-go does unless told otherwise")
	return func() error {
		p.Addresses = strings.Split(*addresses, ",")
		symbols, err := ParseSymbols(*list)
		p.Symbols = symbols
		if err == nil {
			err = p.validate()
		}
		return err
	}
}

func (p *Plan) validate() error {
	switch {
	case p.PerStream < 1 || p.PerStream > min(MaxPerStream, len(p.Symbols)):
		return fmt.Errorf("load: per-stream is %d, give 1 to %d, and no more than there are symbols (%d)", p.PerStream, MaxPerStream, len(p.Symbols))
	case p.Delay && p.Interval <= 0:
		return fmt.Errorf("load: delay needs an interval by which batches are due, and that is %s", p.Interval)
	case p.Connections < 1 || p.Streams < p.Connections:
		return fmt.Errorf("load: %d streams on %d connections: give at least one stream for each", p.Streams, p.Connections)
	}
	return nil
}

// ParseSymbols reads a list, or a number and a template whose {n} counts from 1 with leading zeros.
func ParseSymbols(text string) ([]string, error) {
	count, template, isTemplate := strings.Cut(text, ":")
	if !isTemplate {
		return strings.Split(text, ","), nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("load: symbols %q: give a list, or N:TEMPLATE", text)
	}
	symbols := make([]string, n)
	for i := range symbols {
		symbols[i] = strings.ReplaceAll(template, "{n}", fmt.Sprintf("%0*d", len(count), i+1))
	}
	return symbols, nil
}

// symbolsOf returns the indexes in Symbols of what stream number n has.
func (p *Plan) symbolsOf(n int) (first int) { return n * p.PerStream % len(p.Symbols) }

// isHung and isSlow spread the bad readers evenly over the streams.
func (p *Plan) isHung(n int) bool { return n%100 < p.HungPercent }
func (p *Plan) isSlow(n int) bool { return n%100 >= 50 && n%100 < 50+p.SlowPercent }
