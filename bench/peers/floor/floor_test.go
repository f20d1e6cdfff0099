package floor_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"tickgate/bench/load"
	"tickgate/bench/peers/floor"
	"tickgate/bench/peers/peer"
	"tickgate/bench/peers/peertest"
)

func TestEveryStreamIsGivenItsMessages(t *testing.T) {
	const streams, interval = 20, 100 * time.Millisecond
	plan := load.Plan{Symbols: peertest.Symbols(1), Streams: streams, Connections: streams, PerStream: 1, Interval: interval, Delay: true}
	window, verdict := peertest.RunWithoutFeed(t, floor.Serve, floor.NewDriver, plan)
	if err := verdict.Err(); err != nil {
		t.Error(err)
	}
	due := uint64(window.Seconds * streams / interval.Seconds())
	if window.Batches < due-2*streams || window.Batches > due+2*streams {
		t.Errorf("%d messages, and %d were due", window.Batches, due)
	}
	if delays := uint64(window.Delay.Count()); delays > window.Batches+streams || delays+streams < window.Batches { // those that were due in the window, not those that came in it
		t.Errorf("%d messages and %d delays", window.Batches, delays)
	}
	if window.WireBytes < window.Batches*peertest.MessageBytes {
		t.Errorf("%d bytes for %d messages", window.WireBytes, window.Batches)
	}
}

// readDue returns when the next message was due.
func readDue(t *testing.T, connection net.Conn) time.Duration {
	t.Helper()
	var message [16]byte
	if _, err := io.ReadFull(connection, message[:]); err != nil {
		t.Fatal(err)
	}
	return time.Duration(binary.LittleEndian.Uint64(message[:]))
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	var size [4]byte
	if _, err := io.ReadFull(connection, size[:]); err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestPhasesAreSpreadAndPlacesAreUsedAgain(t *testing.T) {
	const interval = 40 * time.Millisecond
	address := peertest.StartServer(t, floor.Serve, peer.Config{Listen: "127.0.0.1:0", Interval: interval, Bytes: 16, Streams: 4})
	first, second := dial(t, address), dial(t, address)
	phase := readDue(t, first) % interval
	if distance := (readDue(t, second) - phase) % interval; distance != interval/4 {
		t.Errorf("the second of 4 connections is due %s after the first, not %s", distance, interval/4)
	}
	_ = first.Close()
	closed := time.Duration(time.Now().UnixNano())
	for due := closed; due < closed+3*interval; due = readDue(t, second) {
		continue // a write to a closed connection succeeds once
	}
	if again := readDue(t, dial(t, address)) % interval; again != phase {
		t.Errorf("the place that became free is due at %s, not at %s of the interval", again, phase)
	}
}

// TestSlotsAreShared: with a slot, connections that are due within it are due together.
func TestSlotsAreShared(t *testing.T) {
	const interval = 40 * time.Millisecond
	address := peertest.StartServer(t, floor.Serve, peer.Config{Listen: "127.0.0.1:0", Interval: interval, Slot: interval / 2, Bytes: 16, Streams: 4})
	first := readDue(t, dial(t, address)) % interval
	for n, want := range []time.Duration{0, interval / 2, interval / 2} {
		if distance := (readDue(t, dial(t, address)) + interval - first) % interval; distance != want {
			t.Errorf("connection %d is due %s after the first, not %s", n+2, distance, want)
		}
	}
}

func TestConnectionsBeyondThePlacesAreClosed(t *testing.T) {
	address := peertest.StartServer(t, floor.Serve, peer.Config{Listen: "127.0.0.1:0", Interval: time.Millisecond, Bytes: 16, Streams: 1})
	readDue(t, dial(t, address))
	if _, err := io.ReadAll(dial(t, address)); err != nil {
		t.Errorf("the second connection ended with %v, not at once", err)
	}
}

func TestServeNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]peer.Config{
		"interval": {Bytes: 16, Streams: 1},
		"bytes":    {Interval: time.Second, Bytes: 7, Streams: 1},
		"streams":  {Interval: time.Second, Bytes: 16},
	} {
		err := floor.Serve(context.Background(), c, func(string) { t.Error("it listens") })
		if !errors.Is(err, floor.ErrConfig) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
