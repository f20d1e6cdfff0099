package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// Client is a connection to one gateway at a time, and everything that is subscribed over it.
type Client struct {
	// Immutable after Dial.
	options options
	book    *Book
	latency *Latency
	notify  *notifier
	done    chan struct{} // closed when run has ended: the client was closed, or is refused for good
	cancel  context.CancelFunc
	running sync.WaitGroup // run, the links, and the handlers

	// Owned by run.
	backoff   backoff
	endpoints endpoints

	current atomic.Pointer[link] // as link below
	astray  atomic.Int32         // gateways in a row that were left since they had lost their bus

	// mu guards the fields below.
	mu      sync.Mutex
	wishes  map[string]wish // by symbol
	link    *link           // that commands go over; nil: there is none
	changed chan struct{}   // closed and replaced when link or fatal changes
	fatal   error           // why the client has given up; nil: it has not
	lastErr error           // why there is no link, for people
	state   StateChange
	closed  bool
}

// Dial returns a client of the gateway at address (host:port, several of them separated by commas), once it is connected: before that, ctx may end, which is ErrUnavailable. With InBackground
// it does not wait. The client lives until Close.
func Dial(ctx context.Context, address string, opts ...Option) (*Client, error) {
	o := defaults()
	for _, one := range strings.Split(address, ",") {
		o.addresses = append(o.addresses, strings.TrimSpace(one))
	}
	for _, apply := range opts {
		apply(&o)
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := newClient(o)
	if o.background {
		return c, nil
	}
	if _, err := c.awaitLink(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(o options) *Client {
	c := &Client{
		options: o, latency: newLatency(), notify: newNotifier(), done: make(chan struct{}),
		backoff: backoff{least: o.leastWait, most: o.mostWait}, endpoints: endpointsOf(o.addresses),
		wishes: make(map[string]wish), changed: make(chan struct{}),
	}
	c.book = newBook(o.eventBuffer, o.freshness*3/4, c.latency, c.tookBatch) // a quarter is for the way here
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.setState(StateChange{State: Connecting, Address: o.addresses[0]})
	told := make(chan struct{}) // closed when there will be no more to tell
	c.running.Go(func() { c.notify.run(told) })
	c.running.Go(func() {
		defer close(told)
		c.run(ctx)
	})
	if o.onUpdate != nil {
		c.running.Go(func() {
			for u := range c.Updates() {
				o.onUpdate(u)
			}
		})
	}
	return c
}

// Close ends the stream and returns when nothing of the client runs any more. It must not be called by a handler.
func (c *Client) Close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		c.changeLocked()
	}
	c.mu.Unlock()
	c.cancel()
	c.running.Wait()
}

// Err returns why the client has given up for good; nil: it has not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fatal
}

// Book returns the current tickers.
func (c *Client) Book() *Book { return c.book }

// Latency returns how old values are at each stage.
func (c *Client) Latency() *Latency { return c.latency }

// State returns what the connection is at.
func (c *Client) State() StateChange {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// setState notes and tells a state, if it is a new one.
func (c *Client) setState(s StateChange) {
	c.mu.Lock()
	same := s == c.state
	c.state = s
	c.mu.Unlock()
	if f := c.options.onState; f != nil && !same {
		c.notify.add(func() { f(s) })
	}
}

// changeLocked wakes everybody in awaitLink.
func (c *Client) changeLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// awaitLink returns a link that is up, or why there will be none in time.
func (c *Client) awaitLink(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		l, changed, fatal, closed, last := c.link, c.changed, c.fatal, c.closed, c.lastErr
		c.mu.Unlock()
		switch {
		case closed:
			return nil, ErrClosed
		case fatal != nil:
			return nil, fatal
		case l != nil:
			return l, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, unavailable(ctx.Err(), last)
		}
	}
}

func unavailable(why, last error) error {
	if last == nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, why)
	}
	return fmt.Errorf("%w: %w; the last attempt: %w", ErrUnavailable, why, last)
}

// tookBatch has batches acknowledged.
func (c *Client) tookBatch() {
	if l := c.current.Load(); l != nil {
		l.noteTaken()
	}
}

// takeOver has commands and reports go over a link that is up. What was subscribed and unsubscribed while it came up is made good.
func (c *Client) takeOver(l *link) {
	c.latency.streamBegins()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link.isCurrent.Store(false)
	}
	l.isCurrent.Store(true)
	c.link, c.lastErr = l, nil
	c.current.Store(l)
	for _, m := range c.changesLocked(l.asked) {
		l.post(m)
	}
	c.changeLocked()
}

// lost says that a link has ended. If commands went over it, nothing is current any more.
func (c *Client) lost(l *link) {
	c.mu.Lock()
	c.lastErr = l.err
	isCurrent := c.link == l
	if isCurrent {
		c.link = nil
		c.current.Store(nil)
	}
	c.changeLocked() // if only because lastErr has changed
	c.mu.Unlock()
	if isCurrent {
		c.book.disconnected()
	}
}

// giveUp says that there will be no link any more.
func (c *Client) giveUp(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fatal = err
	c.changeLocked()
}

func reasonOf(err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	return err.Error()
}
