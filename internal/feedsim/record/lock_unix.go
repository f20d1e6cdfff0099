//go:build unix

package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock keeps a second recorder out of the directory: it would take the parts of the first for those of a dead one. The lock ends with the process.
func lock(directory string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(directory, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		err = errors.Join(fmt.Errorf("record: another recorder writes to %s: %w", directory, err), file.Close())
		return nil, err
	}
	return file, nil
}
