package gateway

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ErrListen says that an address cannot be listened on: choose another one with the setting that it names.
var ErrListen = errors.New("gateway: cannot listen")

// listen names the setting in its error.
func listen(setting, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w on %s: the port is in use; stop what uses it, or choose another with --%s", ErrListen, address, setting)
	}
	return nil, fmt.Errorf("%w on %s (--%s): %w", ErrListen, address, setting, err)
}

// listeners are the sockets of the gateway itself.
type listeners struct{ grpc, web, admin net.Listener }

// listenAll opens all or none.
func listenAll(c Config) (l listeners, err error) {
	for _, one := range []struct {
		to      *net.Listener
		setting string
		address string
	}{
		{&l.grpc, "grpc-listen", c.GRPCListen},
		{&l.web, "web-listen", c.WebListen},
		{&l.admin, "admin-listen", c.AdminListen},
	} {
		if *one.to, err = listen(one.setting, one.address); err != nil {
			l.close()
			return listeners{}, err
		}
	}
	return l, nil
}

func (l listeners) close() {
	for _, listener := range []net.Listener{l.grpc, l.web, l.admin} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}
