package websocket

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
)

// Handler serves WebSockets.
type Handler struct {
	// Immutable after NewHandler.
	service *stream.Server
	hub     *subscription.Hub
	config  Config
	origins []originPattern
	log     *slog.Logger

	serving sync.WaitGroup

	// mu guards the fields below.
	mu    sync.Mutex
	ended bool
	faces map[*face]struct{} // those that are being served
}

// NewHandler returns a handler whose sessions are the service's.
func NewHandler(service *stream.Server, hub *subscription.Hub, config Config, log *slog.Logger) (*Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	h := &Handler{service: service, hub: hub, config: config, log: log, faces: make(map[*face]struct{})}
	for _, origin := range config.Origins {
		pattern, _ := parseOrigin(origin) // as Validate did
		h.origins = append(h.origins, pattern)
	}
	return h, nil
}

// connKey finds the connection of a request.
type connKey struct{}

// ConnContext is for http.Server: with it a client that does not read can be cut off at once.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // of TLS, which would wait for a last word of its own
		conn = wrapped.NetConn()
	}
	return context.WithValue(ctx, connKey{}, conn)
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.isShutDown() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "this gateway is draining; try another one, or later", http.StatusServiceUnavailable)
		return
	}
	f := newFace(h, r)
	options := &websocket.AcceptOptions{
		Subprotocols:       []string{SubprotocolProto, SubprotocolJSON},
		InsecureSkipVerify: true, // the origin is checked below, so that a page gets to see why it is turned away
		OnPingReceived:     func(context.Context, []byte) bool { return f.noteControl() == controlAllowed },
		OnPongReceived:     func(context.Context, []byte) { f.noteControl() },
	}
	if h.config.Compression {
		options.CompressionMode = websocket.CompressionNoContextTakeover
	}
	conn, err := websocket.Accept(w, r, options)
	if err != nil { // Accept has answered
		h.log.Debug("no WebSocket", "remote", r.RemoteAddr, "error", err)
		return
	}
	f.open(conn)
	h.serve(f, h.refusal(r, conn))
}

// refusal says why the client is turned away, or nil.
func (h *Handler) refusal(r *http.Request, conn *websocket.Conn) error {
	switch {
	case !h.allows(r):
		return errOrigin
	case encodings[conn.Subprotocol()] == nil:
		return errSubprotocol
	}
	return nil
}

// serve serves a client until its session has ended and it has been told why. One that is refused has no session, and is told at once.
func (h *Handler) serve(f *face, refusal error) {
	if h.admit(f) == refused {
		f.Disconnect()
		return
	}
	defer h.dismiss(f)
	var own sync.WaitGroup
	own.Go(f.send)
	if refusal != nil {
		h.log.Debug("WebSocket refused", "remote", f.remote, "error", refusal)
		f.finish(refusal)
	} else {
		own.Go(f.ping)
		f.finish(h.service.Serve(f))
	}
	own.Wait()
}

type admission uint8

const (
	admitted admission = iota
	refused            // the handler has been shut down
)

func (h *Handler) admit(f *face) admission {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return refused
	}
	h.faces[f] = struct{}{}
	h.serving.Add(1)
	return admitted
}

func (h *Handler) isShutDown() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended
}

func (h *Handler) dismiss(f *face) {
	h.mu.Lock()
	delete(h.faces, f)
	h.mu.Unlock()
	h.serving.Done()
}

// ErrCutOff says that WebSockets were left when Shutdown's time was over; they are cut off.
var ErrCutOff = errors.New("websocket: clients were cut off")

// Shutdown returns when no WebSocket is left. Sessions end by the service's Drain; it waits for clients to take their last frames and to say goodbye until ctx is done, and cuts off who has not.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.serving.Wait()
	}()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	for f := range h.faces {
		f.Disconnect()
	}
	h.mu.Unlock()
	<-left
	return ErrCutOff
}
