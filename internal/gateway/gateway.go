package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/latency"
	"tickgate/internal/natsd"
	"tickgate/internal/playback"
	"tickgate/internal/playback/serve"
	"tickgate/internal/stream"
	"tickgate/internal/telemetry"
	"tickgate/internal/websocket"
	"tickgate/pkg/subscription"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Gateway is one running gateway.
type Gateway struct {
	// Immutable after Start.
	config     Config
	log        *slog.Logger
	listeners  listeners
	embedded   *natsd.Server // nil: an existing NATS was joined
	bus        bus.Connection
	subjects   bus.Subjects
	feed       *feed.Feed
	hub        *subscription.Hub
	service    *stream.Server
	recording  *playback.JetStream
	replays    *serve.Replays
	websockets *websocket.Handler
	grpc       *grpc.Server
	health     *health.Server
	web        *http.Server
	admin      *http.Server

	draining atomic.Bool
}

// Start listens, connects and makes every stage, so that what cannot work fails here with one error. Nothing is served until Run.
func Start(config Config, log *slog.Logger) (*Gateway, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	subjects, err := bus.NewSubjects(config.Prefix)
	if err != nil {
		return nil, err
	}
	g := &Gateway{config: config, log: log, subjects: subjects, health: health.NewServer()}
	for _, step := range []func() error{g.listen, g.joinBus, g.makeStages, g.makeServers} {
		if err := step(); err != nil {
			g.release()
			return nil, err
		}
	}
	return g, nil
}

func (g *Gateway) listen() (err error) {
	g.listeners, err = listenAll(g.config)
	return err
}

// joinBus says where the bus is: the NATS that is configured, or one of our own, started here.
func (g *Gateway) joinBus() (err error) {
	g.bus = g.config.Bus
	if g.bus.URL != "" {
		if g.config.CreateStream {
			return g.ensureStream()
		}
		return nil
	}
	if g.embedded, err = natsd.Start(g.config.NATS, g.log); err != nil {
		return err
	}
	g.bus = g.embedded.Connection()
	return g.ensureStream()
}

// setupTimeout bounds the making of the stream at the start.
const setupTimeout = 10 * time.Second

// ErrBus says that NATS cannot be reached where it must be.
var ErrBus = errors.New("gateway: bus")

// ensureStream makes the bus keep the last values.
func (g *Gateway) ensureStream() error {
	connected := make(chan struct{}) // closed by nats.go's goroutine at the first connection
	var once sync.Once
	conn, err := bus.Connect(g.bus, "tickgate setup", g.log, bus.Handlers{Reconnected: func() { once.Do(func() { close(connected) }) }})
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	select {
	case <-connected:
	case <-ctx.Done():
		return fmt.Errorf("%w: NATS did not answer within %v: check nats-url, or start without create-stream, which waits for no NATS", ErrBus, setupTimeout)
	}
	return feed.EnsureStream(ctx, conn, g.subjects, g.config.keep())
}

// makeStages makes feed, hub and service.
func (g *Gateway) makeStages() error {
	table, err := subscription.NewTable(g.config.Table)
	if err != nil {
		return err
	}
	totals := latency.NewTotals()
	subscriptions := g.config.Subscriptions
	subscriptions.AfterCare = func(worker int) { g.service.AfterCare(worker) }
	if g.hub, err = subscription.NewHub(table, subscriptions); err != nil {
		return err
	}
	feedConfig := g.config.Feed
	feedConfig.Log, feedConfig.Latency, feedConfig.OnCurrent = g.log, totals, g.sayCurrent
	if g.feed, err = feed.New(feedConfig, g.bus, g.subjects, table); err != nil {
		return err
	}
	if g.service, err = stream.NewServer(g.hub, g.config.Stream, g.feed, totals, g.log); err != nil {
		return err
	}
	library, err := g.makeLibrary()
	if err != nil {
		return err
	}
	if g.websockets, err = websocket.NewHandler(g.service, g.hub, g.config.WebSocket, g.log); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		telemetry.NewCollector(telemetry.Sources{Feed: g.feed, Hub: g.hub, Streams: g.service, Playbacks: library, Latency: totals}),
	)
	g.admin = newHTTPServer(g.adminHandler(registry))
	return nil
}

// makeLibrary makes what plays back the stream of events, which is that of the warm start.
func (g *Gateway) makeLibrary() (*playback.Library, error) {
	config := g.config.Playback
	config.Stream, config.Log = g.config.Feed.WarmStartStream, g.log
	config.Live = func() bool { return g.hub.Table().Subscriptions() > 0 }
	if g.config.Demo && config.RateBesideLive == 0 { // nobody trades by it
		config.RateBesideLive = config.Rate
	}
	g.recording = playback.NewJetStream(g.bus, g.subjects, config.Stream, g.log)
	library, err := playback.NewLibrary(config, g.subjects, g.recording)
	if err != nil {
		return nil, err
	}
	g.replays = serve.New(g.service, library, config.IdleTimeout)
	return library, nil
}

// marketData is the whole service tickgate.v1.MarketData.
type marketData struct {
	*stream.Server
	*serve.Replays
}

func (g *Gateway) makeServers() error {
	g.grpc = grpc.NewServer(g.service.ServerOptions()...)
	tickgatev1.RegisterMarketDataServer(g.grpc, marketData{g.service, g.replays})
	healthpb.RegisterHealthServer(g.grpc, g.health)
	reflection.Register(g.grpc)
	g.setServing(healthpb.HealthCheckResponse_NOT_SERVING)
	g.web = newHTTPServer(g.webHandler())
	g.web.ConnContext = websocket.ConnContext
	g.web.ReadTimeout = 10 * time.Second // of a request; a WebSocket is none any more
	return nil
}

// newHTTPServer returns a server that no slow or silent browser can hold. Profiles take up to their own time, so writing has no bound here.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
}

// release undoes Start.
func (g *Gateway) release() {
	if g.recording != nil {
		g.recording.Close()
	}
	if g.embedded != nil {
		g.embedded.Shutdown()
	}
	g.listeners.close()
}

// Run serves until ctx is done, drains and stops. Canceling abort ends the drain at once. It returns the first error of a stage that ended by itself.
func (g *Gateway) Run(ctx, abort context.Context) error {
	stages := newStages()
	stages.start("subscriptions", g.hub.Run)
	stages.start("feed", g.feed.Run)
	stages.start("gRPC server", func(context.Context) error { return g.grpc.Serve(g.listeners.grpc) })
	stages.start("web server", func(context.Context) error { return serveHTTP(g.web.Serve(g.listeners.web)) })
	stages.start("admin server", func(context.Context) error { return serveHTTP(g.admin.Serve(g.listeners.admin)) })
	if g.config.Demo {
		stages.start("demo feed", g.runDemo)
	}
	stages.start("memory", g.trimMemory)

	var failed error
	select {
	case <-ctx.Done():
	case failed = <-stages.failed:
	}
	return errors.Join(failed, g.shutDown(abort, stages))
}

// sayCurrent tells the health service whether clients may be sent here. It is called by the feed.
func (g *Gateway) sayCurrent(current bool) {
	if !current {
		g.setServing(healthpb.HealthCheckResponse_NOT_SERVING)
		return
	}
	g.setServing(healthpb.HealthCheckResponse_SERVING)
	g.log.Info("ready", "symbols", g.feed.Stats().Symbols)
}

func (g *Gateway) setServing(status healthpb.HealthCheckResponse_ServingStatus) {
	g.health.SetServingStatus("", status)
	g.health.SetServingStatus(tickgatev1.MarketData_ServiceDesc.ServiceName, status)
}

// Ready is closed when the last values are known for the first time and clients may come.
func (g *Gateway) Ready() <-chan struct{} { return g.feed.Ready() }

// notReady returns why clients should not be sent here; empty: they may.
func (g *Gateway) notReady() string {
	if g.draining.Load() {
		return "draining"
	}
	if !g.feed.Current() {
		return "waiting for NATS and the last values"
	}
	return ""
}

func serveHTTP(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
