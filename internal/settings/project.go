package settings

import (
	"slices"
	"strings"
)

// ProjectPrefix begins the environment variables of all programs of the project, so that one environment serves all of them.
const ProjectPrefix = "TICKGATE"

// What has ProjectPrefix. A test of each program demands that its names are these.
var (
	gatewayNames = []string{
		"log-level", "grpc-listen", "web-listen", "admin-listen", "demo", "drain-timeout", "nats-url", "nats-user", "nats-password", "nats-creds-file",
		"nats-nkey-file", "nats-tls-ca", "nats-tls-cert", "nats-tls-key", "nats-listen", "nats-start-timeout", "data-dir", "create-stream", "keep-age",
		"keep-bytes", "keep-messages-per-subject", "keep-replicas", "subject-prefix", "stale-after", "silence-check", "pending-messages", "max-publishers",
		"warm-start-stream", "warm-start-timeout", "max-symbols", "max-pending-symbols", "ring-depth", "workers", "max-symbols-per-stream", "min-interval",
		"max-interval", "min-freshness", "max-freshness", "housekeeping", "max-symbols-per-request", "max-streams-per-connection", "max-streams",
		"max-message-bytes", "max-header-bytes", "handshake-timeout", "keepalive-time", "keepalive-timeout", "min-client-ping", "command-rate",
		"command-burst", "process-command-rate", "process-command-burst", "command-abuse", "first-message-timeout", "idle-timeout", "heartbeat-interval",
		"send-stall", "slow-notice", "max-stream-age", "drain-grace", "retry-after", "gather-for", "web-origins", "web-compression",
		"max-playbacks", "playback-rate", "playback-rate-beside-live", "playback-reorder", "playback-reorder-events", "playback-idle-timeout", "playback-max-interval", "web-send-buffer-bytes", "web-ping-interval", "web-ping-timeout",
	}
	feedsimNames = []string{ // of all its commands
		"seed", "symbols", "symbol-name", "rate", "burst-factor", "burst-every", "burst-for", "tick-size", "lot-size", "start-price", "spread-ticks",
		"trade-share", "crossed-share", "count", "duration", "preset", "map", "symbol", "loop", "clones", "clone-shift", "strict", "speed", "event-time",
		"step", "nats-url", "nats-user", "nats-password", "nats-creds-file", "nats-nkey-file", "nats-tls-ca", "nats-tls-cert", "nats-tls-key",
		"nats-timeout", "publisher", "subject-prefix", "batch", "heartbeat", "directory", "format", "rotate-every", "rotate-bytes", "flush-every",
		"pending-messages", "control-name", "fault", "fault-seed", "fault-log",
		"venues", "from", "to", "from-stream", "from-sequence", "from-subject-prefix", "from-nats-url", "from-nats-user", "from-nats-password", "from-nats-creds-file",
		"from-nats-nkey-file", "from-nats-tls-ca", "from-nats-tls-cert", "from-nats-tls-key", "rebase", "keep-gaps",
	}
	otherNames = []string{ // of the other programs and the tests
		"address",      // of tickctl
		"data", "long", // where the tests find the whole recorded market, and whether those run that take minutes
		"gateway", "feedsim", "chromium", "web", // of the browser tests
	}
)

// GatewayNames returns the settings of cmd/gateway.
func GatewayNames() []string { return slices.Clone(gatewayNames) }

// FeedsimNames returns the settings of cmd/feedsim, of all its commands.
func FeedsimNames() []string { return slices.Clone(feedsimNames) }

// ProjectVariables returns the environment variables that somebody in the project knows. A program that ignores them leaves the others' to the others, and still refuses
// what nobody knows.
func ProjectVariables() []string {
	var variables []string
	for _, name := range slices.Concat(gatewayNames, feedsimNames, otherNames) {
		variables = append(variables, ProjectPrefix+"_"+variableOf(name))
	}
	return variables
}

func variableOf(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }
