//go:build !unix

package record

import (
	"os"
	"path/filepath"
)

// lock cannot keep a second recorder out here.
func lock(directory string) (*os.File, error) {
	return os.OpenFile(filepath.Join(directory, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
}
