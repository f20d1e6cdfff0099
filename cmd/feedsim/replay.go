package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/dbn"
	"tickgate/internal/feedsim/jetstream"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/record"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/settings"
	"tickgate/pkg/tick"
)

// errStrict says that there were bad rows and strict is set.
var errStrict = errors.New("rows could not be read or published, and strict is set")

// autoPreset tries all presets on each file.
const autoPreset = "auto"

// replaySettings are the settings that only replay has.
type replaySettings struct {
	preset, mapping, symbol string
	symbols, venues         []string
	from, to                string
	rebase                  string
	loop, strict, keepGaps  bool
	clones                  int
	cloneShift              time.Duration
	seed                    uint64
	stream                  streaming
}

// rebaseNow is the only value of rebase, but none.
const rebaseNow = "now"

func (p program) replay(ctx context.Context, args []string) error {
	set := settings.New("feedsim replay", envPrefix)
	set.IgnoreEnv(settings.ProjectVariables()...)
	set.Arguments = "FILE..."
	set.Description = "Publishes recorded quotes and trades, merged by time, at the pace at which they were recorded. A FILE is a folder that feedsim record wrote, CSV\n" +
		"or Databento's DBN (" + strings.Join(dbn.SupportedSchemas(), ", ") + "), compressed with gzip or zstd or not, or Parquet."
	standard := replay.DefaultConfig()
	own := replaySettings{preset: autoPreset, symbol: standard.Symbol, cloneShift: standard.CloneShift, keepGaps: standard.KeepGaps, stream: defaultStreaming()}
	publishing := defaultPublishing()
	timing := timing{speed: "1", eventTime: eventTimeRecorded}
	var faulting faulting
	own.register(set)
	timing.register(set, eventTimeRecorded)
	faulting.register(set)
	publishing.register(set)
	if err := set.Load(args, p.environ, p.stdout); err != nil {
		return usageError{err}
	}
	if err := publishing.validate(); err != nil {
		return usageError{err}
	}
	config, err := own.config(set, timing)
	if err == nil {
		err = own.stream.check(own.from)
	}
	if err != nil {
		return usageError{err}
	}
	if err := replay.Probe(config); err != nil {
		return err
	}
	faults, closeLog, err := faulting.config(set)
	if err != nil {
		return err
	}
	config.Faults = faults
	err = p.playRecorded(ctx, config, publishing, &own)
	return errors.Join(err, closeLog())
}

// recordedPosition writes where a recording is.
func recordedPosition(at tick.Time) string {
	return time.Unix(0, int64(at)).UTC().Format("2006-01-02 15:04:05.000")
}

func (p program) playRecorded(ctx context.Context, config replay.Config, publishing publishing, own *replaySettings) error {
	var played *replay.Replay
	var stream *jetstream.Stream
	defer func() {
		if stream != nil {
			stream.Close()
		}
	}()
	err := p.play(ctx, playback{
		publishing: publishing,
		open: func(publisher *publish.Publisher, log *slog.Logger) (_ player, err error) {
			config.Log = log
			if stream, err = own.stream.open(ctx, publishing, config.Selection, log); err != nil {
				return nil, err
			}
			if stream != nil {
				config.Streams = append(config.Streams, stream)
			}
			played, err = replay.New(config, publisher)
			return played, err
		},
		position: func(s feedsim.Progress) string { return recordedPosition(s.Position) },
		more:     func(out io.Writer) { reportRows(out, played.Report()) },
	})
	if err == nil && own.strict && played != nil && played.Report().Bad+played.Progress().Refused > 0 {
		return errStrict
	}
	return err
}

func reportRows(out io.Writer, r datafile.Report) {
	fmt.Fprintf(out, "  rows          %d read, %d bad, %d out of time order\n", r.Rows, r.Bad, r.OutOfOrder)
	if r.Missing+r.Repeated > 0 {
		fmt.Fprintf(out, "  recording     %d events are missing in it (their numbers are left out, and consumers see the gaps), %d that are not news were not played\n", r.Missing, r.Repeated)
	}
	for _, bad := range r.First {
		fmt.Fprintf(out, "    %s\n", bad)
	}
}

func (s *replaySettings) register(set *settings.Set) {
	flags := set.Flags()
	flags.StringVar(&s.preset, "preset", s.preset,
		fmt.Sprintf("`layout` of the files: %s, or %s: each file takes the one that fits", strings.Join(datafile.PresetNames(), ", "), autoPreset))
	flags.StringVar(&s.mapping, "map", s.mapping,
		"`columns` of the files in place of a preset: ts_recv=time:us,bid_price=bid,… with the unit of times (ns, us, ms, s, date) and, for prices and sizes that were doubles, the digits to round to (bid_price=bid:8); several, separated by ;, for files that differ")
	flags.StringVar(&s.symbol, "symbol", s.symbol, "`template` of symbols; {column} is what that column holds; empty: as the layout says, {symbol}.{venue} with map")
	flags.StringSliceVar(&s.symbols, "symbols", s.symbols, "`patterns` of the symbols to play, separated by commas: * is any text, ? any character; empty: all")
	flags.StringSliceVar(&s.venues, "venues", s.venues, "`patterns` of what stands behind the last point of the symbols to play; empty: all")
	flags.StringVar(&s.from, "from", s.from, "`time` of recording to begin with: 2024-08-08T10:30:00Z, or 10:30 or 10:30:15 of the recording's first day, UTC")
	flags.StringVar(&s.to, "to", s.to, "`time` of recording to end before")
	s.stream.register(set)
	flags.StringVar(&s.rebase, "rebase", s.rebase, "now: `move` the times of events to the present, those of a pass all by the same; empty: they stay")
	flags.BoolVar(&s.keepGaps, "keep-gaps", s.keepGaps, "leave the numbers of events that are missing in a recording out, so that consumers see the gaps; else all is numbered anew")
	flags.BoolVar(&s.loop, "loop", s.loop, "begin again at the end, as a new epoch, until stopped")
	flags.IntVar(&s.clones, "clones", s.clones, "how many `clones` of each symbol play what it plays, named with .C0001, .C0002, … behind")
	flags.DurationVar(&s.cloneShift, "clone-shift", s.cloneShift, "how much later each clone plays than the one before; what is played in the meantime is held in memory")
	flags.Uint64Var(&s.seed, "seed", s.seed, "`number` from which the delays of clones follow, anywhere within clones times clone-shift; 0: multiples of clone-shift")
	flags.BoolVar(&s.strict, "strict", s.strict, "end with exit code 1 if a row could not be read or published")
}

func (s *replaySettings) config(set *settings.Set, t timing) (replay.Config, error) {
	config := replay.DefaultConfig()
	feed, err := t.feed(set)
	if err != nil {
		return config, err
	}
	config.Speed, config.EventTime, config.Clock, config.Symbol = feed.Speed, feed.EventTime, feed.Clock, s.symbol
	config.Clones, config.CloneShift, config.Seed, config.KeepGaps = s.clones, s.cloneShift, s.seed, s.keepGaps
	if s.loop {
		config.Passes = 0
	}
	if config.Layouts, err = s.layouts(set); err != nil {
		return config, err
	}
	if config.Selection, err = s.selection(set); err != nil {
		return config, err
	}
	if config.Rebase, err = s.rebases(set, feed.EventTime); err != nil {
		return config, err
	}
	if s.symbol != "" {
		if _, err := datafile.ParseTemplate(s.symbol); err != nil {
			return config, set.Check("symbol", err)
		}
	}
	if set.Flags().NArg() == 0 && s.stream.name == "" {
		return config, errors.New("give at least one file, or from-stream")
	}
	for _, path := range set.Flags().Args() {
		if err := addPath(&config, path); err != nil {
			return config, err
		}
	}
	return config, config.Validate()
}

func (s *replaySettings) selection(set *settings.Set) (selection replay.Selection, err error) {
	selection.Symbols, selection.Venues = s.symbols, s.venues
	if selection.From, err = replay.ParseMoment(s.from); err != nil {
		return selection, set.Check("from", err)
	}
	selection.To, err = replay.ParseMoment(s.to)
	return selection, set.Check("to", err)
}

func (s *replaySettings) rebases(set *settings.Set, eventTime feedsim.EventTime) (bool, error) {
	switch {
	case s.rebase == "":
		return false, nil
	case s.rebase != rebaseNow:
		return false, set.Check("rebase", errors.New("expected "+rebaseNow))
	case eventTime != feedsim.EventTimeRecorded:
		return false, set.Check("rebase", errors.New("event-time replaces the times that it would move; leave one of the two out"))
	}
	return true, nil
}

// addPath adds a file, or the recording in a folder.
func addPath(config *replay.Config, path string) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		config.Files = append(config.Files, datafile.Path(path)) // what is wrong with it is told when it is opened
		return nil
	}
	series, err := record.Series(path)
	config.Series = append(config.Series, series...)
	return err
}

func (s *replaySettings) layouts(set *settings.Set) ([]datafile.Layout, error) {
	if s.mapping != "" {
		if s.preset != autoPreset {
			return nil, set.Check("map", fmt.Errorf("preset is %s: give only one of preset and map", s.preset))
		}
		return parseLayouts(set, s.mapping)
	}
	if s.preset == autoPreset {
		return datafile.Presets(), nil
	}
	layout, err := datafile.Preset(s.preset)
	return []datafile.Layout{layout}, set.Check("preset", err)
}

func parseLayouts(set *settings.Set, mapping string) ([]datafile.Layout, error) {
	var layouts []datafile.Layout
	for _, text := range strings.Split(mapping, ";") {
		layout, err := datafile.ParseLayout(text)
		if err != nil {
			return nil, set.Check("map", err)
		}
		layouts = append(layouts, layout)
	}
	return layouts, nil
}
