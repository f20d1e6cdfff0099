#!/usr/bin/env bash
# Gateway and feedsim as processes of their own against a stand-alone nats-server: what feedsim says it published is what the gateway applied, a gateway that was killed knows
# the last values when it comes back, tickctl and the example of the SDK watch it, and SIGTERM ends all with exit code 0. Needs curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v curl >/dev/null || { echo "check-processes: curl is needed" >&2; exit 1; }

. scripts/processes.bash

start_gateway() {
	: >"$folder/gateway.log"
	bin/gateway --nats-url "$url" --create-stream --grpc-listen 127.0.0.1:0 --web-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
		>"$folder/gateway.log" 2>&1 &
	gateway=$!
	await "the gateway to be ready" grep -q 'msg=ready' "$folder/gateway.log"
	metrics=$(awk '$1 == "admin" {print $2; exit}' "$folder/gateway.log")
	grpc=$(awk '$1 == "gRPC" {print $2; exit}' "$folder/gateway.log")
}

metric() { curl -sf "$metrics" | awk -v name="$1" '$1 == name {printf "%.0f", $2; found = 1} END {exit !found}'; }
events() { echo $(($(metric 'tickgate_feed_events_total{kind="quote"}') + $(metric 'tickgate_feed_events_total{kind="trade"}'))); }
applied() { [ "$(events)" = "$1" ]; }
published() { awk '$1 == "published" {print $2; exit}' "$1"; }

mkdir "$folder/nats"
printf 'listen: 127.0.0.1:-1\njetstream { store_dir: "%s/nats" }\n' "$folder" >"$folder/nats.conf"
bin/nats-server -c "$folder/nats.conf" --ports_file_dir "$folder" >"$folder/nats.log" 2>&1 &
nats=$!
await "nats-server" bash -c "grep -q 'nats://' '$folder'/*.ports"
url=$(grep -oh 'nats://[^"]*' "$folder"/*.ports | head -n 1)

start_gateway
bin/feedsim replay sample/quotes_60s.csv.gz sample/trades_60s.csv.gz --speed max --nats-url "$url" >"$folder/replay.log" 2>&1 || fail "feedsim replay failed"
replayed=$(published "$folder/replay.log")
await "the gateway to apply the $replayed events of the recording" applied "$replayed"
bin/feedsim generate --symbols 50 --rate 5000 --duration 3s --publisher generated --nats-url "$url" >"$folder/generate.log" 2>&1 || fail "feedsim generate failed"
generated=$(published "$folder/generate.log")
await "the gateway to apply the $generated events that were generated" applied $((replayed + generated))
[ "$(metric tickgate_feed_missing_events_total)" = 0 ] || fail "the gateway misses events"
[ "$(metric tickgate_symbols)" = 56 ] || fail "the gateway has $(metric tickgate_symbols) symbols, want 56"

kill -KILL "$gateway"
wait "$gateway" 2>/dev/null || true
start_gateway
[ "$(metric tickgate_symbols)" = 56 ] || fail "the gateway came back with $(metric tickgate_symbols) symbols, want 56"

bin/feedsim generate --symbols 50 --rate 1000 --publisher generated --nats-url "$url" >"$folder/feed.log" 2>&1 &
feed=$!
await "live events after the restart" bash -c "[ \$(curl -sf '$metrics' | awk '\$1 == \"tickgate_feed_events_total{kind=\\\"quote\\\"}\" {print \$2}') -gt 500 ]"

# Who steers: another process, of a feed that is there and of one that is not.
bin/feedsim control --nats-url "$url" rate 2000 >"$folder/steered" || fail "feedsim control failed"
grep -q ' 2000/s ' "$folder/steered" || fail "feedsim control wrote $(cat "$folder/steered")"
status=0
timeout 2 bin/feedsim control --nats-url "$url" --control-name nobody status 2>"$folder/steered" || status=$?
[ "$status" -eq 1 ] && grep -q 'no feed listens by that name: "nobody"' "$folder/steered" || fail "feedsim control of nobody ended with exit code $status and $(cat "$folder/steered")"

# Who watches: tickctl, for which the end of its reader is no error, and the example of the SDK.
bin/tickctl watch --address "$grpc" SIM01 | head -n 3 >"$folder/tickctl" || fail "tickctl ended with an error when its pipe was closed"
grep -q '"symbol":"SIM01","state":"live"' "$folder/tickctl" || fail "tickctl watch wrote $(cat "$folder/tickctl")"
go build -o "$folder/watch" ./examples/watch
{ "$folder/watch" "$grpc" SIM01 || true; } | head -n 3 >"$folder/watched"
grep -q '^SIM01 *live *bid [0-9.]* ' "$folder/watched" || fail "examples/watch wrote $(cat "$folder/watched")"

finish "$feed" feedsim
finish "$gateway" "the gateway"
finish "$nats" nats-server
echo "check-processes: $replayed recorded and $generated generated events applied, none missing; 56 symbols known after a kill; all ended with exit code 0"
