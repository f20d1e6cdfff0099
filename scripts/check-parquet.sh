#!/usr/bin/env bash
# A recording in Parquet read by DuckDB, which is not ours: the same rows, digits, times and order as the text of the same session, row groups with statistics that follow on each other; and what
# DuckDB writes as pandas does, read by feedsim. Needs Node.js 20.19 and npm, which installs DuckDB into scripts/parquet/node_modules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v npm >/dev/null || { echo "check-parquet: npm is needed" >&2; exit 1; }

folder=$(mktemp -d)
gateway="" recorder=""
cleanup() {
	for process in $recorder $gateway; do kill -KILL "$process" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$folder"
}
trap cleanup EXIT

fail() {
	echo "check-parquet: $*" >&2
	for log in "$folder"/*.log; do echo "--- $log" >&2; tail -n 20 "$log" >&2; done
	exit 1
}

# waits until the command succeeds, for 60 s at most.
await() {
	local what=$1
	shift
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	fail "gave up waiting for $what"
}

# starts a recorder into a folder; its segments do not end before it does.
record() {
	bin/feedsim record --nats-url "$nats" --directory "$1" --format "$2" --rotate-every 87600h --flush-every 50ms >"$1.log" 2>&1 &
	recorder=$!
	await "the recorder" grep -q 'recording to' "$1.log"
}

# waits until so many rows have been written.
recorded() { await "$2 rows in $1" bash -c "[ \$(cat '$1'/*.csv.part | grep -vc '^ts_event') -eq $2 ]"; }

# ends the recorder by SIGTERM and wants exit code 0.
finish() {
	local status=0
	kill -TERM "$recorder"
	wait "$recorder" || status=$?
	recorder=""
	[ "$status" -eq 0 ] || fail "the recorder ended with exit code $status"
}

replay() { bin/feedsim replay --nats-url "$nats" --speed max --strict "$@" >"$folder/replay.log" 2>&1 || fail "feedsim replay failed"; }

duckdb() { node scripts/parquet/check.mjs "$@" || fail "DuckDB: $1"; }

(cd scripts/parquet && npm ci --silent >/dev/null)

bin/gateway --grpc-listen 127.0.0.1:0 --web-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --nats-listen 127.0.0.1:0 --data-dir "$folder/data" >"$folder/gateway.log" 2>&1 &
gateway=$!
await "the gateway to be ready" grep -q 'msg=ready' "$folder/gateway.log"
nats=$(awk '$1 == "NATS" {print $2; exit}' "$folder/gateway.log")

# The text of a session is what its recorder has written until it ends: then it becomes Parquet.
record "$folder/session" parquet
replay sample/quotes_60s.csv.gz sample/trades_60s.csv.gz
events=$(awk '$1 == "published" {print $2; exit}' "$folder/replay.log")
recorded "$folder/session" "$events"
mkdir "$folder/text"
for kind in quotes trades; do cp "$folder/session/$kind"-*.csv.part "$folder/text/$kind.csv"; done
finish
duckdb recorded "$folder/session" "$folder/text"

# Three minutes that a kill has left as text become row groups of a minute.
mkdir "$folder/killed"
duckdb minutes "$folder/text/quotes.csv" "$folder/quotes.csv" 3
cp "$folder/quotes.csv" "$folder/killed/quotes-20240808T235700.000000000Z.csv.part"
record "$folder/killed" parquet
finish
duckdb groups quotes "$folder/killed/quotes-*.parquet" "$folder/quotes.csv" 3

# What others write.
duckdb foreign "$folder/text/quotes.csv" "$folder/foreign.parquet"
record "$folder/back" csv
for unit in ns us ms text; do
	replay "$folder/foreign.parquet" --symbol "{symbol}/$unit" \
		--map "ts_recv=ns,ts_event=$unit$([ "$unit" != text ] || echo :date),bid_price=bid_price:2,bid_size=bid_size:3,ask_price=ask_price:2,ask_size=ask_size:3"
done
recorded "$folder/back" 8000
finish
duckdb read-back "$folder/text/quotes.csv" "$folder/back/quotes-*.csv"

kill -TERM "$gateway"
status=0
wait "$gateway" || status=$?
gateway=""
[ "$status" -eq 0 ] || fail "the gateway ended with exit code $status"
echo "check-parquet: $events events recorded as Parquet are those of the text, digit for digit, as DuckDB reads them"
