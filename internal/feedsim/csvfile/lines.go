package csvfile

import (
	"bytes"
	"errors"
	"io"
)

// MaxRowBytes is the greatest length of a line.
const MaxRowBytes = 64 << 10

// errLongRow says that a line is longer than MaxRowBytes; it was skipped.
var errLongRow = errors.New("the row is longer than 64 KiB")

// lineReader cuts a stream into lines without allocating per line.
type lineReader struct {
	source     io.Reader
	buffer     []byte
	start, end int   // buffer[start:end] is read from source and not yet returned
	err        error // of source, returned once the buffer is used up
	number     int   // of the line last returned, from 1
}

func newLineReader(source io.Reader) *lineReader {
	return &lineReader{source: source, buffer: make([]byte, 2*MaxRowBytes)}
}

// next returns the next line without its LF or CR LF; it is good until the next call. At the end it returns the error of the source: io.EOF
// after a whole file. A line cut short by another error is not returned.
func (l *lineReader) next() ([]byte, error) {
	searched := l.start
	for {
		if i := bytes.IndexByte(l.buffer[searched:l.end], '\n'); i >= 0 {
			line := l.buffer[l.start : searched+i]
			l.start = searched + i + 1
			return l.finish(line)
		}
		if l.err != nil {
			return l.last()
		}
		if l.end-l.start > MaxRowBytes {
			return l.skipLong()
		}
		searched = l.fill()
	}
}

// fill reads more behind what is there, and returns where in the buffer it begins.
func (l *lineReader) fill() int {
	if l.start > 0 {
		l.end = copy(l.buffer, l.buffer[l.start:l.end])
		l.start = 0
	}
	from := l.end
	n, err := l.source.Read(l.buffer[l.end:])
	l.end += n
	l.err = err
	return from
}

func (l *lineReader) finish(line []byte) ([]byte, error) {
	l.number++
	if len(line) > MaxRowBytes {
		return nil, errLongRow
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// last returns what follows the last line break of a whole file.
func (l *lineReader) last() ([]byte, error) {
	line := l.buffer[l.start:l.end]
	if !errors.Is(l.err, io.EOF) || len(line) == 0 {
		return nil, l.err
	}
	l.start = l.end
	return l.finish(line)
}

// skipLong forgets the line up to its line break.
func (l *lineReader) skipLong() ([]byte, error) {
	for {
		l.start, l.end = 0, 0
		l.fill()
		if i := bytes.IndexByte(l.buffer[:l.end], '\n'); i >= 0 {
			l.start = i + 1
			break
		}
		if l.err != nil {
			l.start, l.end = 0, 0
			break
		}
	}
	l.number++
	return nil, errLongRow
}
