package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/feedsim"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

// Limits of what is received.
const (
	MaxCommandBytes = 4 << 10
	MaxWaiting      = 64 // commands
)

// Feed is what is steered.
type Feed interface {
	// Obey carries out a command and returns the state that it leads to, from any goroutine.
	Obey(context.Context, feedsim.Command) (feedsim.State, error)
}

// Server answers commands for a feed.
type Server struct {
	// Immutable after Listen.
	feed         Feed
	log          *slog.Logger
	subscription *nats.Subscription

	searching atomic.Bool // for a time to seek
}

// probeTimeout is how long NATS, and another feed of the same name, may take to show themselves.
const probeTimeout = 250 * time.Millisecond

// Listen takes commands for a feed from now on; Run answers them. The connection stays the caller's.
func Listen(connection *nats.Conn, c Config, feed Feed) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	subject, err := Subject(c.Name)
	if err != nil {
		return nil, err
	}
	if isTaken(connection, subject) {
		c.Log.Warn("another feed listens by this name: both obey commands; give each its own control-name", "control-name", c.Name)
	}
	s := &Server{feed: feed, log: c.Log}
	if s.subscription, err = connection.SubscribeSync(subject); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if err := s.subscription.SetPendingLimits(MaxWaiting, MaxWaiting*MaxCommandBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("control: %w", err), s.subscription.Unsubscribe())
	}
	_ = connection.FlushTimeout(probeTimeout) // NATS knows of it then; without NATS it is told when it is back
	return s, nil
}

// isTaken reports whether somebody answers there.
func isTaken(connection *nats.Conn, subject string) bool {
	status, err := proto.Marshal(&feedsimv1.Command{Command: &feedsimv1.Command_Status{Status: &feedsimv1.Status{}}})
	if err != nil {
		return false
	}
	_, err = connection.Request(subject, status, probeTimeout)
	return err == nil
}

// Run answers commands until the context ends, or the connection is closed. It is called once.
func (s *Server) Run(ctx context.Context) {
	var searches sync.WaitGroup
	defer searches.Wait()
	defer func() { _ = s.subscription.Unsubscribe() }() // an error means that the connection is closed
	for {
		request, err := s.subscription.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, nats.ErrSlowConsumer):
			continue // some were dropped, and who sent them will notice
		case err != nil:
			return
		}
		command, err := decode(request.Data)
		if !isSearch(command) {
			s.obey(ctx, request, command, err)
			continue
		}
		if !s.searching.CompareAndSwap(false, true) {
			s.obey(ctx, request, nil, errBusy)
			continue
		}
		searches.Go(func() {
			answer := s.carryOut(ctx, request, command, nil)
			s.searching.Store(false) // before it is answered: who has the answer may seek again
			s.respond(request, answer)
		})
	}
}

// obey carries a command out, unless it is refused already, and answers.
func (s *Server) obey(ctx context.Context, request *nats.Msg, command feedsim.Command, refused error) {
	s.respond(request, s.carryOut(ctx, request, command, refused))
}

func (s *Server) carryOut(ctx context.Context, request *nats.Msg, command feedsim.Command, refused error) *feedsimv1.Answer {
	if refused != nil {
		command = feedsim.Status{}
	}
	state, err := s.feed.Obey(ctx, command)
	if refused == nil {
		refused = err
	}
	s.tell(request, command, refused)
	a := &feedsimv1.Answer{Refusal: refusalOf(refused)}
	if !errors.Is(err, feedsim.ErrNotRunning) {
		a.State = stateOf(&state)
	}
	return a
}

// respond answers a request that wants an answer.
func (s *Server) respond(request *nats.Msg, a *feedsimv1.Answer) {
	if request.Reply == "" {
		return
	}
	encoded, err := proto.Marshal(a)
	if err == nil {
		err = request.Respond(encoded)
	}
	if err != nil {
		s.log.Warn("control: an answer could not be sent", "error", err)
	}
}

// tell logs what changes something.
func (s *Server) tell(request *nats.Msg, command feedsim.Command, refused error) {
	if _, onlyAsked := command.(feedsim.Status); onlyAsked && refused == nil {
		return
	}
	text := "unreadable"
	var m feedsimv1.Command
	if len(request.Data) <= MaxCommandBytes && proto.Unmarshal(request.Data, &m) == nil {
		text = prototext.MarshalOptions{}.Format(&m)
	}
	if refused != nil {
		s.log.Warn("control: refused", "command", text, "error", refused)
		return
	}
	s.log.Info("control", "command", text)
}
