package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// symbolsPerRequest is what gateways take in one request by default.
const symbolsPerRequest = 1_000

// wish is how a symbol is subscribed.
type wish struct {
	conflation Conflation
	kinds      Kinds
}

// Subscribe adds symbols, or changes their conflation, and returns what the gateway has granted. Their tickers are in the Book at once, pending until the first value. An error that is a
// RejectedError names the symbols that were not taken. With ErrUnavailable the symbols stay subscribed, and are when a gateway can be reached.
func (c *Client) Subscribe(ctx context.Context, conflation Conflation, symbols ...string) (granted Conflation, err error) {
	return c.SubscribeKinds(ctx, AllKinds, conflation, symbols...)
}

// SubscribeKinds is Subscribe for some kinds of events alone. What a ticker has of other kinds stays empty, and their events are neither sent nor counted.
func (c *Client) SubscribeKinds(ctx context.Context, kinds Kinds, conflation Conflation, symbols ...string) (granted Conflation, err error) {
	if kinds == 0 || kinds&^AllKinds != 0 {
		return Conflation{}, fmt.Errorf("%w: there are no such kinds as %#b, give Quotes, Trades, Statuses, or some of them combined", ErrOptions, kinds)
	}
	symbols, refused := valid(symbols)
	asked := wish{conflation, kinds}
	c.wish(asked, symbols)
	for part := range slices.Chunk(symbols, symbolsPerRequest) {
		answer, err := c.ask(ctx, func() *tickgatev1.ClientMessage { return subscribeMessage(asked, part) })
		if err != nil {
			return Conflation{}, err
		}
		granted = conflationOf(answer.GetSubscribeResult().GetConflation())
		refused = append(refused, answer.GetSubscribeResult().GetRejected()...)
	}
	for _, r := range refused {
		c.unwish(r.GetSymbol())
	}
	return granted, rejected(refused)
}

func (c *Client) wish(asked wish, symbols []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, symbol := range symbols {
		c.wishes[symbol] = asked
		c.book.want(symbol, asked.conflation)
	}
}

func (c *Client) unwish(symbol string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.wishes, symbol)
	c.book.drop(symbol)
}

// Unsubscribe removes symbols from the gateway's stream and from the Book. One that is not subscribed is no error.
func (c *Client) Unsubscribe(ctx context.Context, symbols ...string) error {
	for _, symbol := range symbols {
		c.unwish(symbol)
	}
	for part := range slices.Chunk(symbols, symbolsPerRequest) {
		_, err := c.ask(ctx, func() *tickgatev1.ClientMessage { return unsubscribeMessage(part) })
		if err != nil && !errors.Is(err, ErrUnavailable) { // without a connection they are not subscribed anyway
			return err
		}
	}
	return nil
}

// SetConflation changes the conflation of subscribed symbols, of all if none is named, and returns what was granted.
func (c *Client) SetConflation(ctx context.Context, conflation Conflation, symbols ...string) (granted Conflation, err error) {
	c.mu.Lock()
	if len(symbols) == 0 {
		for symbol := range c.wishes {
			symbols = append(symbols, symbol)
		}
	}
	for _, symbol := range symbols {
		if w, subscribed := c.wishes[symbol]; subscribed {
			w.conflation = conflation
			c.wishes[symbol] = w
			c.book.want(symbol, conflation)
		}
	}
	c.mu.Unlock()
	var refused []*tickgatev1.Rejection
	granted = conflation
	for part := range slices.Chunk(symbols, symbolsPerRequest) {
		answer, err := c.ask(ctx, func() *tickgatev1.ClientMessage {
			return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetConflation{
				SetConflation: &tickgatev1.SetConflation{Symbols: part, Conflation: conflation.message()},
			}}
		})
		if err != nil {
			return Conflation{}, err
		}
		granted = conflationOf(answer.GetSetConflationResult().GetConflation())
		refused = append(refused, answer.GetSetConflationResult().GetRejected()...)
	}
	return granted, rejected(refused)
}

// valid takes out what is no symbol, with the gateway's answer to it: bytes that it cannot read would end the stream.
func valid(symbols []string) (good []string, refused []*tickgatev1.Rejection) {
	for _, symbol := range symbols {
		if err := tick.ValidateSymbol(symbol); err != nil {
			refused = append(refused, &tickgatev1.Rejection{
				Symbol: tick.Printable(symbol, 4*tick.MaxSymbolBytes), Reason: tickgatev1.RejectReason_REJECT_REASON_INVALID_SYMBOL, Detail: err.Error(),
			})
			continue
		}
		good = append(good, symbol)
	}
	return good, refused
}

func subscribeMessage(asked wish, symbols []string) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{
		Subscribe: &tickgatev1.Subscribe{Symbols: symbols, Conflation: asked.conflation.message(), Kinds: asked.kinds.message(), ImplySequences: true},
	}}
}

func unsubscribeMessage(symbols []string) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: symbols}}}
}

// resuming adds where each symbol stands: what a new link begins with.
func (c *Client) resuming(m *tickgatev1.ClientMessage) *tickgatev1.ClientMessage {
	s := m.GetSubscribe()
	for _, symbol := range s.GetSymbols() {
		if at := c.book.resumePoint(symbol); at.sequence > 0 {
			s.Resume = append(s.Resume, &tickgatev1.Resume{Symbol: symbol, Epoch: at.epoch, LastSequence: at.sequence})
		}
	}
	return m
}

// again returns what subscribes everything on a new link, and what that is.
func (c *Client) again() (messages []*tickgatev1.ClientMessage, asked map[string]wish) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resumeLocked(c.wishes), maps.Clone(c.wishes)
}

// resumeLocked returns what subscribes symbols from where they stand.
func (c *Client) resumeLocked(wishes map[string]wish) (messages []*tickgatev1.ClientMessage) {
	by := make(map[wish][]string)
	for symbol, w := range wishes {
		by[w] = append(by[w], symbol)
	}
	for w, symbols := range by {
		slices.Sort(symbols)
		for part := range slices.Chunk(symbols, symbolsPerRequest) {
			messages = append(messages, c.resuming(subscribeMessage(w, part)))
		}
	}
	return messages
}

// changesLocked returns what brings a link up to date that was asked for something else.
func (c *Client) changesLocked(asked map[string]wish) (messages []*tickgatev1.ClientMessage) {
	added := make(map[string]wish)
	for symbol, w := range c.wishes {
		if before, known := asked[symbol]; !known || before != w {
			added[symbol] = w
		}
	}
	var removed []string
	for symbol := range asked {
		if _, wanted := c.wishes[symbol]; !wanted {
			removed = append(removed, symbol)
		}
	}
	slices.Sort(removed)
	messages = c.resumeLocked(added)
	for part := range slices.Chunk(removed, symbolsPerRequest) {
		messages = append(messages, unsubscribeMessage(part))
	}
	return messages
}

// ask sends a command and returns its answer. A link that is lost meanwhile is replaced, and asked again.
func (c *Client) ask(ctx context.Context, build func() *tickgatev1.ClientMessage) (*tickgatev1.ServerMessage, error) {
	for {
		l, err := c.awaitLink(ctx)
		if err != nil {
			return nil, err
		}
		answer, err := l.ask(ctx, build())
		if !errors.Is(err, errLost) {
			return answer, err
		}
		select { // the client learns of it, too
		case <-l.ended:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
}
