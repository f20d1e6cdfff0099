package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// recoverParts makes files out of what an earlier recording left when it was killed: the torn line at the end of a part is cut.
func recoverParts(directory string, format Format, log *slog.Logger) error {
	temps, err := filepath.Glob(filepath.Join(directory, "*"+tempSuffix))
	if err != nil {
		return err
	}
	for _, temp := range temps {
		if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	parts, err := filepath.Glob(filepath.Join(directory, "*"+partSuffix))
	if err != nil {
		return err
	}
	for _, path := range parts {
		torn, left, err := cutTornLine(path)
		if err != nil {
			return fmt.Errorf("record: recover %s: %w", path, err)
		}
		if left == 0 {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		log.Warn("an earlier recording was killed; its file is completed", "file", path, "torn_bytes", torn)
		if err := finish(path, format, log); err != nil {
			return err
		}
	}
	return nil
}

// tailBytes is how much of the end is looked at a time.
const tailBytes = 64 << 10

// cutTornLine truncates a file behind its last line break, and returns how many bytes were cut and are left.
func cutTornLine(path string) (torn, left int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, err
	}
	if left, err = wholeLines(file, size); err != nil || left == size {
		return 0, left, err
	}
	return size - left, left, file.Truncate(left)
}

// wholeLines returns where the last line break ends; 0 if there is none.
func wholeLines(file io.ReaderAt, size int64) (int64, error) {
	buffer := make([]byte, tailBytes)
	for end := size; end > 0; {
		begin := max(end-tailBytes, 0)
		chunk := buffer[:end-begin]
		if _, err := file.ReadAt(chunk, begin); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := len(chunk) - 1; i >= 0; i-- {
			if chunk[i] == '\n' {
				return begin + int64(i) + 1, nil
			}
		}
		end = begin
	}
	return 0, nil
}
