package replay

import (
	"errors"
	"io"
	"strings"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/dbn"
	"tickgate/internal/feedsim/parquetfile"
)

// openFile opens a file of any format. What it begins with decides, not what it is called.
func (r *Replay) openFile(f datafile.File, report *datafile.Report) (feedsim.Source, error) {
	content, err := f.Unpack()
	if err != nil {
		return nil, err
	}
	magic, err := content.Peek(len(parquetfile.Magic))
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.Join(err, content.Close())
	}
	switch {
	case string(magic) == parquetfile.Magic:
		return parquetfile.New(content, r.options, report)
	case strings.HasPrefix(string(magic), dbn.Magic):
		return dbn.New(content, r.options, report)
	}
	return csvfile.New(content, r.options, report)
}

// chain gives the items of files that follow on each other, one open at a time.
type chain struct {
	open    func(datafile.File) (feedsim.Source, error)
	files   []datafile.File // not yet opened
	current feedsim.Source  // nil: none is open
}

// openChain opens the first of the files.
func (r *Replay) openChain(files []datafile.File, report *datafile.Report) (feedsim.Source, error) {
	open := func(f datafile.File) (feedsim.Source, error) { return r.openFile(f, report) }
	first, err := open(files[0])
	if err != nil {
		return nil, err
	}
	return &chain{open: open, files: files[1:], current: first}, nil
}

// Next returns the next item of the file that is open, or of the one after it.
func (c *chain) Next() (*feedsim.Item, error) {
	for {
		item, err := c.current.Next()
		if !errors.Is(err, io.EOF) || len(c.files) == 0 {
			return item, err
		}
		if err := c.Close(); err != nil {
			return nil, err
		}
		if c.current, err = c.open(c.files[0]); err != nil {
			c.current = nil
			return nil, err
		}
		c.files = c.files[1:]
	}
}

// Close closes the file that is open.
func (c *chain) Close() error {
	if c.current == nil {
		return nil
	}
	err := c.current.Close()
	c.current = nil
	return err
}

// OpenRecording opens the series of a recording, merged by time, without playing them.
func OpenRecording(series [][]datafile.File) (feedsim.Source, error) {
	c := DefaultConfig()
	c.Series = series
	r, err := newReplay(c)
	if err != nil {
		return nil, err
	}
	return r.open()
}
