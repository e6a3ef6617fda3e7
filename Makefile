# tollgate: `make help` lists what there is to do.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
JOBS    ?= $(shell getconf _NPROCESSORS_ONLN)
VENV    := .venv-e2e
DEBUG   := $(CURDIR)/.build/debug/tollgate
DIST    := dist/tollgate
PROVEN  ?= $(DEBUG)
STRICT  ?=
N       ?= $(if $(filter rotations,$(MAKECMDGOALS)),1000,200)
SEED    ?= 1
FOR     ?= 3600
KILLS   ?= 3000
FUZZ    ?= 60
COMMITS ?= 1000000
CALLS   ?= 500000
EVENTS  ?= 200000

# What `release` is built with, and why: docs/decisions/0006-release-build.md.
WHOLE := --static-swift-stdlib --experimental-lto-mode=full -Xswiftc -use-ld=lld \
	-Xswiftc -enforce-exclusivity=unchecked -Xlinker --strip-debug

EXPLICIT := --explicit-target-dependency-import-check error
step = @printf '\n=== %s\n' "$(1)"

.PHONY: help demo test build release lint unit e2e brake bench bench-gateway bench-log bench-ingest bench-pages detection-report fuzz kills simulate-log proof rotations soak readme readme-proof clean system

help: ## lists the targets
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: system ## builds tollgate and shows it at work, with the proof (about 30 s after the build)
	@PYTHON=$(PYTHON) $(PYTHON) scripts/demo

test: lint build unit e2e ## lint, one debug build, unit tests, end-to-end tests

build: system ## the debug build, with tests, in Swift 6 mode with warnings as errors
	$(call step,build (debug, with tests))
	swift build --build-tests $(EXPLICIT) -j $(JOBS)

release: system ## dist/tollgate, the binary to install: without Swift's libraries, optimized as one (some ten minutes on two cores)
	$(call step,build (release, optimized as a whole))
	swift build -c release --product tollgate $(WHOLE) --scratch-path .build-release -j $(JOBS)
	@mkdir -p dist
	install -m 755 .build-release/release/tollgate $(DIST)
	@ls -l $(DIST)

lint: ## formatting, and the arrows between targets
	$(call step,lint)
	swift format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests Fuzz
	$(PYTHON) scripts/check-arrows

unit: build ## the Swift tests
	$(call step,unit tests)
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; TMPDIR=$$scratch swift test --skip-build

e2e: build $(VENV)/.complete ## the end-to-end tests: the built binary against real MCP parts
	$(call step,end-to-end tests)
	TOLLGATE=$(DEBUG) $(VENV)/bin/python scripts/e2e

brake: build $(VENV)/.complete ## the brake on the real ecs server, with a call every 8 s as an agent makes that thinks (a minute and a half)
	TOLLGATE=$(DEBUG) TOLLGATE_BRAKE_PACE=8 $(VENV)/bin/python -m pytest Tests/EndToEnd/test_brake.py -k ecs_server

bench: system ## the table of docs/PERFORMANCE.md, measured on this machine
	$(call step,benchmarks)
	PYTHON=$(PYTHON) Benchmarks/run

bench-gateway: release ## CPU of `serve` beside nginx, on the same work in one run
	$(call step,benchmark of the gateway)
	$(PYTHON) Benchmarks/gateway/run --tollgate $(DIST)

bench-log: system ## the log's writer beside C on the same lines, and the log's other figures
	$(call step,benchmark of the log)
	$(PYTHON) Benchmarks/log/run

bench-ingest: release $(VENV)/.complete ## ingest and the weekly questions beside DuckDB and C, on the same segments (CALLS=500000)
	$(call step,benchmark of ingest)
	$(VENV)/bin/python Benchmarks/ingest/run --tollgate $(DIST) --calls $(CALLS)

bench-pages: system ## each page of the dashboard: cold, first, p50, p99 and most of 200 (EVENTS=200000)
	$(call step,benchmark of the pages)
	swift build -c release --product tollgate -j $(JOBS)
	$(PYTHON) Benchmarks/pages/run --events $(EVENTS)

detection-report: ## recall, precision and false pages of the detectors on simulated fleets, and what each rule adds
	swift build --product tollgate -j $(JOBS)
	$(PYTHON) scripts/detection-report --tollgate $(DEBUG)

fuzz: ## fuzzes what reads strangers' bytes, for FUZZ seconds in all (FUZZ=60)
	PYTHON=$(PYTHON) scripts/fuzz $(FUZZ)

soak: build $(VENV)/.complete ## mixed load for FOR seconds (FOR=3600): memory flat, every call accounted for; then KILLS (3000) kills
	TOLLGATE=$(DEBUG) $(VENV)/bin/python Tests/EndToEnd/soak.py --seconds $(FOR)
	TOLLGATE=$(DEBUG) $(PYTHON) Tests/EndToEnd/kills.py --kills $(KILLS) --seed $(SEED) --jobs $(JOBS)

kills: system ## kills writer, ingester and tailer N times at random (N=200 SEED=1) and counts what is left
	swift build --product tollgate -j $(JOBS)
	TOLLGATE=$(DEBUG) $(PYTHON) Tests/EndToEnd/kills.py --kills $(N) --seed $(SEED) --jobs $(JOBS)

proof: build $(VENV)/.complete ## docs/PROOF.md: what tollgate promises, on one screen, measured in that run (three minutes)
	$(call step,proof)
	@TOLLGATE=$(PROVEN) $(VENV)/bin/python Tests/EndToEnd/proof.py $(if $(STRICT),--strict)

rotations: system ## N rotations, sealed and deleted, under a tailer and an ingester (N=1000 SEED=1)
	swift build --product tollgate -j $(JOBS)
	TOLLGATE=$(DEBUG) $(PYTHON) Tests/EndToEnd/rotations.py --rotations $(N) --seed $(SEED)

simulate-log: system ## the log in a simulated world: COMMITS (1000000) under crashes, power losses and disk faults, by SEED (1)
	$(call step,simulation of the log with seed $(SEED))
	swift build -c release --build-tests -Xswiftc -enable-testing --scratch-path .build-simulation -j $(JOBS)
	$(PYTHON) scripts/simulate-log --tests .build-simulation/release --commits $(COMMITS) --seed $(SEED) --jobs $(JOBS)

readme: system ## runs the demo and puts its transcript into README.md
	$(PYTHON) scripts/readme demo

readme-proof: build $(VENV)/.complete ## runs the proof and puts its screen into README.md
	TOLLGATE=$(PROVEN) $(VENV)/bin/python scripts/readme proof

clean: ## removes everything that these commands made
	rm -rf .build .build-* $(VENV) .venv-checkers demo-out dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

system:
	@PYTHON=$(PYTHON) scripts/system-packages

$(VENV)/.complete: Tests/EndToEnd/requirements.txt | system
	$(call step,installing what the end-to-end tests need into $(VENV) (a minute or two))
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --requirement $<
	@touch $@
