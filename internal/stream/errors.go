package stream

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"tickgate/pkg/subscription"
)

// Why a stream ends. The texts are for the client's developer.
var (
	// ErrProtocol says that a message is not a ClientMessage with a command.
	ErrProtocol = errors.New("the message is not a tickgate.v1.ClientMessage with one command; check the client's proto file and that the command is set")
	// ErrMessageSize says that a message is over Config.MaxMessageBytes.
	ErrMessageSize = errors.New("the message is too large; subscribe in several requests")
	// ErrNoFirstMessage says that nothing came within Config.FirstMessageTimeout.
	ErrNoFirstMessage = errors.New("no first message in time; send a Subscribe or a Heartbeat after opening the stream")
	// ErrIdle says that nothing came within Config.IdleTimeout.
	ErrIdle = errors.New("the client has said nothing for too long; send a Heartbeat every 30 s")
	// ErrStreamQuota says that there are Config.MaxStreams streams.
	ErrStreamQuota = errors.New("this gateway serves as many streams as it may; try another one, or later")
	// ErrCommandRate says that commands came faster than the limit for longer than Config.CommandAbuse.
	ErrCommandRate = errors.New("commands came faster than the limit for too long; name many symbols in one Subscribe")
	// ErrOverload says that all clients together send more commands than Config.ProcessCommandRate, and this one would wait for Config.CommandAbuse.
	ErrOverload = errors.New("this gateway is asked for more than it may do at the moment; try another one, or later")
	// ErrDraining says that the gateway is about to stop.
	ErrDraining = errors.New("this gateway is draining; connect again, resuming from the last update")
	// ErrStreamAge says that the stream is older than Config.MaxStreamAge.
	ErrStreamAge = errors.New("the stream has reached its greatest age; connect again, resuming from the last update")
	// ErrStalled says that the client did not read for Config.SendStall; its connection is closed.
	ErrStalled = errors.New("the client did not read for too long; read all the time, acknowledge, or ask for a longer conflation interval")
	// ErrInternal says that the gateway failed at serving the stream: its log says at what.
	ErrInternal = errors.New("the gateway has failed at this stream, through no fault of the client's; connect again")
)

// ending is one row of the table of endings: what ends a stream, with which code, and under which reason it is counted.
type ending struct {
	err    error
	code   codes.Code
	reason string        // a metric label
	retry  time.Duration // sent as RetryInfo; 0: none
}

// endings is the table. The first row that matches counts.
var endings = []ending{
	{ErrProtocol, codes.InvalidArgument, "protocol", 0},
	{subscription.ErrAcknowledgement, codes.InvalidArgument, "protocol", 0},
	{ErrMessageSize, codes.ResourceExhausted, "message_size", 0},
	{ErrNoFirstMessage, codes.DeadlineExceeded, "no_first_message", 0},
	{ErrIdle, codes.DeadlineExceeded, "idle", 0},
	{ErrStreamQuota, codes.ResourceExhausted, "stream_quota", 5 * time.Second},
	{ErrCommandRate, codes.ResourceExhausted, "command_rate", 5 * time.Second},
	{ErrOverload, codes.ResourceExhausted, "overload", 5 * time.Second},
	{ErrDraining, codes.Unavailable, "draining", time.Second},
	{ErrStreamAge, codes.Unavailable, "stream_age", 0},
	{ErrStalled, codes.ResourceExhausted, "stalled", 0},
	{ErrInternal, codes.Internal, "internal", 0},
	{subscription.ErrClosed, codes.Unavailable, "draining", time.Second},
	{context.Canceled, codes.Canceled, "client", 0},
	{context.DeadlineExceeded, codes.DeadlineExceeded, "client", 0},
}

// unknownEnding stands for what the table does not have: the transport failed under the stream.
var unknownEnding = ending{code: codes.Unavailable, reason: "transport"}

// endingOf finds the row of err.
func endingOf(err error) ending {
	for _, e := range endings {
		if errors.Is(err, e.err) {
			return e
		}
	}
	return unknownEnding
}

// CodeOf returns the gRPC code of what ended a stream.
func CodeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	return endingOf(err).code
}

// StatusOf returns what the client gets to see; nil stays nil.
func StatusOf(err error) error {
	if err == nil {
		return nil
	}
	e := endingOf(err)
	s := status.New(e.code, err.Error())
	if e.retry > 0 {
		if detailed, detailErr := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(e.retry)}); detailErr == nil {
			s = detailed
		}
	}
	return s.Err()
}

// callError returns the reason behind an error of the transport.
func callError(err error) error {
	switch status.Code(err) {
	case codes.Canceled:
		return context.Canceled
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	}
	return err
}
