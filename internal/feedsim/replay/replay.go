package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/fault"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// ErrConfig says that a field of Config is out of its range.
var ErrConfig = errors.New("replay: configuration")

// Config of a Replay.
type Config struct {
	// Files to play together, merged by time. No default.
	Files []datafile.File
	// Series are files that follow on each other, such as those of a recording: of each series one is open at a time. They are merged after Files. At least one file,
	// series or stream is needed.
	Series [][]datafile.File
	// Layouts to try on each file; the first that fits its header is taken. Default: all presets.
	Layouts []datafile.Layout
	// Symbol says how the symbol is made of columns. Default "": as the layout says, {symbol}.{venue} for mappings.
	Symbol string
	// Streams at NATS to play, merged after the files. The caller closes them.
	Streams []Stream
	// Selection of what is played. Default: everything.
	Selection Selection
	// KeepGaps leaves what was missing in a recording, by its epochs and sequences, out of the numbering, so that consumers are told of it, and passes over what is not news by them. Without it, and
	// what has no epochs, is numbered anew. Default true.
	KeepGaps bool
	// Rebase moves the times of events to the present, by one constant in each pass. Default false.
	Rebase bool
	// Speed of the recorded time. Default 1.
	Speed pace.Speed
	// Passes is how often the files are played, each a new epoch; 0 is until the context ends. Default 1.
	Passes int
	// Clones of each symbol that play what it plays, number k by k times CloneShift later, under its name with ".C" and four digits behind. 0 to 9,999; default 0. What is played within all the
	// shifts together is held in memory, a few hundred bytes each.
	Clones     int
	CloneShift time.Duration
	// Seed of the clones: with another than 0, the default, each is somewhere within all the shifts together, and not at a multiple of one.
	Seed uint64
	// EventTime of the events. Default: what the file says.
	EventTime feedsim.EventTime
	// Faults to inject. Default: none.
	Faults fault.Config
	// Clock of the schedule. Default: the system's.
	Clock pace.Clock
	// Log takes the first few bad rows. Default: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		Layouts:  datafile.Presets(),
		KeepGaps: true,
		Speed:    1,
		Passes:   1,

		CloneShift: 600 * time.Millisecond,

		Clock: pace.System(),
		Log:   slog.New(slog.DiscardHandler),
	}
}

// Validate names the first field that is out of its range.
func (c Config) Validate() error {
	if len(c.Layouts) == 0 {
		return fmt.Errorf("%w: layouts: give at least one", ErrConfig)
	}
	for _, l := range c.Layouts {
		if err := l.Validate(); err != nil {
			return fmt.Errorf("%w: layouts: %w", ErrConfig, err)
		}
	}
	if _, err := c.template(); err != nil {
		return fmt.Errorf("%w: symbol: %w", ErrConfig, err)
	}
	if err := c.Selection.validate(); err != nil {
		return err
	}
	if c.Clones < 0 || c.Clones > maxClones {
		return fmt.Errorf("%w: clones is %d, give 0 to %d", ErrConfig, c.Clones, maxClones)
	}
	if c.CloneShift <= 0 {
		return fmt.Errorf("%w: clone-shift is %v, give more than 0", ErrConfig, c.CloneShift)
	}
	if c.Log == nil {
		return fmt.Errorf("%w: Log is needed; start from DefaultConfig", ErrConfig)
	}
	return nil // the rest is feedsim's
}

func (c Config) template() (datafile.Template, error) {
	if c.Symbol == "" {
		return datafile.Template{}, nil
	}
	return datafile.ParseTemplate(c.Symbol)
}

// Replay plays files.
type Replay struct {
	// Immutable after New.
	config  Config
	series  [][]datafile.File
	options datafile.Options
	delays  []tick.Time // of the clones
	feed    *feedsim.Feed

	// mu guards the field below.
	mu     sync.Mutex
	report datafile.Report // over all that was closed
}

// New returns a replay over a publisher, which Run owns from then on.
func New(c Config, publisher *publish.Publisher) (*Replay, error) {
	if len(c.Files)+len(c.Series)+len(c.Streams) == 0 {
		return nil, fmt.Errorf("%w: files: give at least one file, or a stream", ErrConfig)
	}
	r, err := newReplay(c)
	if err != nil {
		return nil, err
	}
	r.feed, err = feedsim.New(feedsim.Config{
		Open: r.open, Passes: c.Passes, Speed: c.Speed, EventTime: c.EventTime, Rebase: c.Rebase, Faults: c.Faults, Clock: c.Clock,
	}, publisher)
	return r, err
}

// newReplay leaves out the feed.
func newReplay(c Config) (*Replay, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	template, err := c.template()
	if err != nil {
		return nil, err
	}
	var series [][]datafile.File
	for _, f := range c.Files {
		series = append(series, []datafile.File{f})
	}
	r := &Replay{
		config: c, series: append(series, c.Series...), options: datafile.Options{Layouts: c.Layouts, Symbol: template, Log: c.Log},
		delays: cloneDelays(c.Clones, c.CloneShift, c.Seed),
	}
	return r, nil
}

// Probe opens each file, reads its header and closes it: what is wrong with its name or columns is known before anything else starts.
func Probe(c Config) error {
	r, err := newReplay(c)
	if err != nil {
		return err
	}
	files := &opened{replay: r, report: new(datafile.Report)}
	return errors.Join(files.openFiles(0), files.Close())
}

// Run plays the files. It returns nil at their end, or the context's error, or what is wrong with a file. It is called once.
func (r *Replay) Run(ctx context.Context) error { return r.feed.Run(ctx) }

// Progress returns how far the replay is.
func (r *Replay) Progress() feedsim.Progress { return r.feed.Progress() }

// Obey carries out a command while Run runs; see feedsim.Feed.
func (r *Replay) Obey(ctx context.Context, c feedsim.Command) (feedsim.State, error) {
	return r.feed.Obey(ctx, c)
}

// Report returns what was read, over all passes that have ended and all that was read to seek.
func (r *Replay) Report() datafile.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report
}
