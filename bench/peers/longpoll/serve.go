package longpoll

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/bench/peers/peer"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// holdTime is how long a request waits for news.
const holdTime = 30 * time.Second

// cursorHeader carries the next cursor.
const cursorHeader = "X-Cursor"

// Serve is a peer.ServeFunc.
func Serve(ctx context.Context, c peer.Config, listening func(address string)) error {
	t := newTable()
	connection, err := t.follow(c.NATSURL)
	if err != nil {
		return err
	}
	defer connection.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("longpoll: listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /poll", t.poll)
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	listening(listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("longpoll: %w", err)
	}
	return nil
}

// follow subscribes to the quotes of all symbols.
func (t *table) follow(url string) (*nats.Conn, error) {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return nil, err
	}
	connection, err := nats.Connect(url, nats.Name("bench longpoll"))
	if err != nil {
		return nil, fmt.Errorf("longpoll: connect to %s: %w", url, err)
	}
	_, err = connection.Subscribe(bus.DefaultPrefix+"."+tick.KindQuote.String()+".*", func(message *nats.Msg) {
		_, symbol, err := subjects.ParseEvent(message.Subject)
		if err != nil {
			slog.Error("longpoll: a message of the feed is skipped", "subject", message.Subject, "error", err)
			return
		}
		t.publish(symbol, message.Data)
	})
	if err == nil {
		err = connection.Flush()
	}
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("longpoll: subscribe: %w", err)
	}
	return connection, nil
}

func (t *table) poll(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	symbols := strings.Split(query.Get("symbols"), ",")
	after, err := strconv.ParseUint(query.Get("after"), 10, 64)
	if err != nil {
		http.Error(w, "after: give the cursor of the last answer, or 0", http.StatusBadRequest)
		return
	}
	wake := make(chan struct{}, 1)
	values, cursor := t.newer(symbols, after, wake)
	if values == nil {
		defer t.forget(symbols, wake)
		timer := time.NewTimer(holdTime)
		defer timer.Stop()
		select {
		case <-wake:
			values, cursor = t.newer(symbols, after, wake)
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set(cursorHeader, strconv.FormatUint(cursor, 10))
	var body []byte
	for _, v := range values {
		body = binary.AppendUvarint(body, uint64(v.slot))
		body = binary.AppendUvarint(body, uint64(len(v.message)))
		body = append(body, v.message...)
	}
	_, _ = w.Write(body) // a client that is gone asks again, or not
}
