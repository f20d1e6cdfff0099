package csvfile

import (
	"fmt"
	"log/slog"
)

// Report counts what was read, over all files and passes that share it.
type Report struct {
	Rows       uint64 // read, without bad ones
	Bad        uint64 // that could not be read
	OutOfOrder uint64 // among Rows: earlier than some row before them in their file
	First      []BadRow
}

// BadRow is a row that could not be read, and why.
type BadRow struct {
	File   string
	Line   int // from 1; the header is a line too
	Reason string
}

// String returns "file:line: reason".
func (b BadRow) String() string { return fmt.Sprintf("%s:%d: %s", b.File, b.Line, b.Reason) }

// firstBadShown is how many bad rows are kept and logged.
const firstBadShown = 5

func (r *Report) bad(file string, line int, reason error, log *slog.Logger) {
	r.Bad++
	if len(r.First) == firstBadShown {
		return
	}
	row := BadRow{File: file, Line: line, Reason: reason.Error()}
	r.First = append(r.First, row)
	log.Warn("bad row", "row", row.String())
}
