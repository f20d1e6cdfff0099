package client

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	errSilent  = errors.New("client: the gateway has been silent for too long")
	errLeaving = errors.New("client: the gateway is going away")
	errLost    = errors.New("client: the connection was lost")
)

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

// permanent reports whether trying again is of no use.
func permanent(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return true
	}
	return false
}
