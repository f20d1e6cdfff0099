package stream_test

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// endedClients is a slog.Handler that keeps the names of the clients whose streams have ended.
type endedClients struct {
	slog.Handler
	mu    sync.Mutex
	names []string // guarded by mu
}

func newEndedClients() *endedClients { return &endedClients{Handler: slog.DiscardHandler} }

// Enabled implements slog.Handler.
func (*endedClients) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h *endedClients) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "stream ended" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "client" {
			h.names = append(h.names, a.Value.String())
		}
		return true
	})
	return nil
}

// take waits for the next stream to end, and returns its client's name.
func (h *endedClients) take(t *testing.T) (name string) {
	t.Helper()
	waitFor(t, "a stream's end to be logged", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.names) == 0 {
			return false
		}
		name, h.names = h.names[0], h.names[1:]
		return true
	})
	return name
}

// TestClientID: clients are called what they call themselves as far as it can be printed, or something else than all others; and the name, of which there may be
// any number, is no label of a metric.
func TestClientID(t *testing.T) {
	log := newEndedClients()
	g := newGate(t, func(o *options) { o.log = log })
	labels := func() []string {
		s := g.service.Stats()
		return append(slices.Sorted(maps.Keys(s.MessagesReceived)), slices.Sorted(maps.Keys(s.StreamsEnded))...)
	}
	before := labels()
	c := g.openRaw()
	given := map[string]bool{}
	for _, tt := range []struct {
		name string
		ids  []string
		want string // a pattern
	}{
		{"none", nil, `stream-\d+`},
		{"none again", nil, `stream-\d+`},
		{"an empty one", []string{""}, `stream-\d+`},
		{"a name", []string{"desk 7/blotter"}, `desk 7/blotter`},
		{"two names", []string{"first", "second"}, `first`},
		{"64 bytes", []string{strings.Repeat("x", 64)}, `x{64}`},
		{"65 bytes", []string{strings.Repeat("x", 64) + "y"}, `x{64}`},
		{"odd bytes", []string{"caf\xc3\xa9\xff\"\t"}, `caf\\xc3\\xa9\\xff"\\x09`},
		{"odd bytes at the cut", []string{strings.Repeat("x", 63) + "\xc3\xa9"}, `x{63}\\xc3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var metadata []hpack.HeaderField
			for _, id := range tt.ids {
				metadata = append(metadata, hpack.HeaderField{Name: "client-id", Value: id})
			}
			c.check(c.framer.WriteRSTStream(c.opened(metadata...), http2.ErrCodeCancel))
			got := log.take(t)
			if !regexp.MustCompile(`^` + tt.want + `$`).MatchString(got) {
				t.Errorf("the client is called %q, want %s", got, tt.want)
			}
			if len(tt.ids) == 0 && given[got] {
				t.Errorf("%q is another client's name", got)
			}
			given[got] = true
		})
	}
	if after := labels(); !slices.Equal(before, after) {
		t.Errorf("metrics have the labels %q, and had %q", after, before)
	}
}

// opened opens a stream and waits until the gateway has it.
func (c *rawClient) opened(metadata ...hpack.HeaderField) uint32 {
	c.t.Helper()
	active := c.gate.service.Stats().ActiveStreams
	id := c.openStream(metadata...)
	waitFor(c.t, "the stream to be open", func() bool { return c.gate.service.Stats().ActiveStreams > active })
	return id
}

// TestHeaderLimit: the gateway itself refuses headers over the limit; gRPC's clients do not even send them. A stream beside them on the same connection lives on.
func TestHeaderLimit(t *testing.T) {
	g := newGate(t, nil)
	c := g.openRaw()
	kilobytes := func(count int) (fields []hpack.HeaderField) {
		for range count { // 32 bytes are added for each field
			fields = append(fields, hpack.HeaderField{Name: "filler", Value: strings.Repeat("a", 1<<10-32-len("filler"))})
		}
		return fields
	}
	c.opened(kilobytes(15)...)
	refused := c.openStream(kilobytes(17)...)
	c.until(func(f http2.Frame) bool {
		reset, ok := f.(*http2.RSTStreamFrame)
		return ok && reset.StreamID == refused
	})
	if active := g.service.Stats().ActiveStreams; active != 1 {
		t.Errorf("%d streams, want the one with 15 KiB of headers", active)
	}
	c.opened()

	inOneValue := g.openRaw()
	inOneValue.openStream(hpack.HeaderField{Name: "client-id", Value: strings.Repeat("a", 17<<10)})
	inOneValue.untilEnd(func(http2.Frame) {})
	if active := g.service.Stats().ActiveStreams; active != 2 {
		t.Errorf("%d streams, want two", active)
	}
}
