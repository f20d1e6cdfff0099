#!/usr/bin/env bash
# A recording in Parquet read by DuckDB, which is not ours: the same rows, digits, times and order as the text of the same session, row groups with statistics that follow on each other; and what
# DuckDB writes as pandas does, read by feedsim. Needs Node.js 20.19 and npm, which installs DuckDB into scripts/parquet/node_modules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v npm >/dev/null || { echo "check-parquet: npm is needed" >&2; exit 1; }

. scripts/processes.bash

# starts a recorder into a folder; its segments do not end before it does.
record() {
	bin/feedsim record --nats-url "$nats" --directory "$1" --format "$2" --rotate-every 87600h --flush-every 50ms >"$1.log" 2>&1 &
	recorder=$!
	await "the recorder" grep -q 'recording to' "$1.log"
}

# waits until so many rows have been written.
recorded() { await "$2 rows in $1" bash -c "[ \$(cat '$1'/*.csv.part | grep -vc '^ts_event') -eq $2 ]"; }

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
finish "$recorder" "the recorder"
duckdb recorded "$folder/session" "$folder/text"

# Three minutes that a kill has left as text become row groups of a minute.
mkdir "$folder/killed"
duckdb minutes "$folder/text/quotes.csv" "$folder/quotes.csv" 3
cp "$folder/quotes.csv" "$folder/killed/quotes-20240808T235700.000000000Z.csv.part"
record "$folder/killed" parquet
finish "$recorder" "the recorder"
duckdb groups quotes "$folder/killed/quotes-*.parquet" "$folder/quotes.csv" 3

# What others write.
duckdb foreign "$folder/text/quotes.csv" "$folder/foreign.parquet"
record "$folder/back" csv
for unit in ns us ms text; do
	replay "$folder/foreign.parquet" --symbol "{symbol}/$unit" \
		--map "ts_recv=ns,ts_event=$unit$([ "$unit" != text ] || echo :date),bid_price=bid_price:2,bid_size=bid_size:3,ask_price=ask_price:2,ask_size=ask_size:3"
done
recorded "$folder/back" 8000
finish "$recorder" "the recorder"
duckdb read-back "$folder/text/quotes.csv" "$folder/back/quotes-*.csv"

finish "$gateway" "the gateway"
echo "check-parquet: $events events recorded as Parquet are those of the text, digit for digit, as DuckDB reads them"
