package parquetfile

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"
)

// cursorValues is how many values of a column are looked at a time.
const cursorValues = 1024

// cursor reads the values of one column of one row group, one after the other.
type cursor struct {
	pages  parquet.Pages
	page   parquet.Page // that values come from; nil: none is open
	reader parquet.ValueReader
	buffer []parquet.Value
	values []parquet.Value // of buffer, those not yet returned
}

// open goes to the beginning of a column of a row group.
func (c *cursor) open(chunk parquet.ColumnChunk) {
	c.pages = chunk.Pages()
	c.reader, c.values = nil, nil
	if c.buffer == nil {
		c.buffer = make([]parquet.Value, cursorValues)
	}
}

// next returns the next value, which is good until the next call.
func (c *cursor) next() (parquet.Value, error) {
	for len(c.values) == 0 {
		if err := c.fill(); err != nil {
			return parquet.Value{}, err
		}
	}
	v := c.values[0]
	c.values = c.values[1:]
	return v, nil
}

// fill reads more values, of the next page if this one has none left.
func (c *cursor) fill() error {
	if c.reader == nil {
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) { // the row group promised more rows
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		c.page, c.reader = page, page.Values()
	}
	n, err := c.reader.ReadValues(c.buffer)
	c.values = c.buffer[:n]
	if n > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	parquet.Release(c.page)
	c.page, c.reader = nil, nil
	return nil
}

// close gives the pages back.
func (c *cursor) close() error {
	if c.pages == nil {
		return nil
	}
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}
