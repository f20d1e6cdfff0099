//go:build ignore

// Cut makes the two files of the sample out of the whole ones:
//
//	go run ./sample/cut.go -from DIRECTORY -to sample
//
// It keeps the header and each row received within the minute, byte for byte and in order, and compresses them without name or time: the
// same version of Go makes the same bytes.
package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The minute: 2024-08-08 23:57:00 to 23:58:00 UTC by the recorder's clock.
const (
	fromNanoseconds = 1_723_161_420_000_000_000
	toNanoseconds   = fromNanoseconds + 60_000_000_000
)

func main() {
	from := flag.String("from", "", "directory of the whole files")
	to := flag.String("to", "", "directory to write to")
	flag.Parse()
	for source, target := range map[string]string{
		"quotes_binance_multi.csv.gz": "quotes_60s.csv.gz",
		"trades_binance_multi.csv.gz": "trades_60s.csv.gz",
	} {
		if err := cut(filepath.Join(*from, source), filepath.Join(*to, target)); err != nil {
			fmt.Fprintln(os.Stderr, "cut:", err)
			os.Exit(1)
		}
	}
}

func cut(source, target string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	unpacked, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	return errors.Join(copyMinute(packed, unpacked), packed.Close(), out.Close())
}

func copyMinute(out io.Writer, in io.Reader) error {
	lines := bufio.NewScanner(in)
	for header := true; lines.Scan(); header = false {
		line := lines.Text()
		received, _, _ := strings.Cut(line, ",")
		at, err := strconv.ParseInt(received, 10, 64)
		if err != nil && !header {
			return err
		}
		if !header && (at < fromNanoseconds || at >= toNanoseconds) {
			continue
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return lines.Err()
}
