package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Errors of the connection's settings; each names the setting.
var (
	// ErrAuth says that more than one way to authenticate is configured, or half of one.
	ErrAuth = errors.New("bus: authentication settings")
	// ErrURL says that an address of NATS cannot be read.
	ErrURL = errors.New("bus: address of NATS")
)

// Connection says how to reach NATS. Its fields are settings of the same names with "nats-" before them.
type Connection struct {
	URL       string // one or more nats:// or tls:// URLs, separated by commas
	User      string // with Password; empty: no user
	Password  string
	CredsFile string // user JWT and seed
	NKeyFile  string // nkey seed
	TLSCA     string // PEM file with the authorities to trust; empty: the system's
	TLSCert   string // PEM file of the client certificate, with TLSKey
	TLSKey    string

	// Gather lets messages gather before they are read. Not a setting of the connection.
	Gather Gather

	// InProcess is the embedded server, if there is one: its connections need no socket. URL is not dialled then, and only names the server. Not a setting.
	InProcess nats.InProcessConnProvider
}

// Handlers are told of what happens to a connection. They run on a goroutine of nats.go and must not block.
type Handlers struct {
	Disconnected func(error)
	Reconnected  func()
}

// Reconnecting never ends: a gateway without its bus serves stale values and says so, which beats a gateway that is gone.
const (
	reconnectWait    = 100 * time.Millisecond
	reconnectJitter  = 100 * time.Millisecond
	pingInterval     = 2 * time.Second // a silent peer is noticed within pingInterval x (maxPingsOut + 1)
	maxPingsOut      = 2
	reconnectBufSize = -1 // publishing while disconnected fails at once instead of queueing old market data
)

// Connect connects to NATS under name, and keeps on trying if the server is not there yet.
func Connect(c Connection, name string, log *slog.Logger, h Handlers) (*nats.Conn, error) {
	options, err := c.authentication()
	if err != nil {
		return nil, err
	}
	trouble := &trouble{log: log}
	options = append(options,
		nats.Name(name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPingsOut),
		nats.ReconnectBufSize(reconnectBufSize),
		nats.IgnoreAuthErrorAbort(),
		nats.RetryOnFailedConnect(true),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if h.Disconnected != nil {
				h.Disconnected(err)
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { trouble.report("bus: cannot connect to NATS, trying again", err) }),
		nats.ConnectHandler(func(*nats.Conn) {
			if h.Reconnected != nil {
				h.Reconnected()
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			if h.Reconnected != nil {
				h.Reconnected()
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			if sub == nil { // for example, credentials that are refused at every attempt
				trouble.report("nats", err)
				return
			}
			log.Warn("nats", "error", err, "subject", sub.Subject)
		}),
	)
	options = append(options, c.Gather.options(c.InProcess)...)
	connection, err := nats.Connect(c.URL, options...)
	if err != nil {
		return nil, fmt.Errorf("bus: connect to %s: %w; check nats-url", c.URL, err)
	}
	return connection, nil
}

// Validate returns ErrAuth if the settings contradict each other, or name keys or certificates that cannot be read.
func (c Connection) Validate() error {
	for address := range strings.SplitSeq(c.URL, ",") {
		if err := validateURL(strings.TrimSpace(address)); err != nil && c.URL != "" {
			return err
		}
	}
	_, err := c.authentication()
	return err
}

func validateURL(address string) error {
	if !strings.Contains(address, "://") { // as nats.go takes it
		address = "nats://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("%w: nats-url is not like nats://host:4222, or several of them separated by commas", ErrURL)
	case !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme):
		return fmt.Errorf("%w: nats-url begins with %s://, give nats://, tls://, ws:// or wss://", ErrURL, u.Scheme)
	}
	return nil
}

func (c Connection) authentication() ([]nats.Option, error) {
	var options []nats.Option
	if c.User != "" {
		options = append(options, nats.UserInfo(c.User, c.Password))
	}
	if c.CredsFile != "" {
		options = append(options, nats.UserCredentials(c.CredsFile))
	}
	if c.NKeyFile != "" {
		option, err := nats.NkeyOptionFromSeed(c.NKeyFile)
		if err != nil {
			return nil, fmt.Errorf("%w: nats-nkey-file %s: %w", ErrAuth, c.NKeyFile, err)
		}
		options = append(options, option)
	}
	if len(options) > 1 {
		return nil, fmt.Errorf("%w: give only one of nats-user, nats-creds-file and nats-nkey-file", ErrAuth)
	}
	if c.Password != "" && c.User == "" {
		return nil, fmt.Errorf("%w: nats-password without nats-user", ErrAuth)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return nil, fmt.Errorf("%w: nats-tls-cert and nats-tls-key go together", ErrAuth)
	}
	if c.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			return nil, fmt.Errorf("%w: nats-tls-cert: %w", ErrAuth, err)
		}
		options = append(options, nats.ClientCert(c.TLSCert, c.TLSKey))
	}
	if c.TLSCA != "" {
		options = append(options, nats.RootCAs(c.TLSCA))
	}
	return options, nil
}
