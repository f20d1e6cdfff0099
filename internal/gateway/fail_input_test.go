package gateway_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// notSymbols are names that no subject may be made of. They are answered, and nothing else happens.
var notSymbols = []string{
	"", " ", "A ", " A", strings.Repeat("A", 65), "X\r\nPUB foo 1\r\n1", "X\r\nSUB > 1", "A\nB", "A\x00B", "\x00", "A\tB", "\x1b[2J", "\x7f",
	"ＡＡＰＬ", "A\u200bB", "é", "\u202eA",
}

// oddSymbols look like subjects and are names all the same: whoever subscribes them waits for a listing of that name.
var oddSymbols = []string{">", "*", "A.*", "A.>", "$JS.API.>", "$SYS.>", "$JS.API.STREAM.DELETE.TICKGATE_MD", "md.quote.SIM01", "%3E", "_INBOX.>", "BTC/USD", "AAPL  250117C00150000"}

// TestSymbolsNeverBecomeSubjects looks at NATS while clients name what would be a wildcard, a command or somebody else's subject there.
func TestSymbolsNeverBecomeSubjects(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	g := gatewaytest.Start(t, b.joined(t))
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(200))
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	client.Subscribe(gatewaytest.Latest(), symbols)
	client.Await("a live market", trading())
	spy := spyOn(t, b.connection())
	before := b.server.Subscriptions()

	for _, policy := range policies {
		result := client.Subscribe(policy, slices.Concat(notSymbols, oddSymbols, oddSymbols))
		if len(result.GetAccepted()) != len(oddSymbols) || len(result.GetRejected()) != len(notSymbols) {
			t.Errorf("%d accepted and %d rejected, want %d and %d", len(result.GetAccepted()), len(result.GetRejected()), len(oddSymbols), len(notSymbols))
		}
		for _, i := range result.GetAccepted() {
			if i.GetState() != tickgatev1.MarketState_MARKET_STATE_PENDING {
				t.Errorf("%q is %v, want PENDING", i.GetSymbol(), i.GetState())
			}
		}
		if now := b.server.Subscriptions(); now != before {
			t.Errorf("NATS has %d subscriptions, %d before", now, before)
		}
	}
	client.Await("a live market", trading())
	feed.Stop()
	client.Await("the last values", gatewaytest.HoldsLast(market, symbols))
	if now := b.server.Subscriptions(); now != before {
		t.Errorf("NATS has %d subscriptions, %d before", now, before)
	}
	if strange := spy.strange(); len(strange) > 0 {
		t.Errorf("messages on other subjects than the publisher's: %q", strange)
	}
	checkStream(t, "LATEST", market, client)
}

// spy sees every message of a NATS server.
type spy struct {
	// mu guards the field below.
	mu   sync.Mutex
	seen map[string]int
}

func spyOn(t testing.TB, c bus.Connection) *spy {
	t.Helper()
	s := &spy{seen: make(map[string]int)}
	conn, err := bus.Connect(c, "spy", slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	conn.SetClosedHandler(func(*nats.Conn) { close(closed) })
	t.Cleanup(func() {
		conn.Close()
		<-closed
	})
	if _, err := conn.Subscribe(">", s.see); err != nil {
		t.Fatal(err)
	}
	if err := conn.FlushTimeout(gatewaytest.Patience); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *spy) see(m *nats.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[m.Subject]++
}

// strange returns the subjects that are none of the publisher's.
func (s *spy) strange() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var strange []string
	for subject, count := range s.seen {
		kind, symbol, _ := strings.Cut(strings.TrimPrefix(subject, "md."), ".")
		if known := kind == "quote" || kind == "trade"; !known || !slices.Contains(symbols, symbol) {
			if subject != "md.heartbeat.feedsim" {
				strange = append(strange, fmt.Sprintf("%s (%d)", subject, count))
			}
		}
	}
	return strange
}
