//go:build !unix

package bus

import "net"

// socket is what other systems do not have.
type socket struct{}

func socketOf(net.Conn) *socket { return nil }

func (*socket) read([]byte, announcement) (int, error) { panic("bus: no socket") }
