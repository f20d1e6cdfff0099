package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

// Errors of Request.
var (
	// ErrNobody says that no feed listens by that name.
	ErrNobody = errors.New("control: no feed listens by that name")
	// ErrNoAnswer says that a feed listens, or did a moment ago, and has not answered in time. Whether it has obeyed is not known.
	ErrNoAnswer = errors.New("control: no answer")
)

// Request sends a command to the feed of a name and returns the answer, which may be a refusal. The context bounds the time it takes; where nobody listens it takes one round trip.
func Request(ctx context.Context, connection *nats.Conn, name string, command *feedsimv1.Command) (*feedsimv1.Answer, error) {
	subject, err := Subject(name)
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(command)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	reply, err := connection.RequestWithContext(ctx, subject, payload)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("%w: %q; is it running, at this NATS, and with this control-name?", ErrNobody, name)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%w from %q in time; whether it has obeyed is not known", ErrNoAnswer, name)
	case err != nil:
		return nil, fmt.Errorf("control: %w", err)
	}
	answer := new(feedsimv1.Answer)
	if err := proto.Unmarshal(reply.Data, answer); err != nil {
		return nil, fmt.Errorf("control: the answer cannot be read: %w", err)
	}
	return answer, nil
}
