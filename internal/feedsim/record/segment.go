package record

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/numbering"
	"tickgate/pkg/tick"
)

// partSuffix ends the names of files that are being written: whole lines of CSV, and after a crash perhaps a torn one at the end.
const partSuffix = ".csv.part"

// What a segment holds, each in a file of its own that is made when its first row comes.
const (
	gapsSeries = 0 // beside the kinds
	seriesEnd  = int(tick.KindStatus) + 1
)

var seriesNames = [seriesEnd]string{gapsSeries: "gaps", tick.KindQuote: "quotes", tick.KindTrade: "trades", tick.KindStatus: "statuses"}

const gapsHeader = "ts_recv,symbol,epoch,from_sequence,to_sequence\n"

// segment is the files that are written at the same time.
type segment struct {
	directory string
	stamp     string    // in the names: when it began
	end       tick.Time // it holds nothing from then on
	parts     [seriesEnd]*part
	bytes     int64 // of all parts
}

// part is one file being written.
type part struct {
	path string
	file *os.File
	out  *bufio.Writer
}

// stampLayout is how names say when a segment began.
const stampLayout = "20060102T150405.000000000Z"

const partBufferBytes = 64 << 10

// newSegment returns a segment that begins at a time and ends at the next multiple of length.
func newSegment(directory string, begin tick.Time, length time.Duration) *segment {
	at := time.Unix(0, int64(begin)).UTC()
	return &segment{
		directory: directory,
		stamp:     at.Format(stampLayout),
		end:       begin - begin%tick.Time(length) + tick.Time(length),
	}
}

// add appends an event. row is scratch, and is returned grown.
func (s *segment) add(item *feedsim.Item, row []byte) ([]byte, error) {
	p, err := s.part(int(item.Event.Kind))
	if err != nil {
		return row, err
	}
	row = csvfile.AppendRow(row[:0], item)
	return row, s.write(p, row)
}

// state appends a loss that was noticed at a time.
func (s *segment) state(g numbering.Gap, at tick.Time) error {
	p, err := s.part(gapsSeries)
	if err != nil {
		return err
	}
	row := strconv.AppendInt(nil, int64(at), 10)
	row = append(row, ',')
	row = csvfile.AppendText(row, g.Symbol)
	return s.write(p, fmt.Appendf(row, ",%d,%d,%d\n", g.Epoch, g.From, g.To))
}

func (s *segment) write(p *part, row []byte) error {
	n, err := p.out.Write(row)
	s.bytes += int64(n)
	return err
}

// part returns the file of a series.
func (s *segment) part(series int) (*part, error) {
	if p := s.parts[series]; p != nil {
		return p, nil
	}
	path := filepath.Join(s.directory, seriesNames[series]+"-"+s.stamp+partSuffix)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	p := &part{path: path, file: file, out: bufio.NewWriterSize(file, partBufferBytes)}
	s.parts[series] = p
	header := []byte(gapsHeader)
	if series != gapsSeries {
		header = csvfile.AppendHeader(nil, tick.Kind(series))
	}
	return p, s.write(p, header)
}

// flush hands everything to the system: what is there survives this process.
func (s *segment) flush() error {
	var errs []error
	for _, p := range s.parts {
		if p != nil {
			errs = append(errs, p.out.Flush())
		}
	}
	return errors.Join(errs...)
}

// close closes the files and returns their paths.
func (s *segment) close() (paths []string, err error) {
	errs := []error{s.flush()}
	for _, p := range s.parts {
		if p != nil {
			errs = append(errs, p.file.Close())
			paths = append(paths, p.path)
		}
	}
	return paths, errors.Join(errs...)
}
