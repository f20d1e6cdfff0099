package stream

import "sync/atomic"

// stats are added to by streams, once per message at most, and read by whoever scrapes.
type stats struct {
	active        atomic.Int64
	commands      [commandKinds]atomic.Uint64
	ended         map[string]*atomic.Uint64 // by reason; made once, from the table of endings
	slowConsumers atomic.Uint64             // episodes
	delayed       atomic.Uint64             // commands
}

func newStats() *stats {
	s := &stats{ended: map[string]*atomic.Uint64{"completed": {}, unknownEnding.reason: {}}}
	for _, e := range endings {
		s.ended[e.reason] = &atomic.Uint64{}
	}
	return s
}

// Stats are counters since the start.
type Stats struct {
	ActiveStreams    int64
	MessagesReceived map[string]uint64 // by type of command
	StreamsEnded     map[string]uint64 // by reason
	BytesSent        uint64
	SlowConsumers    uint64 // episodes in which a client's updates were held back for Config.SlowNotice
	CommandsDelayed  uint64
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	out := Stats{
		ActiveStreams:    s.stats.active.Load(),
		MessagesReceived: make(map[string]uint64, commandKinds),
		StreamsEnded:     make(map[string]uint64, len(s.stats.ended)),
		SlowConsumers:    s.stats.slowConsumers.Load(),
		CommandsDelayed:  s.stats.delayed.Load(),
	}
	for i := range s.workers {
		out.BytesSent += s.workers[i].bytesSent.Load()
	}
	for kind := range commandKinds {
		out.MessagesReceived[commandNames[kind]] = s.stats.commands[kind].Load()
	}
	for reason, count := range s.stats.ended {
		out.StreamsEnded[reason] = count.Load()
	}
	return out
}
