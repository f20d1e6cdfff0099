package main

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/natsd/natstest"
)

// newStream starts a NATS with a stream of a prefix.
func newStream(t *testing.T, name, prefix string) (*server.Server, jetstream.Stream) {
	t.Helper()
	s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
	js, err := jetstream.New(natstest.Connect(t, s, bus.Handlers{}))
	if err != nil {
		t.Fatal(err)
	}
	subjects, err := bus.NewSubjects(prefix)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: subjects.EventWildcards(), Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	return s, stream
}

// awaitMessages waits until the stream has so many messages: NATS stores what is published a little later.
func awaitMessages(t *testing.T, stream jetstream.Stream, want uint64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		info, err := stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := info.State.Msgs
		if got == want {
			return
		}
		if got > want || time.Now().After(deadline) {
			t.Fatalf("the stream has %d messages, want %d", got, want)
		}
	}
}

// TestReplayFromStream: what one NATS has kept is played to another, to other subjects of its own, and even into itself, and a file beside it.
func TestReplayFromStream(t *testing.T) {
	s, stream := newStream(t, "MARKET", "md")
	file := write(t, "t.csv", tradesHeader+"1,,V,A,1,1,1,,\n2,,V,B,1,1,1,,\n3,,V,A,1,1,1,,\n")
	for i, c := range []struct {
		args        []string
		out, stderr string
		kept        uint64 // in the stream afterwards
	}{
		{[]string{file}, "published     3 events", "", 3},
		{[]string{"--from-stream=MARKET", "--subject-prefix=other"}, "published     3 events", "", 3},
		{[]string{"--from-stream=MARKET", "--symbols=A.*", "--from-sequence=2", "--subject-prefix=other"}, "published     1 events", "", 3},
		{[]string{"--from-stream=MARKET", file, "--subject-prefix=other"}, "published     6 events", "", 3},
		{[]string{"--from-stream=MARKET"}, "published     3 events", "it grows by this replay", 6},
		{[]string{"--from-stream=MARKET", "--from-nats-url=" + s.ClientURL()}, "published     6 events", "it grows by this replay", 12},
	} {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, append([]string{"replay", "--nats-url", s.ClientURL(), "--speed=max", "--strict"}, c.args...)...)
		if code != exitOK || !strings.Contains(stdout, c.out) || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%d: exit code %d, stdout %q, stderr %q", i, code, stdout, stderr)
		}
		awaitMessages(t, stream, c.kept)
	}
	code, _, stderr := feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), "--from-stream=MARKET", "--from-subject-prefix=eu")
	if code != exitFailed || !strings.Contains(stderr, "keeps md.quote.*, md.trade.*, md.status.*, and nothing of eu.>") {
		t.Errorf("another prefix: exit code %d, stderr %q", code, stderr)
	}
	elsewhere := natstest.Start(t, server.Options{})
	var stdout string
	code, stdout, stderr = feedsimRun(t.Context(), t, nil, "replay", "--nats-url", elsewhere.ClientURL(), "--from-nats-url", s.ClientURL(), "--from-stream=MARKET", "--speed=max")
	if code != exitOK || stderr != "" || !strings.Contains(stdout, "published     12 events") {
		t.Errorf("elsewhere: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	code, _, stderr = feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), "--from-stream=NONE")
	if code != exitFailed || stderr != `feedsim: settings: flag --from-stream "NONE": jetstream: NATS has no such stream as NONE; it has MARKET`+"\n" {
		t.Errorf("no such stream: exit code %d, stderr %q", code, stderr)
	}
}

// TestNothingIsSelected: one line says what there is.
func TestNothingIsSelected(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	file := write(t, "t.csv", tradesHeader+"1,,V,A,1,1,1,,\n")
	code, _, stderr := feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), "--venues=NYSE,LSE", file)
	if code != exitFailed || stderr != "feedsim: replay: nothing is selected by venues NYSE,LSE: the first event that was read is of 1970-01-01T00:00:00.000000001Z, the last one of 1970-01-01T00:00:00.000000001Z; they are of 1 symbols: A.V\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}
