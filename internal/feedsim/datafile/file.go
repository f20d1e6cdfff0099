package datafile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"tickgate/pkg/tick"
)

// ErrFile is wrapped by every error about a file that is not what it was said to be: show the error, it names file and reason.
var ErrFile = errors.New("datafile")

// File is something to read, possibly more than once.
type File struct {
	// Name in messages.
	Name string
	// Begin is when the first of what it holds was recorded, or earlier; 0: that is not known. Of files that follow on each other, each holds nothing from the next one's on.
	Begin tick.Time
	// Open returns the bytes from the start, compressed with gzip or zstd or not. Parquet needs an io.ReaderAt and io.Seeker, such as a file.
	Open func() (io.ReadCloser, error)
}

// Path returns the file of that path.
func Path(path string) File {
	return File{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

const readBufferBytes = 256 << 10

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// Content is an open file, unpacked.
type Content struct {
	*bufio.Reader // from the start, until somebody reads

	Name string
	raw  io.ReadCloser
	free func() // of the decompressor; nil: nothing
}

// Unpack opens a file. Names are not looked at: files are renamed, and browsers unpack what they download.
func (f File) Unpack() (*Content, error) {
	raw, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err) // names the path
	}
	c := &Content{Reader: bufio.NewReaderSize(raw, readBufferBytes), Name: f.Name, raw: raw}
	if err := c.unpack(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrFile, f.Name, err), raw.Close())
	}
	return c, nil
}

func (c *Content) unpack() error {
	magic, err := c.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		unpacked, err := gzip.NewReader(c.Reader)
		if err != nil {
			return fmt.Errorf("not a whole gzip file: %w", err)
		}
		c.Reader = bufio.NewReaderSize(unpacked, readBufferBytes)
	case bytes.HasPrefix(magic, zstdMagic):
		unpacked, err := zstd.NewReader(c.Reader, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("not a zstd file: %w", err)
		}
		c.Reader, c.free = bufio.NewReaderSize(unpacked, readBufferBytes), unpacked.Close
	}
	return nil
}

// Random returns the bytes for reading in any order, as they are in the file; nil if the file cannot be read so.
func (c *Content) Random() (r io.ReaderAt, size int64) {
	file, ok := c.raw.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, 0
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0
	}
	return file, size
}

// Close closes the file.
func (c *Content) Close() error {
	if c.free != nil {
		c.free()
	}
	return c.raw.Close()
}
