# make, or make help, lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LDFLAGS := -s -w -X github.com/logboom/logboom/internal/app.version=$(VERSION)

# The linters and checkers are pinned in tools/go.mod, apart from the program's own dependencies.
TOOL := go tool -modfile=tools/go.mod
COMPOSE := docker compose
# Services of a profile are known to compose only where it is named.
PROFILES := --profile kafka --profile scenario1

# Which container make connect opens a shell in, and what make run and make demo pass on.
SERVICE ?= filebeat
ARGS ?=
# How long each fuzz target runs, which ones (a pattern), and which benchmarks, how often.
FUZZTIME ?= 10s
FUZZ ?= ^Fuzz
BENCH ?= .
COUNT ?= 1
# How often bench-compare, bench-growth and bench-outage measure, for how long each load lasts, where the tables go (nowhere but to the
# terminal if empty), and on which disk.
ROUNDS ?= 3
SECONDS ?= 4
DOCUMENT ?= docs/performance.md
FOLDER ?= /tmp

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## The stack in Docker

.PHONY: build
build: ## start Filebeat, logboom and Elasticsearch in Docker, detached, after building logboom's image
	LOGBOOM_VERSION=$(VERSION) $(COMPOSE) up --detach --build

.PHONY: build-kafka
build-kafka: ## the same by way of Kafka: Filebeat, Kafka, logboom and Elasticsearch
	LOGBOOM_VERSION=$(VERSION) $(COMPOSE) --profile kafka up --detach --build elasticsearch kafka filebeat-kafka logboom-kafka

.PHONY: build-scenario1
build-scenario1: ## the stack with logboom in the place of Logstash alone: Filebeat, logboom, Kafka, a reader of the topic, Elasticsearch
	LOGBOOM_VERSION=$(VERSION) $(COMPOSE) --profile scenario1 up --detach --build \
	  elasticsearch kafka logboom-scenario1 filebeat-scenario1 stream-processor

.PHONY: stop
stop: ## stop all of it and delete its data
	$(COMPOSE) $(PROFILES) down --volumes

.PHONY: connect
connect: ## a shell in Filebeat's container (SERVICE=filebeat-kafka or filebeat-scenario1 for the others)
	$(COMPOSE) $(PROFILES) exec $(SERVICE) bash

# logboom's image holds no shell. One from another image is put beside it, with its network, its processes and its data.
.PHONY: connect-logboom
connect-logboom: SERVICE = logboom
connect-logboom: ## a shell beside logboom: its network, its processes, its data in /var/lib/logboom
	$(COMPOSE) $(PROFILES) exec $(SERVICE) /logboom health --ready || true
	id=$$($(COMPOSE) $(PROFILES) ps --quiet $(SERVICE)); \
	test -n "$$id" || { echo "$(SERVICE) does not run: make build" >&2; exit 1; }; \
	docker run --rm --interactive --tty --network "container:$$id" --pid "container:$$id" --volumes-from "$$id" busybox:1.37 sh

## The program

.PHONY: binary
binary: ## the static binary bin/logboom
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o bin/logboom ./cmd/logboom

.PHONY: run
run: binary ## run it here; ARGS="-c logboom.yml" for a configuration
	./bin/logboom run $(ARGS)

.PHONY: demo
demo: binary ## see it work, with nothing else installed
	./bin/logboom demo $(ARGS)

## Checks

.PHONY: test
test: ## the tests that need Go alone
	go test ./...

.PHONY: race
race: ## the same with the race detector, which needs a C compiler; fewer rounds of what is repeated by chance
	CGO_ENABLED=1 go test -race -short ./...

# Every package that has a file behind the tag; the tests say which of the LOGBOOM_TEST_ variables they miss.
.PHONY: integration
integration: ## the tests against a real Elasticsearch and Kafka: LOGBOOM_TEST_ELASTICSEARCH, LOGBOOM_TEST_KAFKA (see README.md)
	go test -tags integration -count 1 $$(git grep -l --untracked '^//go:build integration' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')
	go test -tags diskfull -run TestDiskIsFull ./internal/journal # the full disk of make chaos where none may be mounted

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME, 10s by default; FUZZ=FuzzWindow for one
	@.ci/fuzz $(FUZZTIME) '$(FUZZ)'

.PHONY: bench
bench: ## the benchmarks; BENCH is a pattern, COUNT how often, for benchstat
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

MEASURE = go run ./internal/bench/cmd/compare -tables $@ -rounds $(ROUNDS) -seconds $(SECONDS) -folder $(FOLDER) -document "$(DOCUMENT)"

.PHONY: bench-compare
bench-compare: ## logboom beside a bare reader and go-lumber, into docs/performance.md; ROUNDS=1 SECONDS=2 DOCUMENT= to try it
	$(MEASURE)

.PHONY: bench-growth
bench-growth: ## its cost by connections, sizes, rules and keys, into docs/performance.md; the same settings
	$(MEASURE)

.PHONY: bench-outage
bench-outage: ## an output that is down, and how soon it has caught up, into docs/performance.md; the same settings
	$(MEASURE)

# Faults for DURATION, drawn from SEED (another one each time if empty), KILLS of logboom (one in 5 s if empty), RATE events a second
# (900 if empty); WITHOUT=kafka leaves a receiver out, CHAOS passes other flags on. The disk that runs full is a tmpfs, which wants
# root; where it may not be mounted, ENOSPC is injected. The tables go into CHAOS_DOCUMENT too, between its markers: README.md.
DURATION ?= 10m
SEED ?=
KILLS ?=
RATE ?=
WITHOUT ?=
CHAOS ?=
CHAOS_DOCUMENT ?=

.PHONY: chaos
chaos: ## kill, cut and fill everything at random for DURATION (10m), and count what was lost or doubled; DURATION=60s for a short one
	go build -o bin/chaos ./internal/chaos/cmd/chaos
	./bin/chaos -duration $(DURATION) -seed $(or $(SEED),0) -kills $(or $(KILLS),0) -rate $(or $(RATE),0) -without "$(WITHOUT)" -document "$(CHAOS_DOCUMENT)" $(CHAOS)

.PHONY: lint
lint: ## golangci-lint and gofumpt, as .golangci.yml says, and go vet for the tools
	$(TOOL) golangci-lint run ./...
	go -C tools vet ./...

.PHONY: format
format: ## gofumpt, in place
	$(TOOL) golangci-lint fmt ./...

.PHONY: vulnerabilities
vulnerabilities: ## govulncheck, which asks vuln.go.dev
	$(TOOL) govulncheck ./...

.PHONY: check-packaging
check-packaging: binary ## Dockerfile, docker-compose.yml, examples and scripts, as far as the tools at hand allow
	.ci/check-packaging
