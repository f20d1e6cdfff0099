package centrifuge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/centrifugal/centrifuge"
	"github.com/nats-io/nats.go"

	"tickgate/bench/peers/peer"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// path is where the WebSocket is.
const path = "/connection/websocket"

// Serve is a peer.ServeFunc.
func Serve(ctx context.Context, c peer.Config, listening func(address string)) error {
	node, err := newNode(c)
	if err != nil {
		return err
	}
	defer func() { _ = node.Shutdown(context.WithoutCancel(ctx)) }() // the process ends next
	connection, err := follow(node, c.NATSURL)
	if err != nil {
		return err
	}
	defer connection.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("centrifuge: listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(path, centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{UseWriteBufferPool: true})) // pooled buffers: its advice for many connections
	server := &http.Server{Handler: mux}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	listening(listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("centrifuge: %w", err)
	}
	return nil
}

func newNode(c peer.Config) (*centrifuge.Node, error) {
	config := centrifuge.Config{LogLevel: centrifuge.LogLevelNone}
	if c.Interval > 0 {
		batching := centrifuge.ChannelBatchConfig{MaxDelay: c.Interval, FlushLatestPublication: true}
		config.GetChannelBatchConfig = func(string) centrifuge.ChannelBatchConfig { return batching }
	}
	node, err := centrifuge.New(config)
	if err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
			reply(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	return node, nil
}

// pendingMessages is how many messages may wait for the glue: as many as for the gateway. With the default of nats.go, half as many, a burst of the market
// was lost that is not the library's to lose.
const pendingMessages = 1 << 17

// follow publishes the quotes of all symbols. Those that nobody has subscribed to are left out: else the library would be charged for them.
func follow(node *centrifuge.Node, url string) (*nats.Conn, error) {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return nil, err
	}
	connection, err := nats.Connect(url, nats.Name("bench centrifuge"))
	if err != nil {
		return nil, fmt.Errorf("centrifuge: connect to %s: %w", url, err)
	}
	subscription, err := connection.Subscribe(bus.DefaultPrefix+"."+tick.KindQuote.String()+".*", func(message *nats.Msg) {
		_, symbol, err := subjects.ParseEvent(message.Subject)
		if err == nil && node.Hub().NumSubscribers(symbol) > 0 {
			_, err = node.Publish(symbol, message.Data)
		}
		if err != nil {
			slog.Error("centrifuge: a message of the feed is skipped", "subject", message.Subject, "error", err)
		}
	})
	if err == nil {
		err = subscription.SetPendingLimits(pendingMessages, -1)
	}
	if err == nil {
		err = connection.Flush()
	}
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("centrifuge: subscribe: %w", err)
	}
	return connection, nil
}
