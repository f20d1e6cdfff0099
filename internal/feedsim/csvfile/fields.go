package csvfile

import (
	"bytes"
	"errors"
	"slices"
)

const separator = ','

var (
	errQuotes     = errors.New("a quoted field does not end, or something follows its end")
	byteOrderMark = []byte("\xef\xbb\xbf")
)

// splitter cuts a line into its fields.
type splitter struct {
	fields   [][]byte // of the last line; they point into it, or into unquoted
	unquoted []byte   // bytes of fields that hold a doubled quote
}

// split replaces fields by those of line.
func (s *splitter) split(line []byte) error {
	s.fields = s.fields[:0]
	if bytes.IndexByte(line, '"') >= 0 {
		return s.splitQuoted(line)
	}
	for {
		i := bytes.IndexByte(line, separator)
		if i < 0 {
			s.fields = append(s.fields, line)
			return nil
		}
		s.fields = append(s.fields, line[:i])
		line = line[i+1:]
	}
}

// splitQuoted is split for the rare line with quotes in it.
func (s *splitter) splitQuoted(line []byte) error {
	s.unquoted = slices.Grow(s.unquoted[:0], len(line)) // never grows below: fields point into it
	for {
		field, rest, more, err := s.quotedField(line)
		if err != nil {
			return err
		}
		s.fields = append(s.fields, field)
		if !more {
			return nil
		}
		line = rest
	}
}

// quotedField reads one field; more says that a separator followed it.
func (s *splitter) quotedField(line []byte) (field, rest []byte, more bool, err error) {
	if len(line) == 0 || line[0] != '"' {
		field, rest, more = bytes.Cut(line, []byte{separator})
		if bytes.IndexByte(field, '"') >= 0 {
			return nil, nil, false, errQuotes
		}
		return field, rest, more, nil
	}
	from := len(s.unquoted)
	for line = line[1:]; ; {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return nil, nil, false, errQuotes
		}
		s.unquoted = append(s.unquoted, line[:i]...)
		line = line[i+1:]
		if len(line) == 0 || line[0] != '"' {
			break
		}
		s.unquoted = append(s.unquoted, '"')
		line = line[1:]
	}
	field = s.unquoted[from:]
	if len(line) == 0 {
		return field, nil, false, nil
	}
	if line[0] != separator {
		return nil, nil, false, errQuotes
	}
	return field, line[1:], true, nil
}
