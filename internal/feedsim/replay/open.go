package replay

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/dbn"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
)

// Stream is a source that is not a file.
type Stream interface {
	// Begin returns when its first event was recorded.
	Begin() tick.Time
	// Events returns the events from a time of recording on, from the beginning again at each call.
	Events(from tick.Time, report *datafile.Report, log *slog.Logger) feedsim.Source
}

// open opens all sources, for a pass or to seek to a time, and may leave out what was recorded before that. All files, and the first of each series, are opened before the first event is played: a
// wrong one is told at once. Several goroutines may.
func (r *Replay) open(from tick.Time) (feedsim.Source, error) {
	o := &opened{replay: r, report: new(datafile.Report)}
	if len(r.delays) > 0 { // the last clone is so far behind
		from -= r.delays[len(r.delays)-1]
	}
	source, err := o.open(from)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	if r.config.KeepGaps {
		if len(r.series) == 0 {
			from = 0
		}
		source = withHoles(source, from, o.report)
	}
	return withClones(source, r.delays), nil
}

// opened is what was opened together, with an account of its own.
type opened struct {
	merged

	replay *Replay
	report *datafile.Report
}

// Close closes everything and adds its account to that of the replay.
func (o *opened) Close() error {
	err := o.merged.Close()
	o.replay.mu.Lock()
	defer o.replay.mu.Unlock()
	o.replay.report.Add(o.report)
	return err
}

// open opens everything, and returns what is selected of it.
func (o *opened) open(sought tick.Time) (feedsim.Source, error) {
	c := &o.replay.config
	begin, err := o.replay.begin()
	if err != nil {
		return nil, err
	}
	from := c.Selection.From.of(begin, 0)
	if err := o.openFiles(max(from, sought)); err != nil {
		return nil, err
	}
	for _, stream := range c.Streams {
		o.add(stream.Events(from, o.report, c.Log))
	}
	return withSelection(o, c.Selection, begin, sought > 0)
}

// openFiles opens what has something from a time on. The last file of a series is always opened, so that a seek finds out where the recording ends.
func (o *opened) openFiles(from tick.Time) error {
	for _, files := range o.replay.series {
		for len(files) > 1 && files[1].Begin > 0 && files[1].Begin <= from {
			files = files[1:]
		}
		source, err := o.replay.openChain(files, from, o.report)
		if err != nil {
			return err
		}
		o.add(source)
	}
	return nil
}

// begin returns when the first event of all sources was recorded, if the selection needs to know that.
func (r *Replay) begin() (tick.Time, error) {
	if !r.config.Selection.needsBegin() {
		return 0, nil
	}
	var begins []tick.Time
	for _, files := range r.series {
		begin, err := r.beginOf(files[0])
		if err != nil {
			return 0, err
		}
		begins = append(begins, begin)
	}
	for _, stream := range r.config.Streams {
		begins = append(begins, stream.Begin())
	}
	begins = slices.DeleteFunc(begins, func(t tick.Time) bool { return t == 0 })
	if len(begins) == 0 {
		return 0, nil
	}
	return slices.Min(begins), nil
}

// beginOf reads the first row of a file that does not say when it begins; 0: there is none.
func (r *Replay) beginOf(f datafile.File) (tick.Time, error) {
	if f.Begin > 0 {
		return f.Begin, nil
	}
	var unread datafile.Report // the row is read again
	source, err := r.openFile(f, 0, &unread)
	if err != nil {
		return 0, err
	}
	first, err := source.Next()
	if errors.Is(err, io.EOF) {
		return 0, source.Close()
	}
	if err != nil {
		return 0, errors.Join(err, source.Close())
	}
	return first.At, source.Close()
}

// openFile opens a file of any format, and leaves out what need not be read to know that it was recorded before a time. What it begins with decides, not what it is called.
func (r *Replay) openFile(f datafile.File, from tick.Time, report *datafile.Report) (feedsim.Source, error) {
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
		reader, err := parquetfile.New(content, r.options, report)
		if err != nil {
			return nil, err
		}
		reader.SkipBefore(from)
		return reader, nil
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
func (r *Replay) openChain(files []datafile.File, from tick.Time, report *datafile.Report) (feedsim.Source, error) {
	open := func(f datafile.File) (feedsim.Source, error) { return r.openFile(f, from, report) }
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
	return r.open(0)
}
