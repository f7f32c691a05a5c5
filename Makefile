# Everything that is run here or in CI has a target. `make` lists them.

GO      ?= go
BIN     := $(CURDIR)/bin
MODULES  = $(patsubst ./%,%,$(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*')))

# go.work is for people: with it, go run ./collector/cmd/holmes works from here.
# What is checked is each module by itself, as those who import it build it.
export GOWORK := off

# The race detector needs cgo, and cgo a C compiler. A machine without one runs
# the tests all the same, and says what is missing.
CC_NAME := $(firstword $(shell $(GO) env CC))
RACE    := $(if $(and $(filter 1,$(shell $(GO) env CGO_ENABLED)),$(shell command -v $(CC_NAME))),-race)

# A program with the race detector waits a second before it exits, for reports
# that are under way. The tests start hundreds of them, and have ended their
# goroutines by then.
export GORACE := atexit_sleep_ms=20

# Go's newest release, under which the tests run as well. GOTOOLCHAIN names it.
NEWEST := go1.27.3

# The test bed of diagnosis, a module of its own.
BED := bench/scenario

# The modules whose source is checked: what others import, and what they run.
LINTED := . collector collector/browser collector/agents watch $(BED) bench

# The systems that the library is compiled for, tests included. The examples are
# programs for the system at hand.
CROSS := windows/amd64 darwin/arm64 freebsd/amd64 linux/arm64 linux/386

QEMU := $(shell command -v qemu-system-x86_64)
DOT := $(shell command -v dot)
CHROMIUM := $(shell command -v chromium)
ALERTS := $(and $(shell command -v prometheus),$(shell command -v prometheus-alertmanager))

.DEFAULT_GOAL := help
.PHONY: help test test-root test-library test-collector test-rest test-promises test-newest test-cgroup-vm oom-table diagnose-table throughput soak lint gofumpt vet staticcheck golangci-lint tidy tools cross weight bench-tick fresh clean bench bench-detect bench-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The tests have three tiers. This one needs no quiet machine: what repeats or
# measures is in the second, with HOLMES_HEAVY=1, and the third is .ci/run. What
# bounds an allocation runs without the race detector, which allocates as well.
test: ## all tests in their usual form, as far as this machine has the parts (3 minutes)
	$(if $(RACE),,@echo 'make test: no cgo or no C compiler ($(CC_NAME)): testing WITHOUT the race detector' >&2)
	@echo 'make test: real kernels are left to make test-cgroup-vm$(if $(QEMU),,; this machine lacks QEMU for it: apt-get install qemu-system-x86)' >&2
	$(if $(ALERTS),,@echo 'make test: without the real Alertmanager: apt-get install prometheus prometheus-alertmanager' >&2)
	$(if $(DOT),,@echo 'make test: without call graphs: apt-get install graphviz' >&2)
	$(if $(CHROMIUM),,@echo 'make test: without the pages in a browser: apt-get install chromium' >&2)
	@$(MAKE) -j2 -O --no-print-directory test-root test-collector test-library test-rest

# The parts of make test, two at a time: many tests wait more than they compute. The
# root's tests take longest, one after the other but for those that wait for other
# processes, so they begin first.
test-root:
	$(GO) test $(RACE) -shuffle=on -count=1 -parallel 8 .

test-library:
	$(GO) test $(RACE) -shuffle=on -count=1 $$($(GO) list ./... | grep -vx "$$($(GO) list .)")
	$(if $(RACE),$(GO) test -count=1 -run 'NeedsIsEnough|EvidenceOnTmpfs' . ./internal/pprofread,)

test-collector:
	$(GO) -C collector test $(RACE) -shuffle=on -count=1 ./...
	$(if $(RACE),$(GO) -C collector test -count=1 -run Cost ./safepprof,)

test-rest:
	$(GO) -C $(BED) test -shuffle=on -count=1 ./...
	$(GO) -C collector/browser test -shuffle=on -count=1 ./...
	$(GO) -C collector/agents test -shuffle=on -count=1 ./...
	$(GO) -C watch test $(RACE) -shuffle=on -count=1 ./...
	$(GO) -C cgroup/differential test -shuffle=on -count=1 ./...

# Without the race detector, and one package after the other: some of it measures
# time, or the memory of the process.
test-promises: ## the long tests in full: 1000 kills, 10 000 steps of faults, 100 000 goroutines, 10 000 uploads to a collector that is killed (a quiet machine)
	HOLMES_HEAVY=1 $(GO) test -p 1 -count=1 -timeout 30m . ./detect ./diagnose ./dump ./cgroup ./internal/blackbox ./internal/brakes ./internal/pprofread ./internal/flight
	HOLMES_HEAVY=1 $(GO) -C collector test -p 1 -count=1 -timeout 30m ./files ./cmd/holmes ./safepprof ./flame ./pages ./merge ./api
	HOLMES_HEAVY=1 $(GO) -C $(BED) test -p 1 -parallel 4 -count=1 ./...

test-newest: ## the tests of the library and the collector under Go's newest release
	GOTOOLCHAIN=$(NEWEST) $(GO) test -count=1 ./...
	GOTOOLCHAIN=$(NEWEST) $(GO) -C collector test -count=1 ./...

test-cgroup-vm: ## cgroup on real kernels of v1, v2 and hybrid, in virtual machines; fails where it cannot
	kernel=$${HOLMES_VM_KERNEL:-$$(scripts/vm-kernel)} && \
		HOLMES_VM=1 HOLMES_VM_KERNEL=$$(realpath "$$kernel") $(GO) test -count=1 -v -timeout 30m ./cgroup/internal/vm

lint: gofumpt vet staticcheck golangci-lint tidy ## all checks of the source

gofumpt: tools
	@files=$$($(BIN)/gofumpt -l .); test -z "$$files" || { echo "gofumpt -w is needed for:" $$files >&2; exit 1; }

vet:
	@for m in $(LINTED); do echo "$(GO) -C $$m vet ./..."; $(GO) -C $$m vet ./... || exit 1; done

staticcheck: tools
	@for m in $(LINTED); do echo "staticcheck in $$m"; (cd $$m && $(BIN)/staticcheck ./...) || exit 1; done

golangci-lint: tools
	@for m in $(LINTED); do echo "golangci-lint in $$m"; \
		(cd $$m && $(BIN)/golangci-lint run -c $(CURDIR)/.golangci.yml ./...) || exit 1; \
	done

tidy: ## check that the go.mod files say what is needed, no more
	@for m in $(MODULES); do echo "$(GO) -C $$m mod tidy -diff"; $(GO) -C $$m mod tidy -diff || exit 1; done

# tools/go.mod pins them. The build cache knows whether they are up to date: the
# first build takes minutes, the others a fraction of a second.
tools: ## build the linters into ./bin
	@$(GO) -C tools build -o $(BIN)/ tool

cross: ## compile and vet the library for other systems
	@for t in $(CROSS); do echo "go vet for $$t"; \
		export CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/}; \
		$(GO) vet $$($(GO) list ./... | grep -v /example) || exit 1; \
	done

weight: ## what importing holmes adds to a program
	scripts/weight

oom-table: ## the race against the out-of-memory killer, RUNS=n times a cell (root, Linux; 8 minutes)
	@mkdir -p $(BIN) && $(GO) build -o $(BIN)/oom-table ./scripts/oom-table && $(BIN)/oom-table

# ONLY=name,name names scenarios, with "/..." behind it all variants of one, and
# KEEP=folder keeps the evidence.
diagnose-table: ## whether the guilty function is named, RUNS=n times a scenario, ONLY=name (Linux; 75 minutes)
	@mkdir -p $(BIN) && $(GO) -C $(BED) build -o $(BIN)/diagnose-table ./cmd/diagnose-table && $(BIN)/diagnose-table

SOAK ?= 10m

soak: ## receivers and disk that fail in turn, for SOAK=10m: memory, goroutines and descriptors stay flat
	HOLMES_SOAK=$(SOAK) $(GO) test -run '^TestSoak$$' -count=1 -timeout 40m -v .

throughput: ## a saturated server with holmes against the same without, 15 pairs (2 minutes)
	$(GO) run ./scripts/throughput

bench-tick: ## what one tick costs
	$(GO) test -run '^$$' -bench BenchmarkTick -benchmem .

# BENCH=-short and DETECT='-half choosing' show what they print and write nothing.
bench: ## holmes beside its peers: docs/benchmarks.md and the README's table; RUNS=n for n runs a cell (root, strace, a quiet machine; 13 minutes)
	$(GO) -C bench run ./cmd/bench $(or $(BENCH),-write)

bench-detect: ## holmes's detection rules and those of others on recorded series: docs/benchmarks.md (a minute)
	$(GO) -C bench run ./cmd/detect $(or $(DETECT),-write)

.PHONY: bench-readme
bench-readme: ## the README's table anew from docs/benchmarks.md
	$(GO) -C bench run ./cmd/bench -readme

bench-check: ## the short form of both: fails where a tick or a rule is worse than in the tables (2 minutes)
	$(GO) -C bench test -shuffle=on -count=1 ./...
	$(GO) -C bench run ./cmd/detect -check
	$(GO) -C bench run ./cmd/bench -check

.PHONY: picture
picture: ## the README's picture: the demo, and its first event in Chromium (half a minute)
	GOWORK= scripts/picture

fresh: ## the README's commands in a fresh clone of HEAD
	scripts/fresh

clean: ## remove what was built
	rm -rf $(BIN)
