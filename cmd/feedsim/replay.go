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
	loop, strict            bool
	clones                  int
	cloneShift              time.Duration
}

func (p program) replay(ctx context.Context, args []string) error {
	set := settings.New("feedsim replay", envPrefix)
	set.IgnoreEnv(settings.ProjectVariables()...)
	set.Arguments = "FILE..."
	set.Description = "Publishes recorded quotes and trades, merged by time, at the pace at which they were recorded. A FILE is a folder that feedsim record wrote, CSV\n" +
		"or Databento's DBN, compressed with gzip or zstd or not, or Parquet."
	own := replaySettings{preset: autoPreset, symbol: replay.DefaultConfig().Symbol, cloneShift: replay.DefaultConfig().CloneShift}
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
	err = p.playFiles(ctx, config, publishing, own.strict)
	return errors.Join(err, closeLog())
}

// recordedPosition writes where a recording is.
func recordedPosition(at tick.Time) string {
	return time.Unix(0, int64(at)).UTC().Format("2006-01-02 15:04:05.000")
}

func (p program) playFiles(ctx context.Context, config replay.Config, publishing publishing, strict bool) error {
	var played *replay.Replay
	err := p.play(ctx, playback{
		publishing: publishing,
		open: func(publisher *publish.Publisher, log *slog.Logger) (_ player, err error) {
			config.Log = log
			played, err = replay.New(config, publisher)
			return played, err
		},
		position: func(s feedsim.Progress) string { return recordedPosition(s.Position) },
		more:     func(out io.Writer) { reportRows(out, played.Report()) },
	})
	if err == nil && strict && played != nil && played.Report().Bad+played.Progress().Refused > 0 {
		return errStrict
	}
	return err
}

func reportRows(out io.Writer, r datafile.Report) {
	fmt.Fprintf(out, "  rows          %d read, %d bad, %d out of time order\n", r.Rows, r.Bad, r.OutOfOrder)
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
	flags.BoolVar(&s.loop, "loop", s.loop, "begin again at the end, as a new epoch, until stopped")
	flags.IntVar(&s.clones, "clones", s.clones, "how many `clones` of each symbol play what it plays, named with .C0001, .C0002, … behind")
	flags.DurationVar(&s.cloneShift, "clone-shift", s.cloneShift, "how much later each clone plays than the one before; what is played in the meantime is held in memory")
	flags.BoolVar(&s.strict, "strict", s.strict, "end with exit code 1 if a row could not be read or published")
}

func (s *replaySettings) config(set *settings.Set, t timing) (replay.Config, error) {
	config := replay.DefaultConfig()
	feed, err := t.feed(set)
	if err != nil {
		return config, err
	}
	config.Speed, config.EventTime, config.Clock, config.Symbol = feed.Speed, feed.EventTime, feed.Clock, s.symbol
	config.Clones, config.CloneShift = s.clones, s.cloneShift
	if s.loop {
		config.Passes = 0
	}
	if config.Layouts, err = s.layouts(set); err != nil {
		return config, err
	}
	if s.symbol != "" {
		if _, err := datafile.ParseTemplate(s.symbol); err != nil {
			return config, set.Check("symbol", err)
		}
	}
	for _, path := range set.Flags().Args() {
		if err := addPath(&config, path); err != nil {
			return config, err
		}
	}
	return config, config.Validate()
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
