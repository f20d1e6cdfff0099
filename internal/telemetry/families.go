package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"tickgate/internal/feed"
)

func feedMetrics() []metric {
	return []metric{
		counters("tickgate_feed_events_total", "Events applied, by kind.", "kind", func(s *scrape, emit func(float64, ...string)) {
			emit(float64(s.feed.Quotes), "quote")
			emit(float64(s.feed.Trades), "trade")
			emit(float64(s.feed.Statuses), "status")
		}),
		counters("tickgate_feed_dropped_total", "Events or messages skipped, by reason.", "reason", func(s *scrape, emit func(float64, ...string)) {
			for reason := range feed.DropReasons {
				emit(float64(s.feed.Dropped[reason]), reason.String())
			}
		}),
		counter("tickgate_feed_messages_total", "Messages received from the bus.", func(s *scrape) float64 { return float64(s.feed.Messages) }),
		counter("tickgate_feed_bytes_total", "Payload bytes received from the bus.", func(s *scrape) float64 { return float64(s.feed.Bytes) }),
		counter("tickgate_feed_heartbeats_total", "Heartbeats of publishers.", func(s *scrape) float64 { return float64(s.feed.Heartbeats) }),
		counter("tickgate_feed_gaps_total", "Holes in the sequence of a symbol.", func(s *scrape) float64 { return float64(s.feed.Gaps) }),
		counter("tickgate_feed_missing_events_total", "Events that were in those holes.", func(s *scrape) float64 { return float64(s.feed.Missing) }),
		counter("tickgate_feed_untold_losses_total", "Events that were lost although no later event shows a hole: their publishers' counts do.",
			func(s *scrape) float64 { return float64(s.feed.Untold) }),
		counter("tickgate_feed_over_limit_messages_total", "Messages of publishers beyond the greatest number of publishers.",
			func(s *scrape) float64 { return float64(s.feed.OverLimit) }),
		counter("tickgate_feed_bus_dropped_total", "Messages that the NATS client dropped because the feed was too slow.",
			func(s *scrape) float64 { return float64(s.feed.BusDropped) }),
		counter("tickgate_feed_reconnects_total", "Reconnections to NATS.", func(s *scrape) float64 { return float64(s.feed.Reconnects) }),
		counter("tickgate_feed_warm_start_failures_total", "Warm starts that did not get the last values.",
			func(s *scrape) float64 { return float64(s.feed.WarmStartFailures) }),
		gauge("tickgate_feed_connected", "1 while connected to NATS.", func(s *scrape) float64 { return boolean(s.feed.Connected) }),
		gauge("tickgate_feed_publishers", "Publishers heard so far.", func(s *scrape) float64 { return float64(s.feed.Publishers) }),
		gauge("tickgate_feed_silent_publishers", "Publishers whose symbols are stale because they are silent.",
			func(s *scrape) float64 { return float64(s.feed.SilentPublishers) }),
		{
			desc: prometheus.NewDesc("tickgate_feed_age_seconds", "Time since anything was heard from the feed; no value before that.", nil, nil),
			kind: prometheus.GaugeValue,
			read: func(s *scrape, emit func(float64, ...string)) {
				if s.feed.Heard {
					emit(seconds(s.feed.Age))
				}
			},
		},
	}
}

func hubMetrics() []metric {
	return []metric{
		counter("tickgate_batches_sent_total", "Batches handed to the transport.", func(s *scrape) float64 { return float64(s.hub.Batches) }),
		counter("tickgate_updates_sent_total", "Updates in those batches.", func(s *scrape) float64 { return float64(s.hub.Updates) }),
		counter("tickgate_events_conflated_total", "Events merged into updates beside the newest, over all streams.",
			func(s *scrape) float64 { return float64(s.hub.Conflated) }),
		counter("tickgate_gaps_told_total", "Gaps told to clients.", func(s *scrape) float64 { return float64(s.hub.Gaps) }),
		counter("tickgate_busy_skips_total", "Times a stream was passed over because its previous batch had not left.",
			func(s *scrape) float64 { return float64(s.hub.BusySkips) }),
		gauge("tickgate_subscriptions", "Subscriptions of all streams.", func(s *scrape) float64 { return float64(s.hub.Subscriptions) }),
		gauge("tickgate_symbols", "Symbols that the feed has sent.", func(s *scrape) float64 { return float64(s.hub.Symbols) }),
		gauge("tickgate_pending_symbols", "Symbols that clients wait for and the feed has not sent.", func(s *scrape) float64 { return float64(s.hub.Pending) }),
	}
}

func streamMetrics() []metric {
	return []metric{
		{
			desc: prometheus.NewDesc("grpc_stream_active_connections", "Streams that are open.", nil, prometheus.Labels{"service": "data"}),
			kind: prometheus.GaugeValue,
			read: func(s *scrape, emit func(float64, ...string)) { emit(float64(s.streams.ActiveStreams)) },
		},
		counters("grpc_stream_messages_received_total", "Messages received from clients, by type.", "type", func(s *scrape, emit func(float64, ...string)) {
			for name, count := range s.streams.MessagesReceived {
				emit(float64(count), name)
			}
		}),
		counters("tickgate_streams_ended_total", "Streams ended, by reason.", "reason", func(s *scrape, emit func(float64, ...string)) {
			for reason, count := range s.streams.StreamsEnded {
				emit(float64(count), reason)
			}
		}),
		counter("tickgate_bytes_sent_total", "Encoded message bytes handed to the transport.", func(s *scrape) float64 { return float64(s.streams.BytesSent) }),
		counter("tickgate_slow_consumers_total", "Episodes in which a client's updates were held back for long.",
			func(s *scrape) float64 { return float64(s.streams.SlowConsumers) }),
		counter("tickgate_commands_delayed_total", "Commands delayed by the rate limits.", func(s *scrape) float64 { return float64(s.streams.CommandsDelayed) }),
	}
}

func playbackMetrics() []metric {
	return []metric{
		gauge("tickgate_playbacks", "Playbacks that are open.", func(s *scrape) float64 { return float64(s.playbacks.Active) }),
		gauge("tickgate_playback_rate", "Messages per second that all playbacks together may read: playback-rate-beside-live while a client is subscribed to the live market, else playback-rate.",
			func(s *scrape) float64 { return s.playbacks.Rate }),
		counter("tickgate_playbacks_opened_total", "Playbacks opened.", func(s *scrape) float64 { return float64(s.playbacks.Opened) }),
	}
}
