# Targets for users: run, test, build. Run `make help` for all of them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GO          ?= go
BUF         := $(GO) tool -modfile=tools/buf.mod buf
GOLANGCI    := $(GO) tool -modfile=tools/golangci.mod golangci-lint
GRPCURL     := $(GO) tool -modfile=tools/grpcurl.mod grpcurl
FUZZTIME    ?= 10s
# What the proto files may not break: those of the last release, compiled.
PROTO_BASE  := proto/released.binpb
# They measure, so nothing runs beside them: one of the quick tests, and one of the long ones.
ALONE_QUICK := ^TestSlowAndDead$$
ALONE       := TestLongPlaybacksDoNotDisturbLiveClients

.PHONY: help all run build test test-race test-long fuzz bench bench-quick bench-programs bench-micro test-peers web test-web check-web screenshots generate lint check check-generated check-proto release-proto check-grpcurl check-python check-parquet check-processes clean

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

all: build lint test ## Build, lint and test.

run: bin/gateway ## Start the gateway with an embedded NATS server and a demo feed of real market data; Ctrl-C stops it.
	@bin/gateway --demo

build: bin/gateway bin/feedsim bin/tickctl ## Build bin/gateway, bin/feedsim and bin/tickctl.

bin/%: FORCE
	@mkdir -p bin
	$(GO) build -o $@ ./cmd/$*

FORCE:

test: ## Run the quick tests (under three minutes, no network but the module proxy).
	$(GO) vet ./...
	$(GO) test -skip '$(ALONE_QUICK)' ./...
	$(GO) test -run '$(ALONE_QUICK)' ./internal/gateway

test-race: ## Run the quick tests under the race detector.
	$(GO) test -race -p 2 -timeout 15m ./...

test-long: ## Run the tests that take minutes: the whole recorded market at 10x, long outages, most of which is waiting.
	TICKGATE_LONG=1 $(GO) test -v -run '$(ALONE)' ./internal/gateway
	TICKGATE_LONG=1 $(GO) test -p 4 -parallel 8 -timeout 20m -run 'Long' -skip '$(ALONE)' ./cmd/... ./internal/...

fuzz: ## Run every fuzz target for FUZZTIME (default 10s).
	@set -e -o pipefail; grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' cmd internal pkg | sort | sed 's|/[^/]*:func | |' | while read -r package target; do \
		echo "== $$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$package"; \
	done

bench: bench-programs bin/bench ## Run every scenario against every comparator, three times: 40 minutes at most; writes bench/results/.
	bin/bench $(BENCH_ARGS)

bench-quick: bench-programs bin/bench ## Run a few scenarios once: three minutes; prints a table and writes bench/out/quick.json.
	bin/bench --quick

bench-programs: build bin/nats-server bin/peers

bench-micro: ## Run the micro benchmarks beside the code, five times each.
	$(GO) test -run '^$$' -bench . -benchmem -count 5 ./pkg/... ./internal/...

test-peers: ## Test the comparators, which are a module of their own.
	cd bench/peers && $(GO) vet ./... && $(GO) test ./...

web/node_modules: web/package-lock.json
	cd web && npm ci && touch node_modules

web: web/node_modules ## Build the web page, which is embedded in the gateway, from its sources (needs Node 20).
	cd web && npm run generate && npm run build

check-web: web ## Fail if the page that is committed is not what its sources build.
	@changed=$$(git status --porcelain -- web) && test -z "$$changed" || { echo "$$changed"; echo "the page differs: run 'make web' and commit it" >&2; exit 1; }

screenshots: web/node_modules build ## Take the pictures of page and terminal in docs/images/ anew, from a gateway with the demo (installs Debian's Chromium if there is none).
	cd web && npm run screenshots

test-web: web/node_modules build ## Test the page and its client: units, then a real browser against a real gateway (installs Debian's Chromium if there is none).
	cd web && npm run check && npm test && npm run test:browser

generate: ## Generate the Go code of the proto files.
	$(BUF) generate

lint: ## Lint the Go code and the proto files with pinned tools.
	$(GOLANGCI) run ./...
	cd bench/peers && $(GO) tool -modfile=../../tools/golangci.mod golangci-lint run ./...
	$(BUF) lint

check: check-generated check-proto check-processes check-grpcurl check-python check-parquet ## Run the checks that need more than go test.

check-generated: generate ## Fail if the generated code is not up to date.
	@changed=$$(git status --porcelain -- proto) && test -z "$$changed" || { git diff -- proto; echo "$$changed"; echo "the generated code differs: run 'make generate' and commit it" >&2; exit 1; }

check-proto: ## Fail if the proto files break clients made with those of the last release.
	$(BUF) breaking --against $(PROTO_BASE)

release-proto: ## Make the proto files of today those that later ones may not break.
	$(BUF) build -o $(PROTO_BASE)

check-processes: build bin/nats-server ## Run gateway and feedsim as processes of their own against a stand-alone nats-server.
	scripts/check-processes.sh

check-grpcurl: build ## Let grpcurl, a client that is not ours, list, subscribe and unsubscribe on a live stream.
	GRPCURL="$(GRPCURL)" scripts/check-grpcurl.sh

bin/bench: FORCE
	@mkdir -p bin
	$(GO) build -o $@ ./bench

check-python: build ## Play a recording into the same strategy in Go and in Python (installs Debian's python3-grpcio if there is none).
	scripts/check-python.sh

check-parquet: build ## Let DuckDB, a reader that is not ours, compare a recording in Parquet with the text of the same session (npm installs DuckDB).
	scripts/check-parquet.sh

bin/peers: FORCE
	@mkdir -p bin
	cd bench/peers && $(GO) build -o ../../bin/peers .

bin/nats-server:
	@mkdir -p bin
	$(GO) build -o $@ github.com/nats-io/nats-server/v2

clean: ## Remove what was built.
	rm -rf bin
