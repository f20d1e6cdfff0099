package datafile

import (
	"fmt"
	"io"
	"log/slog"

	"tickgate/pkg/tick"
)

// Options say how to read files. All but Symbol are needed.
type Options struct {
	Layouts []Layout     // a file takes the first that fits its columns
	Symbol  Template     // in place of the layout's; the zero value: the layout's
	Log     *slog.Logger // takes the first few bad rows
}

// Report counts what was read, over all files and passes that share it.
type Report struct {
	Rows       uint64 // read, without bad ones
	Bad        uint64 // that could not be read
	OutOfOrder uint64 // among Rows: earlier than some row before them in their file
	Repeated   uint64 // among Rows: not newer, by their numbers, than what was read of their symbol; not played
	Missing    uint64 // events that are missing in what was recorded, by the numbers of those that are not
	First      []BadRow
}

// BadRow is a row that could not be read, and why.
type BadRow struct {
	File   string
	Line   int // from 1; the header of a text file is a line too
	Reason string
}

// String returns "file:line: reason".
func (b BadRow) String() string { return fmt.Sprintf("%s:%d: %s", b.File, b.Line, b.Reason) }

// firstBadShown is how many bad rows are kept and logged.
const firstBadShown = 5

// Add adds what another report counted, and as many of its bad rows as there is room for.
func (r *Report) Add(other *Report) {
	r.Rows += other.Rows
	r.Bad += other.Bad
	r.OutOfOrder += other.OutOfOrder
	r.Repeated += other.Repeated
	r.Missing += other.Missing
	r.First = append(r.First, other.First[:min(len(other.First), firstBadShown-len(r.First))]...)
}

func (r *Report) bad(row BadRow, log *slog.Logger) {
	r.Bad++
	if len(r.First) == firstBadShown {
		return
	}
	r.First = append(r.First, row)
	log.Warn("bad row", "row", row.String())
}

// Rows keeps the account of one file's rows and their order. It belongs to the reader of the file.
type Rows struct {
	name     string
	report   *Report
	log      *slog.Logger
	good     uint64
	firstBad BadRow // Line 0: none
	at       tick.Time
}

// NewRows returns the account of a file; the report may be shared by the readers of one goroutine.
func NewRows(name string, report *Report, log *slog.Logger) Rows {
	return Rows{name: name, report: report, log: log}
}

// Good counts a row and returns when it is due: a row keeps its place, so one that is earlier than the row before it is due together with that.
func (r *Rows) Good(at tick.Time) tick.Time {
	if r.good > 0 && at < r.at {
		r.report.OutOfOrder++
	} else {
		r.at = at
	}
	r.good++
	r.report.Rows++
	return r.at
}

// Bad counts a row that cannot be read.
func (r *Rows) Bad(line int, reason error) {
	row := BadRow{File: r.name, Line: line, Reason: reason.Error()}
	if r.firstBad.Line == 0 {
		r.firstBad = row
	}
	r.report.bad(row, r.log)
}

// End returns io.EOF, unless rows were there and none could be read: then the file is not what its columns promised.
func (r *Rows) End() error {
	if r.good == 0 && r.firstBad.Line != 0 {
		return fmt.Errorf("%w: %s: none of its rows can be read; line %d: %s", ErrFile, r.name, r.firstBad.Line, r.firstBad.Reason)
	}
	return io.EOF
}
