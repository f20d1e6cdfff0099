package naive

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"

	"tickgate/bench/peers/peer"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// server implements the Stream call.
type server struct {
	tickgatev1.UnimplementedMarketDataServer

	hub     *hub
	readers sync.WaitGroup // of all streams
}

// Serve is a peer.ServeFunc. Clients set the interval, so it needs no more of the configuration than the two addresses.
func Serve(ctx context.Context, c peer.Config, listening func(address string)) error {
	s := &server{hub: newHub()}
	connection, err := s.hub.follow(c.NATSURL)
	if err != nil {
		return err
	}
	defer connection.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("naive: listen: %w", err)
	}
	grpcServer := grpc.NewServer()
	tickgatev1.RegisterMarketDataServer(grpcServer, s)
	defer context.AfterFunc(ctx, grpcServer.Stop)()
	listening(listener.Addr().String())
	err = grpcServer.Serve(listener)
	grpcServer.Stop() // returns when the handlers have
	s.readers.Wait()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("naive: %w", err)
	}
	return nil
}

// follow subscribes to the quotes of all symbols.
func (h *hub) follow(url string) (*nats.Conn, error) {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return nil, err
	}
	connection, err := nats.Connect(url, nats.Name("bench naive"))
	if err != nil {
		return nil, fmt.Errorf("naive: connect to %s: %w", url, err)
	}
	var decoder bus.Decoder // used by one callback at a time: there is one subscription
	_, err = connection.Subscribe(bus.DefaultPrefix+"."+tick.KindQuote.String()+".*", func(message *nats.Msg) {
		received := time.Now().UnixNano()
		kind, symbol, err := subjects.ParseEvent(message.Subject)
		if err == nil {
			err = decoder.Decode(kind, message.Data)
		}
		if err != nil {
			slog.Error("naive: a message of the feed is skipped", "subject", message.Subject, "error", err)
			return
		}
		for i := range decoder.Events {
			h.publish(symbol, decoder.Events[i], received)
		}
	})
	if err == nil {
		err = connection.Flush()
	}
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("naive: subscribe: %w", err)
	}
	return connection, nil
}
