package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// ErrFile is wrapped by every error about a file that is not what it was said to be: show the error, it names file and reason.
var ErrFile = errors.New("csvfile")

// File is something to read, possibly more than once.
type File struct {
	// Name in messages.
	Name string
	// Open returns the bytes from the start: CSV, or CSV in gzip.
	Open func() (io.ReadCloser, error)
}

// Path returns the file of that path.
func Path(path string) File {
	return File{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

const readBufferBytes = 256 << 10

var gzipMagic = []byte{0x1f, 0x8b}

// open returns the decompressed bytes. Names are not looked at: files are renamed, and browsers unpack what they download.
func (f File) open() (content io.Reader, closer io.Closer, err error) {
	raw, err := f.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFile, err) // names the path
	}
	buffered := bufio.NewReaderSize(raw, readBufferBytes)
	magic, err := buffered.Peek(len(gzipMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrFile, f.Name, err), raw.Close())
	}
	if !bytes.Equal(magic, gzipMagic) {
		return buffered, raw, nil
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %s: not a whole gzip file: %w", ErrFile, f.Name, err), raw.Close())
	}
	return unpacked, raw, nil
}
