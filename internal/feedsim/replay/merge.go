package replay

import (
	"errors"
	"io"

	"tickgate/internal/feedsim"
)

// merged gives the items of its sources in order of time, and of the sources where times are equal.
type merged struct {
	sources []feedsim.Source
	heads   []*feedsim.Item // next item of each source; nil once it has ended
	due     []int           // sources whose head is to be read at the next call: items are their source's, so not earlier
}

func (m *merged) add(s feedsim.Source) {
	m.due = append(m.due, len(m.sources))
	m.sources = append(m.sources, s)
	m.heads = append(m.heads, nil)
}

// Next returns the earliest item of all sources.
func (m *merged) Next() (*feedsim.Item, error) {
	for _, i := range m.due {
		head, err := m.sources[i].Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		m.heads[i] = head
	}
	m.due = m.due[:0]
	earliest := -1
	for i, head := range m.heads {
		if head != nil && (earliest < 0 || head.At < m.heads[earliest].At) {
			earliest = i
		}
	}
	if earliest < 0 {
		return nil, io.EOF
	}
	m.due = append(m.due, earliest)
	return m.heads[earliest], nil
}

// Close closes all sources.
func (m *merged) Close() error {
	var errs []error
	for _, s := range m.sources {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
