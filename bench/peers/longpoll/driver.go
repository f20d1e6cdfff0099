package longpoll

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"tickgate/bench/load"
)

// errAnswer says that an answer cannot be read.
var errAnswer = errors.New("longpoll: malformed answer")

// driver implements load.Driver. Each stream has a request under way all the time, and so a connection.
type driver struct {
	plan   *load.Plan
	client *http.Client
	polls  sync.WaitGroup
}

// New returns the driver.
func New(plan *load.Plan, dialer *load.Dialer) (load.Driver, error) {
	return &driver{plan: plan, client: &http.Client{Transport: &http.Transport{
		DialContext: dialer.Dial, MaxIdleConns: 0, MaxIdleConnsPerHost: plan.Streams, DisableCompression: true,
	}}}, nil
}

// Close waits for the requests, which end with the context.
func (d *driver) Close() {
	d.polls.Wait()
	d.client.CloseIdleConnections()
}

// Open leaves a goroutine that polls.
func (d *driver) Open(ctx context.Context, s *load.Stream) error {
	base := "http://" + d.plan.Addresses[s.Number%len(d.plan.Addresses)] + "/poll?symbols=" + url.QueryEscape(strings.Join(s.Symbols, ",")) + "&after="
	d.polls.Go(func() { s.Lost(d.poll(ctx, base, s)) })
	return nil
}

// poll asks until something fails; the error says what.
func (d *driver) poll(ctx context.Context, base string, s *load.Stream) error {
	cursor := "0"
	for {
		s.Pace(ctx)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+cursor, nil)
		if err != nil {
			return err
		}
		response, err := d.client.Do(request)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close() // it was read to its end, or the error says more
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%w: %s: %s", errAnswer, response.Status, body)
		}
		cursor = response.Header.Get(cursorHeader)
		payloads, err := payloadsOf(body, len(s.Symbols))
		if err != nil {
			return err
		}
		if len(payloads) > 0 {
			s.TakeEvents(payloads...)
		}
	}
}

func payloadsOf(body []byte, slots int) (payloads []load.Payload, err error) {
	for len(body) > 0 {
		slot, n := binary.Uvarint(body)
		if n <= 0 || slot >= uint64(slots) {
			return nil, errAnswer
		}
		body = body[n:]
		length, n := binary.Uvarint(body)
		if n <= 0 || length > uint64(len(body)-n) {
			return nil, errAnswer
		}
		payloads = append(payloads, load.Payload{Slot: int(slot), Data: body[n : n+int(length)]})
		body = body[n+int(length):]
	}
	return payloads, nil
}
