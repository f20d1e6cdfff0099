package record

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
			if isOfSeries(entry.Name(), seriesNames[kind]) {
				series = append(series, datafile.Path(filepath.Join(directory, entry.Name())))
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

func isOfSeries(name, series string) bool {
	rest, ok := strings.CutPrefix(name, series+"-")
	_, extension, dotted := strings.Cut(rest, "Z.") // the time ends in Z
	return ok && dotted && slices.Contains(formatNames[:], extension)
}
