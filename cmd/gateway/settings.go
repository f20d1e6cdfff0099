package main

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"tickgate/internal/gateway"
	"tickgate/internal/settings"
)

// load gives config and level their effective values.
func load(config *gateway.Config, level *slog.Level, args, environ []string, out io.Writer) error {
	set := settings.New("gateway", settings.ProjectPrefix)
	set.Description = "Serves conflated market data from NATS over gRPC. Without --nats-url it runs a NATS server of its own."
	set.IgnoreEnv(settings.ProjectVariables()...)
	flags := set.Flags()
	registerProcess(flags, config)
	levelName := flags.String("log-level", "info", "debug, info, warn or error")
	registerBus(set, config)
	registerFeed(flags, config)
	registerSubscriptions(flags, config)
	registerStreams(flags, config)
	registerPlayback(flags, config)
	registerWeb(flags, config)
	if err := set.Load(args, environ, out); err != nil {
		return err
	}
	if err := level.UnmarshalText([]byte(*levelName)); err != nil {
		return set.Check("log-level", err)
	}
	return config.Validate()
}

func registerProcess(f *pflag.FlagSet, c *gateway.Config) {
	f.StringVar(&c.GRPCListen, "grpc-listen", c.GRPCListen, "host:port of the client API")
	f.StringVar(&c.WebListen, "web-listen", c.WebListen, "host:port of the web page")
	f.StringVar(&c.AdminListen, "admin-listen", c.AdminListen, "host:port of /metrics, /healthz, /readyz and profiles; for a trusted network only")
	f.BoolVar(&c.Demo, "demo", c.Demo, "replay the shipped sample of a real market in a loop")
	f.DurationVar(&c.DrainTimeout, "drain-timeout", c.DrainTimeout, "greatest time from SIGTERM until streams are cut off")
}

func registerBus(set *settings.Set, c *gateway.Config) {
	f := set.Flags()
	f.StringVar(&c.Bus.URL, "nats-url", c.Bus.URL, "NATS to join, URLs separated by commas; empty: run one of our own")
	f.StringVar(&c.Bus.User, "nats-user", c.Bus.User, "user at NATS")
	set.SecretVar(&c.Bus.Password, "nats-password", "password at NATS")
	f.StringVar(&c.Bus.CredsFile, "nats-creds-file", c.Bus.CredsFile, "file with user JWT and seed")
	f.StringVar(&c.Bus.NKeyFile, "nats-nkey-file", c.Bus.NKeyFile, "file with an nkey seed")
	f.StringVar(&c.Bus.TLSCA, "nats-tls-ca", c.Bus.TLSCA, "PEM file of the authorities to trust; empty: the system's")
	f.StringVar(&c.Bus.TLSCert, "nats-tls-cert", c.Bus.TLSCert, "PEM file of the client certificate")
	f.StringVar(&c.Bus.TLSKey, "nats-tls-key", c.Bus.TLSKey, "PEM file of its key")
	f.StringVar(&c.NATS.Listen, "nats-listen", c.NATS.Listen, "host:port of the embedded NATS server")
	f.DurationVar(&c.NATS.StartTimeout, "nats-start-timeout", c.NATS.StartTimeout, "time the embedded NATS server may take to come up, with the recovery of its files")
	f.StringVar(&c.NATS.StoreDir, "data-dir", c.NATS.StoreDir, "folder of the embedded NATS server's JetStream files")
	f.BoolVar(&c.CreateStream, "create-stream", c.CreateStream, "create the JetStream stream of last values at the NATS that is joined; the embedded one always has it")
	f.DurationVar(&c.Keep.MaxAge, "keep-age", c.Keep.MaxAge, "how long that stream keeps an event; with --demo and all three keep settings as they are, an hour of every event")
	f.Int64Var(&c.Keep.MaxBytes, "keep-bytes", c.Keep.MaxBytes, "bytes of events that it keeps")
	f.Int64Var(&c.Keep.MaxMessagesPerSubject, "keep-messages-per-subject", c.Keep.MaxMessagesPerSubject, "messages per symbol and kind that it keeps; 1 is enough for a warm start, 0 has no bound: for playbacks")
	f.IntVar(&c.Keep.Replicas, "keep-replicas", c.Keep.Replicas, "servers of a NATS cluster that keep it, 1 to 5")
	f.StringVar(&c.Prefix, "subject-prefix", c.Prefix, "first token of every bus subject")
}

func registerFeed(f *pflag.FlagSet, c *gateway.Config) {
	feed := &c.Feed
	f.DurationVar(&feed.StaleAfter, "stale-after", feed.StaleAfter, "silence of a publisher after which its symbols are stale")
	f.DurationVar(&feed.SilenceCheck, "silence-check", feed.SilenceCheck, "how often silence is looked for")
	f.IntVar(&feed.PendingMessages, "pending-messages", feed.PendingMessages, "messages from NATS that may wait for the feed")
	f.DurationVar(&feed.GatherFor, "gather-for", feed.GatherFor, "longest time that events may gather before they are read while every subscription has an interval; 0: none")
	f.IntVar(&feed.MaxPublishers, "max-publishers", feed.MaxPublishers, "publishers that are told apart")
	f.StringVar(&feed.WarmStartStream, "warm-start-stream", feed.WarmStartStream, "JetStream stream with the last values; empty: none")
	f.DurationVar(&feed.WarmStartTimeout, "warm-start-timeout", feed.WarmStartTimeout, "longest time that live events wait for the last values")
}

func registerSubscriptions(f *pflag.FlagSet, c *gateway.Config) {
	t, s := &c.Table, &c.Subscriptions
	f.IntVar(&t.MaxSymbols, "max-symbols", t.MaxSymbols, "symbols in the table")
	f.IntVar(&t.MaxPending, "max-pending-symbols", t.MaxPending, "symbols that only clients have named")
	f.IntVar(&t.RingDepth, "ring-depth", t.RingDepth, "records kept per symbol, a power of two; 152 bytes each")
	f.IntVar(&s.Workers, "workers", s.Workers, "flush workers; 0: one per CPU")
	f.IntVar(&s.MaxSubscriptions, "max-symbols-per-stream", s.MaxSubscriptions, "subscriptions of one stream")
	f.DurationVar(&s.MinInterval, "min-interval", s.MinInterval, "least conflation interval granted; 0 is LATEST")
	f.DurationVar(&s.MaxInterval, "max-interval", s.MaxInterval, "greatest conflation interval granted")
	f.DurationVar(&s.MinFreshness, "min-freshness", s.MinFreshness, "least age bound of unacknowledged batches granted")
	f.DurationVar(&s.MaxFreshness, "max-freshness", s.MaxFreshness, "greatest age bound of unacknowledged batches granted")
	f.DurationVar(&s.Housekeeping, "housekeeping", s.Housekeeping, "how often stalls, heartbeats and time-outs are looked for")
}

func registerPlayback(f *pflag.FlagSet, c *gateway.Config) {
	p := &c.Playback
	f.IntVar(&p.MaxPlaybacks, "max-playbacks", p.MaxPlaybacks, "playbacks at the same time")
	f.Float64Var(&p.Rate, "playback-rate", p.Rate, "messages per second that all playbacks together read while no client is subscribed to the live market")
	f.Float64Var(&p.RateBesideLive, "playback-rate-beside-live", p.RateBesideLive, "the same while a client is, so that it does not feel them; no more than playback-rate counts; 0: 125 per CPU, or with --demo the playback-rate")
	f.DurationVar(&p.Reorder, "playback-reorder", p.Reorder, "how much later than an event of a later time an event may have been recorded and still be put in order")
	f.IntVar(&p.ReorderEvents, "playback-reorder-events", p.ReorderEvents, "events that a playback holds back for that")
	f.DurationVar(&p.IdleTimeout, "playback-idle-timeout", p.IdleTimeout, "time a playback may stand still: paused, at its end, or not read")
	f.DurationVar(&p.MaxInterval, "playback-max-interval", p.MaxInterval, "greatest conflation interval of a playback")
}

func registerWeb(f *pflag.FlagSet, c *gateway.Config) {
	w := &c.WebSocket
	f.StringSliceVar(&w.Origins, "web-origins", w.Origins, "other origins whose pages may connect, such as https://desk.example.com or *.example.com")
	f.BoolVar(&w.Compression, "web-compression", w.Compression, "compress WebSocket messages")
	f.IntVar(&w.SendBufferBytes, "web-send-buffer-bytes", w.SendBufferBytes, "kernel's send buffer of a WebSocket")
	f.DurationVar(&w.PingInterval, "web-ping-interval", w.PingInterval, "how often a WebSocket is pinged")
	f.DurationVar(&w.PingTimeout, "web-ping-timeout", w.PingTimeout, "time the answer to that ping may take")
}

func registerStreams(f *pflag.FlagSet, c *gateway.Config) {
	s := &c.Stream
	f.IntVar(&s.MaxSymbolsPerRequest, "max-symbols-per-request", s.MaxSymbolsPerRequest, "symbols in one request")
	f.IntVar(&s.MaxStreamsPerConnection, "max-streams-per-connection", s.MaxStreamsPerConnection, "streams on one connection; raise it behind a proxy")
	f.IntVar(&s.MaxStreams, "max-streams", s.MaxStreams, "streams in all")
	f.IntVar(&s.MaxMessageBytes, "max-message-bytes", s.MaxMessageBytes, "size of a message received")
	f.IntVar(&s.MaxHeaderBytes, "max-header-bytes", s.MaxHeaderBytes, "size of the headers received")
	f.DurationVar(&s.HandshakeTimeout, "handshake-timeout", s.HandshakeTimeout, "time a new connection has until it can carry streams")
	f.DurationVar(&s.KeepaliveTime, "keepalive-time", s.KeepaliveTime, "silence of a connection after which it is pinged")
	f.DurationVar(&s.KeepaliveTimeout, "keepalive-timeout", s.KeepaliveTimeout, "time the answer to that ping may take")
	f.DurationVar(&s.MinClientPing, "min-client-ping", s.MinClientPing, "least time between a client's own pings")
	f.Float64Var(&s.CommandRate, "command-rate", s.CommandRate, "commands per second of one stream")
	f.IntVar(&s.CommandBurst, "command-burst", s.CommandBurst, "commands of one stream at once")
	f.Float64Var(&s.ProcessCommandRate, "process-command-rate", s.ProcessCommandRate, "commands per second of all streams, without heartbeats and acknowledgements")
	f.IntVar(&s.ProcessCommandBurst, "process-command-burst", s.ProcessCommandBurst, "commands of all streams at once")
	f.DurationVar(&s.CommandAbuse, "command-abuse", s.CommandAbuse, "time of unbroken delay after which a stream is ended")
	f.DurationVar(&s.FirstMessageTimeout, "first-message-timeout", s.FirstMessageTimeout, "time a new stream may wait with its first message")
	f.DurationVar(&s.IdleTimeout, "idle-timeout", s.IdleTimeout, "time a client may say nothing")
	f.DurationVar(&s.HeartbeatInterval, "heartbeat-interval", s.HeartbeatInterval, "time the gateway may say nothing to a client")
	f.DurationVar(&s.SendStall, "send-stall", s.SendStall, "time a message may wait for a client to read before its connection is closed")
	f.DurationVar(&s.SlowNotice, "slow-notice", s.SlowNotice, "time updates may be held back before the client is told")
	f.DurationVar(&s.MaxStreamAge, "max-stream-age", s.MaxStreamAge, "age at which a stream is asked to reconnect; 0: never")
	f.DurationVar(&s.DrainGrace, "drain-grace", s.DrainGrace, "time clients have to leave after GoingAway")
	f.DurationVar(&s.RetryAfter, "retry-after", s.RetryAfter, "least time GoingAway asks clients to stay away")
}
