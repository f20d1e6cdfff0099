package record

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/parquetfile"
)

// tempSuffix ends the names of files that are being made out of a part; one that is left by a crash is made anew.
const tempSuffix = ".tmp"

// finish turns a part, whose lines are whole, into a file of a format, and removes it. The file appears under its name when it is whole, so a crash at
// any point leaves the part or the file.
func finish(path string, format Format, log *slog.Logger) error {
	if strings.HasPrefix(filepath.Base(path), seriesNames[gapsSeries]+"-") {
		format = FormatCSV // losses are few, and are to be read without tools
	}
	final := strings.TrimSuffix(path, partSuffix) + "." + format.String()
	if _, err := os.Stat(final); err == nil { // made, and the crash was before the part was removed
		return os.Remove(path)
	}
	if format == FormatCSV {
		return os.Rename(path, final)
	}
	temp := final + tempSuffix
	if err := convert(path, temp, format, log); err != nil {
		return errors.Join(fmt.Errorf("record: make %s: %w", final, err), os.Remove(temp))
	}
	if err := os.Rename(temp, final); err != nil {
		return err
	}
	return os.Remove(path)
}

func convert(path, temp string, format Format, log *slog.Logger) error {
	out, err := os.Create(temp)
	if err != nil {
		return err
	}
	if format == FormatParquet {
		err = convertToParquet(path, out, log)
	} else {
		err = compress(path, out)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

func compress(path string, out io.Writer) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(out)
	_, err = io.Copy(packed, in)
	return errors.Join(err, packed.Close(), in.Close())
}

func convertToParquet(path string, out io.Writer, log *slog.Logger) error {
	var report datafile.Report
	options := datafile.Options{
		Layouts: []datafile.Layout{datafile.RecordedQuotes(), datafile.RecordedTrades(), datafile.RecordedStatuses()}, Log: log,
	}
	in, err := csvfile.Open(datafile.Path(path), options, &report)
	if err != nil {
		return err
	}
	w := parquetfile.NewWriter(out, in.Kind())
	for {
		item, err := in.Next()
		if errors.Is(err, io.EOF) {
			return errors.Join(w.Close(), in.Close())
		}
		if err == nil {
			err = w.Write(item)
		}
		if err != nil {
			return errors.Join(err, in.Close())
		}
	}
}
