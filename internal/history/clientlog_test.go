package history_test

import (
	"errors"
	"io"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestEntriesAreWhatWasLogged(t *testing.T) {
	client := history.NewClientLog()
	sent, received := listCommand(3), latencyReport(4)
	client.StreamStarted()
	client.Sent(sent)
	client.Received(received, noon)
	client.StreamEnded(errors.New("broken"), noon)
	client.StreamEnded(io.EOF, noon)
	sent.RequestId, received.GetLatencyReport().RequestId = 0, 0 // the log keeps no reference

	var entries []history.Entry
	for position, e := range client.Entries() {
		if position != len(entries) {
			t.Errorf("position %d, want %d", position, len(entries))
		}
		entries = append(entries, e)
	}
	if len(entries) != client.Len() || client.Len() != 5 {
		t.Fatalf("%d entries, length %d, want 5", len(entries), client.Len())
	}
	if !proto.Equal(entries[1].Sent, listCommand(3)) || !proto.Equal(entries[2].Received, latencyReport(4)) || !entries[2].At.Equal(noon) {
		t.Errorf("got %v", entries)
	}
	if entries[3].Err == nil || entries[3].Err.Error() != "broken" || entries[4].Err != nil {
		t.Errorf("ends %v and %v, want broken and a clean one", entries[3].Err, entries[4].Err)
	}
}

// TestLogsTakeConcurrentAppends is for the race detector: one that sends, one that receives, publishers of their own symbols, and a Check.
func TestLogsTakeConcurrentAppends(t *testing.T) {
	const appends = 1000
	published, client := history.NewPublisherLog(), history.NewClientLog()
	client.StreamStarted()
	var group sync.WaitGroup
	group.Go(func() {
		for range appends {
			client.Sent(&tickgatev1.ClientMessage{})
		}
	})
	group.Go(func() {
		for range appends {
			client.Received(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Notice{Notice: &tickgatev1.Notice{}}}, noon)
		}
	})
	for _, symbol := range []string{"A", "B"} {
		group.Go(func() {
			for sequence := range uint64(appends) {
				published.Published(symbol, quoteEvent(sequence+1))
			}
		})
	}
	group.Go(func() {
		for range 10 {
			if found := history.Check(published, client, history.Options{}); len(found) > 0 {
				t.Error(found)
			}
		}
	})
	group.Wait()
	if got := client.Len(); got != 2*appends+1 {
		t.Errorf("%d entries, want %d", got, 2*appends+1)
	}
}
