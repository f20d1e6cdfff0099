package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"tickgate/internal/bus"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/testlink"
)

// door is one way to be let in by NATS.
type door struct {
	name    string
	options server.Options
	right   bus.Connection // without URL
	wrong   bus.Connection
	scheme  string
	logs    string // what the log says to the wrong one
}

// TestAuthentication joins servers with the right credentials, and tries to with wrong ones, as a gateway and as feedsim.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	feedsim := gatewaytest.Build(t, "tickgate/cmd/feedsim")
	for _, d := range []door{passwordDoor(), nkeyDoor(t), credsDoor(t), tlsDoor(t), mutualTLSDoor(t)} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			url := d.scheme + "://" + natstest.Start(t, d.options).Addr().String()
			t.Run("right", func(t *testing.T) { joins(t, d.right, url) })
			t.Run("wrong", func(t *testing.T) { keepsTrying(t, d, url) })
			t.Run("feedsim right", func(t *testing.T) { feedsimJoins(t, feedsim, d.right, url) })
			t.Run("feedsim wrong", func(t *testing.T) { feedsimGivesUp(t, feedsim, d.wrong, url) })
		})
	}
}

// joins demands that a value gets from the server to a client.
func joins(t *testing.T, right bus.Connection, url string) {
	right.URL = url
	config := gatewaytest.Config(t)
	config.Bus = right
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, right)
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	client.Subscribe(gatewaytest.None(), symbols[:1])
	market.Publish(symbols[0], quoteOf(100))
	client.Await("the value", gatewaytest.HoldsLast(market, symbols[:1]))
	checkStream(t, "NONE", market, client)
}

// feedsimJoins demands that what feedsim publishes gets to a client of a gateway at the same server.
func feedsimJoins(t *testing.T, program string, right bus.Connection, url string) {
	right.URL = url
	config := gatewaytest.Config(t)
	config.Bus = right
	client := gatewaytest.OpenStream(t, gatewaytest.Start(t, config).Dial(t), nil)
	client.Subscribe(gatewaytest.Latest(), symbols)
	p := startFeedsim(t, program, right)
	client.Await("a quote of each symbol", func(h gatewaytest.Holdings) bool {
		return !slices.ContainsFunc(symbols, func(symbol string) bool { return h[symbol] == nil || !h[symbol].Quote.BidPrice.Present })
	})
	code := p.Wait()
	if stdout, stderr := p.Output(); code != 0 || len(stderr) != 0 || !strings.Contains(strings.Join(stdout, "\n"), " 1000 events") {
		t.Errorf("exit code %d, %q and %q, want 0 and 1000 events", code, stdout, stderr)
	}
}

// feedsimGivesUp demands that feedsim with the wrong credentials ends after its time-out and says where it was not let in.
func feedsimGivesUp(t *testing.T, program string, wrong bus.Connection, url string) {
	wrong.URL = url
	p := startFeedsim(t, program, wrong, "--nats-timeout=300ms")
	code := p.Wait()
	stdout, stderr := p.Output()
	if said := strings.Join(stderr, "\n"); code != 1 || len(stdout) != 0 || !strings.Contains(said, "nats-url") || !strings.Contains(said, "300ms") {
		t.Errorf("exit code %d, %q and %q, want 1 and where it was not let in", code, stdout, stderr)
	} else if wrong.Password != "" && strings.Contains(said, wrong.Password) {
		t.Errorf("%q tells the password", said)
	}
}

// startFeedsim publishes a thousand events of symbols at once.
func startFeedsim(t testing.TB, program string, c bus.Connection, more ...string) *gatewaytest.Process {
	t.Helper()
	args := []string{"generate", fmt.Sprintf("--symbols=%d", symbolCount), "--count=1000", "--speed=max"}
	for setting, value := range map[string]string{
		"nats-url": c.URL, "nats-user": c.User, "nats-creds-file": c.CredsFile, "nats-nkey-file": c.NKeyFile,
		"nats-tls-ca": c.TLSCA, "nats-tls-cert": c.TLSCert, "nats-tls-key": c.TLSKey,
	} {
		if value != "" {
			args = append(args, "--"+setting+"="+value)
		}
	}
	return gatewaytest.StartProcess(t, program, []string{"TICKGATE_NATS_PASSWORD=" + c.Password}, append(args, more...)...)
}

// keepsTrying demands that a gateway with the wrong credentials says what is wrong, stays, tries again and is not ready.
func keepsTrying(t *testing.T, d door, url string) {
	const attempts = 4
	way := testlink.New(t, strings.TrimPrefix(url, d.scheme+"://"))
	config := gatewaytest.Config(t)
	config.Bus = d.wrong
	config.Bus.URL = d.scheme + "://" + way.Address()
	log := &journal{}
	g := gatewaytest.StartLogging(t, config, slog.New(slog.NewTextHandler(log, nil)))
	gatewaytest.Eventually(t, "the gateway tries again", func() bool { return way.Connections() >= attempts })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log is:\n%s", log.text())
		}
	})
	gatewaytest.Eventually(t, "the log says "+d.logs, func() bool { return strings.Contains(log.text(), d.logs) })
	select {
	case <-g.Ready():
		t.Error("the gateway says that it is ready")
	case <-g.Ended():
		t.Error("the gateway has given up")
	default:
	}
	if lines := strings.Count(log.text(), "\n"); lines > attempts {
		t.Errorf("the log has %d lines after %d attempts, it should not repeat itself:\n%s", lines, way.Connections(), log.text())
	}
	if secret := d.wrong.Password; secret != "" && strings.Contains(log.text(), secret) {
		t.Errorf("the log tells the password:\n%s", log.text())
	}
}

// journal keeps what is logged.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

const refused = "Authorization Violation"

func passwordDoor() door {
	return door{
		name: "user and password", scheme: "nats", logs: refused,
		options: server.Options{Username: "gateway", Password: "right-password"},
		right:   bus.Connection{User: "gateway", Password: "right-password"},
		wrong:   bus.Connection{User: "gateway", Password: "wrong-password"},
	}
}

func nkeyDoor(t testing.TB) door {
	known, unknown := newUser(t), newUser(t)
	return door{
		name: "nkey", scheme: "nats", logs: refused,
		options: server.Options{Nkeys: []*server.NkeyUser{{Nkey: publicKey(t, known)}}},
		right:   bus.Connection{NKeyFile: writeFile(t, "known.nk", seed(t, known))},
		wrong:   bus.Connection{NKeyFile: writeFile(t, "unknown.nk", seed(t, unknown))},
	}
}

// credsDoor is a server with an operator who trusts one account, and not another.
func credsDoor(t testing.TB) door {
	operator, trusted, stranger := must(nkeys.CreateOperator()), must(nkeys.CreateAccount()), must(nkeys.CreateAccount())
	claims := jwt.NewOperatorClaims(publicKey(t, operator))
	resolver := &server.MemAccResolver{}
	account := jwt.NewAccountClaims(publicKey(t, trusted))
	if err := resolver.Store(publicKey(t, trusted), must(account.Encode(operator))); err != nil {
		t.Fatal(err)
	}
	return door{
		name: "creds file", scheme: "nats", logs: refused,
		options: server.Options{TrustedOperators: []*jwt.OperatorClaims{claims}, AccountResolver: resolver},
		right:   bus.Connection{CredsFile: writeFile(t, "trusted.creds", credentials(t, trusted))},
		wrong:   bus.Connection{CredsFile: writeFile(t, "stranger.creds", credentials(t, stranger))},
	}
}

// credentials returns the file of a new user of an account.
func credentials(t testing.TB, account nkeys.KeyPair) []byte {
	t.Helper()
	user := newUser(t)
	token := must(jwt.NewUserClaims(publicKey(t, user)).Encode(account))
	return must(jwt.FormatUserConfig(token, seed(t, user)))
}

func newUser(t testing.TB) nkeys.KeyPair {
	t.Helper()
	return must(nkeys.CreateUser())
}

func publicKey(t testing.TB, pair nkeys.KeyPair) string {
	t.Helper()
	return must(pair.PublicKey())
}

func seed(t testing.TB, pair nkeys.KeyPair) []byte {
	t.Helper()
	return must(pair.Seed())
}

func writeFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// must is for making keys, which cannot fail but for a broken test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// TestAuthenticationSettingsThatCannotWork end a gateway at once, by name.
func TestAuthenticationSettingsThatCannotWork(t *testing.T) {
	for _, c := range []struct {
		bus  bus.Connection
		want string
	}{
		{bus.Connection{User: "u", Password: "p", NKeyFile: "x"}, "nats-nkey-file"},
		{bus.Connection{Password: "p"}, "nats-password"},
		{bus.Connection{TLSCert: "x"}, "nats-tls-key"},
	} {
		c.bus.URL = "nats://127.0.0.1:1"
		config := gatewaytest.Config(t)
		config.Bus = c.bus
		g, err := gateway.Start(config, slog.New(slog.DiscardHandler))
		if err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
			err = g.Run(ctx, ctx)
			cancel()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v; want %s to be named", c.bus, err, c.want)
		}
	}
}
