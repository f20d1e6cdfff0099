package main

import (
	"context"
	"errors"
	"log/slog"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/jetstream"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/settings"
)

// streaming is the settings of a stream that is replayed.
type streaming struct {
	name         string // empty: none is
	fromSequence uint64
	prefix       string
	connection   bus.Connection // without URL: that of publishing
	set          *settings.Set  // after register
}

func defaultStreaming() streaming { return streaming{prefix: bus.DefaultPrefix} }

// fromPrefix begins the names of the settings of where the stream is.
const fromPrefix = "from-"

func (s *streaming) register(set *settings.Set) {
	s.set = set
	flags := set.Flags()
	flags.StringVar(&s.name, "from-stream", s.name, "JetStream `stream` to play, too, by the times at which NATS stored its events, up to where it ends at the start")
	flags.Uint64Var(&s.fromSequence, "from-sequence", s.fromSequence, "`sequence` in from-stream to begin with; 0: its first, or from")
	flags.StringVar(&s.prefix, "from-subject-prefix", s.prefix, "first `token` of the subjects in from-stream")
	registerConnection(set, &s.connection, fromPrefix, " that has from-stream; empty: nats-url and what belongs to it")
}

// check returns what is wrong with the settings together.
func (s *streaming) check(from string) error {
	c := &s.connection
	switch {
	case s.name == "" && s.fromSequence != 0:
		return s.set.Check("from-sequence", errors.New("say which stream it is of with from-stream"))
	case s.name == "" && c.URL != "":
		return s.set.Check("from-nats-url", errors.New("say which stream is there with from-stream"))
	case s.fromSequence != 0 && from != "":
		return s.set.Check("from-sequence", errors.New("give only one of from and from-sequence"))
	case c.URL == "" && c.User+c.Password+c.CredsFile+c.NKeyFile+c.TLSCA+c.TLSCert+c.TLSKey != "":
		return s.set.Check("from-nats-url", errors.New("the other from-nats- settings need it"))
	}
	return s.set.Check("from-nats-url", c.Validate())
}

// open opens the stream, nil if there is none to play, and warns of one that grows by what is played.
func (s *streaming) open(ctx context.Context, target publishing, selection replay.Selection, log *slog.Logger) (*jetstream.Stream, error) {
	if s.name == "" {
		return nil, nil
	}
	c := jetstream.Config{Connection: s.connection, Prefix: s.prefix, Stream: s.name, FromSequence: s.fromSequence, Log: log}
	if len(selection.Symbols)+len(selection.Venues) > 0 {
		c.Selects = selection.Has
	}
	if c.Connection.URL == "" {
		c.Connection = target.connection
	}
	stream, err := jetstream.Open(ctx, c)
	if err != nil {
		return nil, s.set.Check("from-stream", err)
	}
	if c.Connection.URL == target.connection.URL && stream.Keeps(target.publisher.Prefix) {
		log.Warn("the stream that is played keeps what is published: it grows by this replay, which ends where the stream ended at the start", "stream", s.name, "sequence", stream.Last())
	}
	return stream, nil
}
