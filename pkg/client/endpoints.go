package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// endpoint is one address, and how it has answered.
type endpoint struct {
	address   string
	notBefore time.Time // the gateway has asked to be left alone until then
	refusal   error     // why trying again is of no use, as it said last; nil: it did not say so
}

// endpoints are the addresses, of which the client uses one after the other. Owned by Client.run.
type endpoints struct {
	all      []*endpoint
	at       int // the one to be tried first
	streamed bool
}

func endpointsOf(addresses []string) endpoints {
	var e endpoints
	for _, address := range addresses {
		e.all = append(e.all, &endpoint{address: address})
	}
	return e
}

// next returns the one to try, and how long to wait before: the first in turn that may be tried now, or the one that may be tried first.
func (e *endpoints) next(now time.Time) (*endpoint, time.Duration) {
	best := e.all[e.at]
	for i := range e.all {
		one := e.all[(e.at+i)%len(e.all)]
		if !one.notBefore.After(now) {
			best = one
			break
		}
		if one.notBefore.Before(best.notBefore) {
			best = one
		}
	}
	return best, max(0, best.notBefore.Sub(now))
}

// mostAskedWait bounds what a gateway may ask for, so that a wrong number does not keep a client away for good.
const mostAskedWait = 5 * time.Minute

// left notes why the stream to an endpoint has ended, and has the others tried before it.
func (e *endpoints) left(one *endpoint, err error, now time.Time) {
	e.at = (slices.Index(e.all, one) + 1) % len(e.all)
	one.refusal = nil
	if refuses(err) {
		one.refusal = err
	}
	if wait := min(askedWait(err), mostAskedWait); wait > 0 {
		one.notBefore = now.Add(wait + rand.N(wait/5+1)) // not all clients at once, and none too early
	}
}

// worked notes that an endpoint streams.
func (e *endpoints) worked(one *endpoint) { one.refusal, e.streamed = nil, true }

// exhausted returns why the client has to give up: every address has refused it for good. An address that does not know the service may be that of a gateway being replaced, so where one has
// known it before, the client goes on.
func (e *endpoints) exhausted() error {
	var reasons []error
	unknown := 0
	for _, one := range e.all {
		if one.refusal == nil {
			return nil
		}
		if status.Code(one.refusal) == codes.Unimplemented {
			unknown++
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", one.address, one.refusal))
	}
	switch {
	case unknown < len(e.all):
		return fmt.Errorf("%w: %w", ErrRefused, errors.Join(reasons...))
	case e.streamed:
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNoGateway, errors.Join(reasons...))
}

// refuses reports whether trying the same address again is of no use.
func refuses(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return true
	}
	return false
}

// askedWait returns how long a gateway asks the client to stay away; 0: it does not.
func askedWait(err error) time.Duration {
	switch status.Code(err) {
	case codes.ResourceExhausted, codes.Unavailable:
	default:
		return 0
	}
	for _, detail := range status.Convert(err).Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}
