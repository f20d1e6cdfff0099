package client

import (
	"context"
	"time"
)

// run keeps a link up, one after the other, until the client is closed or refused. One whose gateway goes away is kept until its successor is up.
func (c *Client) run(ctx context.Context) {
	defer close(c.done)
	defer func() { c.setState(StateChange{State: Ended, Why: reasonOf(c.Err())}) }()
	var leaving *link
	for wait := time.Duration(0); ctx.Err() == nil; {
		to, asked := c.endpoints.next(time.Now())
		if !c.pause(ctx, leaving, to, max(wait, asked)) {
			return
		}
		l := c.start(ctx, to)
		if c.follow(l, leaving) == moving {
			c.endpoints.left(to, nil, time.Now())
			leaving, wait = l, 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if leaving != nil && isClosed(leaving.ended) {
			leaving = nil
		}
		c.endpoints.left(to, l.err, time.Now())
		if err := c.endpoints.exhausted(); err != nil && leaving == nil {
			c.options.log.Error("client: gives up", "error", err)
			c.giveUp(err)
			return
		}
		wait = c.backoff.next()
		if l.goingAway != "" { // the wait that it asked for counts
			wait = max(0, time.Until(l.retryAt))
		}
		c.options.log.Warn("client: reconnecting", "address", to.address, "error", l.err, "wait", wait)
	}
}

// start begins a link.
func (c *Client) start(ctx context.Context, to *endpoint) *link {
	ctx, cancel := context.WithCancelCause(ctx)
	l := newLink(c, to, cancel)
	c.running.Go(func() {
		defer close(l.ended)
		l.err = l.serve(ctx)
		c.lost(l)
	})
	return l
}

// outcome is what becomes of a link.
type outcome uint8

const (
	over   outcome = iota // it has ended
	moving                // it streams, and its gateway has asked the client to leave, or has lost its bus
)

// follow attends a link, and ends the one before when this one is up.
func (c *Client) follow(l, before *link) outcome {
	up, beforeEnded := l.up, endOf(before)
	isUp := func() {
		up = nil
		c.endpoints.worked(l.endpoint)
		c.backoff.reset()
		if before != nil {
			before.cancel(errMoved)
			<-before.ended
			before, beforeEnded = nil, nil
		}
	}
	for {
		select {
		case <-up:
			isUp()
		case <-beforeEnded:
			beforeEnded = nil
			if up != nil {
				c.setState(StateChange{State: Reconnecting, Why: reasonOf(before.err), Address: l.endpoint.address})
			}
		case <-l.leave:
			return moving
		case <-l.astray:
			c.astray.Add(1)
			c.options.log.Warn("client: the gateway has lost its bus, looking for another", "address", l.endpoint.address)
			return moving
		case <-l.ended:
			if up != nil && isClosed(up) {
				isUp()
			}
			return over
		}
	}
}

// pause waits before the next attempt; false: the client is closed. It tells that there is no connection, as soon as the one that its gateway is taking away has gone.
func (c *Client) pause(ctx context.Context, leaving *link, to *endpoint, wait time.Duration) bool {
	end := time.Now().Add(wait)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	gone := endOf(leaving)
	if leaving == nil {
		c.tellReconnecting(to, wait)
	}
	for {
		select {
		case <-timer.C:
			return true
		case <-gone:
			gone = nil
			c.tellReconnecting(to, time.Until(end))
		case <-ctx.Done():
			return false
		}
	}
}

// tellReconnecting tells of a lost connection; the first one was not there to be lost.
func (c *Client) tellReconnecting(to *endpoint, wait time.Duration) {
	c.mu.Lock()
	err := c.lastErr
	c.mu.Unlock()
	if err != nil {
		c.setState(StateChange{State: Reconnecting, Why: reasonOf(err), Address: to.address, Retry: wait})
	}
}

// endOf is closed when a link has ended; nil: there is no link.
func endOf(l *link) chan struct{} {
	if l == nil {
		return nil
	}
	return l.ended
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
