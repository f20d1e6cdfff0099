#!/usr/bin/env bash
# grpcurl, a gRPC client that is not ours, against a gateway process with the demo feed: it lists the service by reflection, subscribes, sees live quotes, unsubscribes on
# the same stream, and sees none after the answer. GRPCURL is the command to run it with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${GRPCURL:?set GRPCURL to the command that runs grpcurl}"

. scripts/processes.bash

$GRPCURL --version # builds it, so that this takes none of the waiting below

bin/gateway --demo --grpc-listen 127.0.0.1:0 --web-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --nats-listen 127.0.0.1:0 \
	--data-dir "$folder/data" >"$folder/gateway.log" 2>&1 &
gateway=$!
await "the gateway's addresses" grep -q '^  gRPC' "$folder/gateway.log"
address=$(awk '$1 == "gRPC" {print $2; exit}' "$folder/gateway.log")
await "the gateway to be ready" grep -q 'msg=ready' "$folder/gateway.log"

$GRPCURL -plaintext "$address" list >"$folder/services"
for service in tickgate.v1.MarketData grpc.health.v1.Health; do
	grep -qx "$service" "$folder/services" || fail "$service is not listed: $(cat "$folder/services")"
done
$GRPCURL -plaintext "$address" describe tickgate.v1.MarketData | grep -q 'rpc Stream' || fail "the service is not described"
$GRPCURL -plaintext "$address" grpc.health.v1.Health/Check | grep -q SERVING || fail "the health service does not say SERVING"

symbol=BTCUSDT.BINANCE_USDM
await "the demo feed" bash -c "$GRPCURL -plaintext -d '{\"symbols\":[\"$symbol\"]}' $address tickgate.v1.MarketData/GetSnapshot | grep -q bidPrice"

# One stream: subscribe, wait for live updates, unsubscribe, wait, ask for a heartbeat, hang up.
mkfifo "$folder/commands"
$GRPCURL -plaintext -max-time 60 -d @ "$address" tickgate.v1.MarketData/Stream <"$folder/commands" >"$folder/stream" 2>"$folder/stream.err" &
client=$!
exec 3>"$folder/commands"
echo '{"request_id":"1","subscribe":{"symbols":["'$symbol'"]}}' >&3
await "the answer to subscribe" grep -q subscribeResult "$folder/stream"
await "live quotes after the snapshot" bash -c "[ \$(grep -c bidPrice '$folder/stream') -ge 3 ]"
echo '{"request_id":"2","unsubscribe":{"symbols":["'$symbol'"]}}' >&3
await "the answer to unsubscribe" grep -q unsubscribeResult "$folder/stream"
echo '{"request_id":"3","heartbeat":{"client_time":"42"}}' >&3
await "the echo" grep -q '"echo": "42"' "$folder/stream"
if sed -n '/unsubscribeResult/,$p' "$folder/stream" | grep -q '"batch"'; then fail "an update came after the answer to unsubscribe"; fi
kill "$client" 2>/dev/null || true
wait "$client" 2>/dev/null || true
exec 3>&-

finish "$gateway" "the gateway"
echo "check-grpcurl: listed, described, subscribed, $(grep -c bidPrice "$folder/stream") quotes, unsubscribed, silent after it"
