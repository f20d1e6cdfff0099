package record

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// Series returns the files of a recording, those of each kind in the order of their time. Files that are still being written are left out.
func Series(directory string) ([][]datafile.File, error) {
	entries, err := os.ReadDir(directory) // sorted by name, which is by time
	if err != nil {
		return nil, err
	}
	var all [][]datafile.File
	for _, kind := range []tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus} {
		var series []datafile.File
		for _, entry := range entries {
			if begin, ok := parseName(entry.Name(), seriesNames[kind]); ok {
				file := datafile.Path(filepath.Join(directory, entry.Name()))
				file.Begin = begin
				series = append(series, file)
			}
		}
		if len(series) > 0 {
			all = append(all, series)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("record: %s holds no recording: no quotes-…, trades-… or statuses-… in one of the formats %s",
			directory, strings.Join(formatNames[:], ", "))
	}
	return all, nil
}

// parseName returns when the segment began that a file of a series is of.
func parseName(name, series string) (begin tick.Time, ok bool) {
	rest, ok := strings.CutPrefix(name, series+"-")
	stamp, extension, dotted := strings.Cut(rest, "Z.") // the time ends in Z
	if !ok || !dotted || !slices.Contains(formatNames[:], extension) {
		return 0, false
	}
	at, err := time.Parse(stampLayout, stamp+"Z")
	return tick.Time(at.UnixNano()), err == nil
}
