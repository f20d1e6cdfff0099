package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"tickgate/internal/bus"
	"tickgate/internal/natsd/natstest"
)

var discard = slog.New(slog.DiscardHandler)

// keyFiles writes an nkey seed, a certificate with its key, and a file that is none of them.
type keyFiles struct{ nkey, nkeyPublic, cert, key, junk string }

func newKeyFiles(t *testing.T) keyFiles {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return keyFiles{
		nkey:       write("user.nk", seed),
		nkeyPublic: public,
		cert:       write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:        write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})),
		junk:       write("junk", []byte("junk")),
	}
}

func TestAuthenticationSettings(t *testing.T) {
	files := newKeyFiles(t)
	const nobody = "nats://127.0.0.1:1" // nothing listens there; Connect goes on trying
	for _, test := range []struct {
		name       string
		connection bus.Connection
		want       string // in the error; empty: no error
	}{
		{"none", bus.Connection{}, ""},
		{"user", bus.Connection{User: "u", Password: "p"}, ""},
		{"user without password", bus.Connection{User: "u"}, ""},
		{"nkey", bus.Connection{NKeyFile: files.nkey}, ""},
		{"creds", bus.Connection{CredsFile: files.junk}, ""}, // read at each connect, so it may be renewed
		{"certificate", bus.Connection{TLSCert: files.cert, TLSKey: files.key}, ""},
		{"certificate and user", bus.Connection{TLSCert: files.cert, TLSKey: files.key, User: "u", Password: "p"}, ""},
		{"authorities", bus.Connection{TLSCA: files.cert}, ""},
		{"password without user", bus.Connection{Password: "p"}, "nats-password"},
		{"user and nkey", bus.Connection{User: "u", NKeyFile: files.nkey}, "only one of"},
		{"user and creds", bus.Connection{User: "u", CredsFile: files.junk}, "only one of"},
		{"creds and nkey", bus.Connection{CredsFile: files.junk, NKeyFile: files.nkey}, "only one of"},
		{"nkey file missing", bus.Connection{NKeyFile: files.nkey + ".not"}, "nats-nkey-file"},
		{"nkey file of something else", bus.Connection{NKeyFile: files.junk}, "nats-nkey-file"},
		{"certificate without key", bus.Connection{TLSCert: files.cert}, "nats-tls-key"},
		{"key without certificate", bus.Connection{TLSKey: files.key}, "nats-tls-cert"},
		{"certificate and key exchanged", bus.Connection{TLSCert: files.key, TLSKey: files.cert}, "nats-tls-cert"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.connection.URL = nobody
			connection, err := bus.Connect(test.connection, "test", discard, bus.Handlers{})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				connection.Close()
				return
			}
			if !errors.Is(err, bus.ErrAuth) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ErrAuth that names %s", err, test.want)
			}
		})
	}
}

func TestBadURLIsRefused(t *testing.T) {
	for _, url := range []string{"nats://127.0.0.1:port", "ftp://%zz"} {
		if connection, err := bus.Connect(bus.Connection{URL: url}, "test", discard, bus.Handlers{}); err == nil {
			connection.Close()
			t.Errorf("%q is accepted", url)
		} else if !strings.Contains(err.Error(), "nats-url") {
			t.Errorf("%q: %v does not name nats-url", url, err)
		}
	}
	if connection, err := bus.Connect(bus.Connection{URL: "nats://127.0.0.1:1", TLSCA: newKeyFiles(t).junk}, "test", discard, bus.Handlers{}); err == nil {
		connection.Close()
		t.Error("a file without certificates is accepted as authorities")
	}
}

func TestAuthenticatesAtAServer(t *testing.T) {
	files := newKeyFiles(t)
	for _, test := range []struct {
		name       string
		options    server.Options
		connection bus.Connection
	}{
		{"user", server.Options{Username: "u", Password: "p"}, bus.Connection{User: "u", Password: "p"}},
		{"nkey", server.Options{Nkeys: []*server.NkeyUser{{Nkey: files.nkeyPublic}}}, bus.Connection{NKeyFile: files.nkey}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := natstest.Start(t, test.options)
			connection := test.connection
			for _, in := range []string{"socket", "process"} {
				connection.URL = s.ClientURL()
				if in == "process" {
					connection.InProcess = s
				}
				c, err := bus.Connect(connection, "test", discard, bus.Handlers{})
				if err != nil {
					t.Fatal(err)
				}
				if err := c.FlushTimeout(5 * time.Second); err != nil {
					t.Errorf("by %s: %v", in, err)
				}
				c.Close()
			}
		})
	}
}

// TestKeepsTrying lets the server refuse the client at first, then accept it, go, and come again.
func TestKeepsTrying(t *testing.T) {
	refusing := natstest.Start(t, server.Options{Username: "u", Password: "other"})
	port := refusing.Addr().(*net.TCPAddr).Port
	ups, downs := make(chan struct{}, 10), make(chan struct{}, 10)
	c, err := bus.Connect(bus.Connection{URL: refusing.ClientURL(), User: "u", Password: "p"}, "test", discard, bus.Handlers{
		Reconnected:  func() { ups <- struct{}{} },
		Disconnected: func(error) { downs <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	refusing.Shutdown()
	for range 2 {
		accepting := natstest.Start(t, server.Options{Username: "u", Password: "p", Port: port})
		receive(t, ups, "connected")
		if err := c.FlushTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		accepting.Shutdown()
		receive(t, downs, "disconnected")
		if err := c.Publish("md.quote.A", nil); err == nil {
			t.Error("publishing without a server queues old market data")
		}
	}
}

func receive(t *testing.T, from <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(10 * time.Second):
		t.Fatalf("not %s", what)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for address, want := range map[string]error{
		"":                                  nil, // embedded
		"nats://127.0.0.1:4222":             nil,
		"nats://a:4222, tls://b:4222":       nil,
		"127.0.0.1:4222":                    nil,
		"nats://user:secret@bus.example:42": nil,
		"http://127.0.0.1:4222":             bus.ErrURL,
		"nats://h:port":                     bus.ErrURL,
		"nats://":                           bus.ErrURL,
		"nats://a:4222,,nats://b:4222":      bus.ErrURL,
	} {
		if err := (bus.Connection{URL: address}).Validate(); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", address, err, want)
		}
	}
}
