package record

import (
	"fmt"
	"strings"
)

// Format of the files that are left when a segment is closed.
type Format uint8

// The formats.
const (
	FormatCSV Format = iota
	FormatCSVGzip
	FormatParquet
	formatCount
)

var formatNames = [formatCount]string{"csv", "csv.gz", "parquet"}

// String returns the name, which is also the extension of files.
func (f Format) String() string { return formatNames[f] }

// FormatNames returns the names of all formats.
func FormatNames() []string { return formatNames[:] }

// ParseFormat is the inverse of String.
func ParseFormat(name string) (Format, error) {
	for f := range formatCount {
		if formatNames[f] == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%w: there is no format %q, there are %s", ErrConfig, name, strings.Join(formatNames[:], ", "))
}
