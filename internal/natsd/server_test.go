package natsd_test

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/natsd"
)

func start(t *testing.T, change func(*natsd.Config)) *natsd.Server {
	t.Helper()
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&config)
	}
	server, err := natsd.Start(config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

func connect(t *testing.T, c bus.Connection) *nats.Conn {
	t.Helper()
	connection, err := bus.Connect(c, "test", slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	if err := connection.FlushTimeout(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestServesByURLAndInProcess(t *testing.T) {
	server := start(t, nil)
	byURL := connect(t, bus.Connection{URL: server.URL()})
	inProcess := connect(t, server.Connection())
	for _, pair := range []struct {
		name     string
		from, to *nats.Conn
	}{{"URL to in process", byURL, inProcess}, {"in process to URL", inProcess, byURL}} {
		t.Run(pair.name, func(t *testing.T) {
			subscription, err := pair.to.SubscribeSync("md.>")
			if err != nil {
				t.Fatal(err)
			}
			if err := pair.to.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := pair.from.Publish("md.quote.A", []byte("x")); err != nil {
				t.Fatal(err)
			}
			message, err := subscription.NextMsg(5 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if message.Subject != "md.quote.A" || string(message.Data) != "x" {
				t.Errorf("got %s %q", message.Subject, message.Data)
			}
		})
	}
}

func TestStreamsOutliveTheServer(t *testing.T) {
	dir := t.TempDir()
	keep := func(c *natsd.Config) { c.StoreDir = dir }
	server := start(t, keep)
	js, err := jetstream.New(connect(t, server.Connection()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"md.quote.*"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "md.quote.A", []byte("x")); err != nil {
		t.Fatal(err)
	}
	server.Shutdown()
	server.Shutdown() // may be called again

	js, err = jetstream.New(connect(t, start(t, keep).Connection()))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	message, err := stream.GetLastMsgForSubject(t.Context(), "md.quote.A")
	if err != nil || string(message.Data) != "x" {
		t.Errorf("got %v, %v", message, err)
	}
}

func TestNoStoreDirIsNoJetStream(t *testing.T) {
	server := start(t, func(c *natsd.Config) { c.StoreDir = "" })
	js, err := jetstream.New(connect(t, server.Connection()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Stream(t.Context(), "S"); err == nil {
		t.Error("there is JetStream")
	}
}

func TestPortInUse(t *testing.T) {
	holder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Close() }()
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = holder.Addr().String(), t.TempDir()
	_, err = natsd.Start(config, slog.New(slog.DiscardHandler))
	if !errors.Is(err, natsd.ErrListen) || !strings.Contains(err.Error(), config.Listen) || !strings.Contains(err.Error(), "nats-listen") {
		t.Errorf("got %v, want ErrListen that names %s and nats-listen", err, config.Listen)
	}
}

func TestStoreDirThatIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", file
	began := time.Now()
	_, err := natsd.Start(config, slog.New(slog.DiscardHandler))
	if !errors.Is(err, natsd.ErrStart) {
		t.Errorf("got %v, want ErrStart", err)
	}
	if waited := time.Since(began); waited > config.StartTimeout/2 {
		t.Errorf("it took %v to say so", waited)
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*natsd.Config)
		want   string
	}{
		{"default", func(*natsd.Config) {}, ""},
		{"no port", func(c *natsd.Config) { c.Listen = "localhost" }, "nats-listen"},
		{"port too great", func(c *natsd.Config) { c.Listen = "localhost:65536" }, "nats-listen"},
		{"port by name", func(c *natsd.Config) { c.Listen = "localhost:nats" }, "nats-listen"},
		{"no time", func(c *natsd.Config) { c.StartTimeout = 0 }, "nats-start-timeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := natsd.DefaultConfig()
			test.change(&config)
			err := config.Validate()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, natsd.ErrConfig) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want one that names %s", err, test.want)
			}
		})
	}
}

func ExampleStart() {
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", "" // any port, no JetStream
	log := slog.New(slog.DiscardHandler)
	server, err := natsd.Start(config, log)
	if err != nil {
		panic(err)
	}
	defer server.Shutdown()
	connection, err := bus.Connect(server.Connection(), "example", log, bus.Handlers{})
	if err != nil {
		panic(err)
	}
	connection.Close()
	// Output:
}
