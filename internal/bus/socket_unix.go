//go:build unix

package bus

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// socket reads a TCP connection, and keeps the kernel quiet while messages gather: otherwise the runtime is woken by each of them though nobody waits for it, which was a third
// of what ingesting 10,000 messages a second cost.
type socket struct {
	raw      syscall.RawConn
	lowWater int // from how many bytes on the kernel says that there is something to read
}

// Low-water marks. quiet is far below what the kernel's buffer holds, and more than gathers but in a flood, which needs no quiet.
const (
	anything = 1
	quiet    = 32 << 10
)

// socketOf returns the socket of conn, or nil.
func socketOf(conn net.Conn) *socket {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return &socket{raw: raw, lowWater: anything}
}

// read reads what there is, and waits if there is nothing. The kernel is told to speak up again before anybody waits.
func (s *socket) read(p []byte, announced announcement) (n int, err error) {
	failed := s.raw.Read(func(fd uintptr) bool {
		n, err = readAgain(fd, p)
		if errors.Is(err, syscall.EAGAIN) && s.lowWater != anything {
			s.announce(fd, anything)
			n, err = readAgain(fd, p) // what came in between has not been announced
		}
		return !errors.Is(err, syscall.EAGAIN)
	})
	switch {
	case failed != nil: // closed, or the deadline has passed
		return 0, failed
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	if announced == whatGathers && s.lowWater != quiet {
		_ = s.raw.Control(func(fd uintptr) { s.announce(fd, quiet) })
	}
	return n, nil
}

// announce sets the low-water mark. A system that refuses goes on as it was.
func (s *socket) announce(fd uintptr, lowWater int) {
	if err := syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, lowWater); err == nil {
		s.lowWater = lowWater
	}
}

func readAgain(fd uintptr, p []byte) (n int, err error) {
	for {
		if n, err = syscall.Read(int(fd), p); !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
