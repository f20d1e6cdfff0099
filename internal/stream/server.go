package stream

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/tap"

	"tickgate/internal/latency"
	"tickgate/pkg/subscription"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Feed is what the service wants to know of the feed.
type Feed interface {
	// Age returns how long ago anything was heard from the feed; false if never.
	Age() (time.Duration, bool)
}

// Server serves tickgate.v1.MarketData.
type Server struct {
	tickgatev1.UnimplementedMarketDataServer

	// Immutable after NewServer.
	hub     *subscription.Hub
	config  Config
	feed    Feed
	totals  *latency.Totals
	log     *slog.Logger
	now     func() time.Time
	stats   *stats
	process *rate.Limiter // commands of all streams

	asides  chan struct{} // holds one for each goroutine of aside that runs
	workers []workerState // by index of the flush worker
	report  processReport

	draining atomic.Bool
}

// asidesPerCPU keeps every processor busy while some of the goroutines wait for a lock.
const asidesPerCPU = 4

// workerState belongs to one flush worker.
type workerState struct {
	recorder  *latency.Recorder
	encoder   latency.Encoder
	frames    framePool
	bytesSent atomic.Uint64 // the worker adds, whoever scrapes reads

	_ [128]byte // two cache lines: each worker writes to its own at every message
}

// NewServer returns a service over hub, whose Config.AfterCare must be, or call, the AfterCare of the result.
func NewServer(hub *subscription.Hub, config Config, feed Feed, totals *latency.Totals, log *slog.Logger) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		hub:     hub,
		config:  config,
		feed:    feed,
		totals:  totals,
		log:     log,
		now:     time.Now,
		stats:   newStats(),
		process: rate.NewLimiter(rate.Limit(config.ProcessCommandRate), config.ProcessCommandBurst),
	}
	s.asides = make(chan struct{}, asidesPerCPU*runtime.GOMAXPROCS(0))
	s.workers = make([]workerState, hub.Workers())
	for i := range s.workers {
		s.workers[i].recorder = latency.NewRecorder()
	}
	return s, nil
}

// SendStall is how long a client may let a message wait.
func (s *Server) SendStall() time.Duration { return s.config.SendStall }

// FirstMessageTimeout is how long a client may wait with its first message.
func (s *Server) FirstMessageTimeout() time.Duration { return s.config.FirstMessageTimeout }

// MaxMessageBytes is the greatest message received.
func (s *Server) MaxMessageBytes() int { return s.config.MaxMessageBytes }

// AfterCare moves what a worker has recorded to the totals, and lets go of frames that it does not need. The worker calls it.
func (s *Server) AfterCare(worker int) {
	s.workers[worker].recorder.TryMergeInto(s.totals)
	s.workers[worker].frames.trim()
}

// writeBufferBytes is what gRPC gathers of a connection before it writes. It takes a buffer when it begins to gather, and lets other goroutines run before it writes, so that hundreds
// of connections hold one at the same time. Its default of 32 KiB saves nothing here: a turn of a connection is seldom longer than a few batches.
const writeBufferBytes = 4 << 10

// ServerOptions returns what the gRPC server must be made with: without these options there is no connection to group streams by, and none to close.
func (s *Server) ServerOptions() []grpc.ServerOption {
	c := s.config
	return []grpc.ServerOption{
		grpc.Creds(connectionCredentials{TransportCredentials: s.transportCredentials(), hub: s.hub}),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.InTapHandle(s.tap),
		grpc.WriteBufferSize(writeBufferBytes),
		grpc.MaxConcurrentStreams(uint32(c.MaxStreamsPerConnection)),
		grpc.MaxRecvMsgSize(c.MaxMessageBytes),
		grpc.MaxHeaderListSize(uint32(c.MaxHeaderBytes)),
		grpc.ConnectionTimeout(c.HandshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: c.KeepaliveTime, Timeout: c.KeepaliveTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: c.MinClientPing, PermitWithoutStream: true}),
	}
}

// transportCredentials is where TLS will come in.
func (s *Server) transportCredentials() credentials.TransportCredentials {
	return insecure.NewCredentials()
}

// Register registers the service with a server made with ServerOptions.
func (s *Server) Register(registrar grpc.ServiceRegistrar) {
	tickgatev1.RegisterMarketDataServer(registrar, s)
}

// tap refuses calls before they cost anything.
func (s *Server) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	if !strings.HasPrefix(info.FullMethodName, "/"+tickgatev1.MarketData_ServiceDesc.ServiceName+"/") {
		return ctx, nil
	}
	if s.draining.Load() {
		return nil, StatusOf(ErrDraining)
	}
	return ctx, nil
}

// Stream implements tickgate.v1.MarketData.
func (s *Server) Stream(call grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]) error {
	face, err := newGRPCFace(s, call)
	if err != nil {
		return StatusOf(s.end(nil, err))
	}
	return StatusOf(s.Serve(face))
}

// Serve serves a client until its stream ends, and returns why it did, after it has counted that; nil: the client has left.
func (s *Server) Serve(face Face) error {
	if err := s.Admit(); err != nil {
		return s.end(nil, err)
	}
	defer s.Leave()
	var x *session
	err := s.aside(func() error {
		x = newSession(s, face)
		return ErrDraining
	})
	if !s.draining.Load() { // else Drain's GoingAway may have missed the session
		err = s.guarded(x.receive)
	}
	x.subscriptions.Close()
	x.watchLeftovers()
	if reason := x.ending.Load(); reason != nil {
		err = *reason
	}
	return s.end(x, err)
}

// Admit counts a stream of any kind against Config.MaxStreams, until Leave, or returns ErrStreamQuota. Drain waits for it.
func (s *Server) Admit() error {
	if active := s.stats.active.Add(1); active > int64(s.config.MaxStreams) {
		s.stats.active.Add(-1)
		return ErrStreamQuota
	}
	return nil
}

// Leave is called once after Admit.
func (s *Server) Leave() { s.stats.active.Add(-1) }

// end counts and logs why a stream ended, and returns that.
func (s *Server) end(x *session, err error) error {
	reason := "completed"
	if err != nil {
		reason = endingOf(err).reason
	}
	s.stats.ended[reason].Add(1)
	if x != nil {
		s.log.Debug("stream ended", "client", x.clientID, "reason", reason, "error", err)
	}
	return err
}
