package pace

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// sleepShort waits in the kernel, which is exact to some 60 us.
func sleepShort(d time.Duration) {
	rest := unix.NsecToTimespec(int64(d))
	for errors.Is(unix.Nanosleep(&rest, &rest), unix.EINTR) { // a signal, of the runtime for example
	}
}
