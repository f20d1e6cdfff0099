package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

var (
	// ErrClosed says that the client was closed; make a new one.
	ErrClosed = errors.New("client: closed")
	// ErrUnavailable says that no gateway could be reached in time. What was asked for stays asked for: the client goes on trying. Check the addresses, and whether
	// a gateway listens there.
	ErrUnavailable = errors.New("client: no gateway could be reached")
	// ErrRefused says that the gateway does not take this client's credentials. It will not by itself: give it others.
	ErrRefused = errors.New("client: the gateway refuses this client")
	// ErrOptions says that an option cannot work; the error names it.
	ErrOptions = errors.New("client: options")
	// ErrNoGateway says that something answers at every address, and it is no Tickgate gateway: check hosts and ports. (A gateway's gRPC port is 50051 by default.)
	ErrNoGateway = errors.New("client: there is no Tickgate gateway")

	errSilent  = errors.New("client: the gateway has been silent for too long")
	errLeaving = errors.New("client: the gateway is going away")
	errMoved   = errors.New("client: moved to another gateway")
	errEnded   = errors.New("client: the gateway has ended the stream")
	errLost    = errors.New("client: the connection was lost")
)

// BusyError says that the gateway has too much to do to answer: try again after RetryAfter, or another gateway.
type BusyError struct {
	RetryAfter time.Duration // 0: it does not say
	Detail     string        // the gateway's words
}

// Error says when to try again.
func (e *BusyError) Error() string {
	when := "later"
	if e.RetryAfter > 0 {
		when = "in " + e.RetryAfter.String()
	}
	return fmt.Sprintf("client: the gateway is too busy, try again %s: %s", when, e.Detail)
}

// Rejection is a symbol that was not taken, and why.
type Rejection struct {
	Symbol string
	Reason string // such as INVALID_SYMBOL, STREAM_LIMIT
	Detail string // in words, with the limit or the rule; may be empty
}

// RejectedError says that some symbols were not taken; all others were. Mend or leave out those that it names.
type RejectedError struct{ Rejections []Rejection }

// Error names the first few symbols.
func (e *RejectedError) Error() string {
	const shown = 3
	var b strings.Builder
	fmt.Fprintf(&b, "client: %d symbols were not taken:", len(e.Rejections))
	for i, r := range e.Rejections {
		if i == shown {
			b.WriteString(" …")
			break
		}
		fmt.Fprintf(&b, " %q %s", r.Symbol, r.Reason)
		if r.Detail != "" {
			fmt.Fprintf(&b, " (%s)", r.Detail)
		}
	}
	return b.String()
}

func rejected(list []*tickgatev1.Rejection) error {
	if len(list) == 0 {
		return nil
	}
	e := &RejectedError{}
	for _, r := range list {
		e.Rejections = append(e.Rejections, Rejection{
			Symbol: r.GetSymbol(), Reason: strings.TrimPrefix(r.GetReason().String(), "REJECT_REASON_"), Detail: r.GetDetail(),
		})
	}
	return e
}
