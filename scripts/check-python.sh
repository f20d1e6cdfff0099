#!/usr/bin/env bash
# A recording played back into the same strategy in Go and in Python, which knows nothing of ours but the proto file: generated stubs and Debian's python3-grpcio. Both print the same signals, on
# every run and at every speed, and Python steers its playback. Installs what is missing with apt-get.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=/usr/bin/python3 # Debian's, which has its packages
if ! command -v protoc >/dev/null || ! command -v grpc_python_plugin >/dev/null || ! $python -c 'import grpc, google.protobuf' 2>/dev/null; then
	apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-grpcio protobuf-compiler protobuf-compiler-grpc >/dev/null
fi

. scripts/processes.bash

mkdir "$folder/stubs"
protoc -I proto --python_out="$folder/stubs" --grpc_python_out="$folder/stubs" --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
	tickgate/v1/market_data.proto
export PYTHONPATH="$folder/stubs:examples/replay"

bin/gateway --grpc-listen 127.0.0.1:0 --web-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --nats-listen 127.0.0.1:0 --data-dir "$folder/data" \
	--keep-messages-per-subject 0 --keep-age 1h >"$folder/gateway.log" 2>&1 &
gateway=$!
await "the gateway to be ready" grep -q 'msg=ready' "$folder/gateway.log"
address=$(awk '$1 == "gRPC" {print $2; exit}' "$folder/gateway.log")
nats=$(awk '$1 == "NATS" {print $2; exit}' "$folder/gateway.log")
bin/feedsim replay sample/quotes_60s.csv.gz sample/trades_60s.csv.gz --speed 30 --event-time intended --nats-url "$nats" >"$folder/feed.log" 2>&1 || fail "feedsim replay failed"
symbols=(BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_USDM)

go build -o "$folder/replay" ./examples/replay
"$folder/replay" "$address" max "${symbols[@]}" >"$folder/go" 2>"$folder/go.log" || fail "the strategy in Go failed"
for speed in max 2 max; do
	$python examples/replay/replay.py "$address" "$speed" "${symbols[@]}" >"$folder/python" 2>"$folder/python.log" || fail "the strategy in Python failed"
	cmp "$folder/go" "$folder/python" || fail "Python at speed $speed has other signals than Go"
done
signals=$(wc -l <"$folder/go")
[ "$signals" -ge 10 ] || fail "only $signals signals"

$python - "$address" "${symbols[@]}" >"$folder/steer.log" 2>&1 <<'PYTHON' || fail "Python does not steer its playback"
import sys
import grpc
from replay import MAX_SPEED, Playback, Ticker, api

def until(events, wanted):
    for clock, event in events:
        if wanted(event):
            return clock, event
    raise SystemExit("the playback ended")

with grpc.insecure_channel(sys.argv[1]) as channel:
    playback = Playback(channel, symbols=sys.argv[2:], speed=1)
    events = iter(playback)
    begin, _ = until(events, lambda e: isinstance(e, Ticker))
    playback.pause()
    _, state = until(events, lambda e: isinstance(e, api.ReplayState) and e.request_id)
    assert state.phase == api.REPLAY_PHASE_PAUSED, state
    playback.set_speed(0)
    _, refused = until(events, lambda e: isinstance(e, api.ReplayRefused))
    assert refused.reason == api.REPLAY_REFUSAL_REASON_SPEED, refused
    playback.set_speed(MAX_SPEED)
    playback.seek(begin + 10**9)
    playback.resume()
    clock, ticker = until(events, lambda e: isinstance(e, Ticker))
    assert clock >= begin + 10**9, (clock, begin)
    _, end = until(events, lambda e: isinstance(e, api.ReplayEndOfData))
    assert end.state.played > 0 and end.state.late == 0, end
    playback.close()
    assert not list(events)
PYTHON

finish "$gateway" "the gateway"
echo "check-python: $signals signals, the same in Go and in three runs of Python at two speeds; paused, refused, sought, and played to the end"
