# MedHive. `make demo` and `make test` do all the set-up they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help

RUNTIME := packaging/runtime
TOOLS   := $(CURDIR)/.tools
ROOMS   := agent attest cmd hwprobe inference models scheduler testdata
OUT     ?= demo-out
ROOM    ?=
DIST    ?= dist
PACKAGE_ARCHES ?= amd64 arm64
N            ?= 20
LANES        ?= 4
CELLS        ?=
SIM_NODES    ?= 50 500 1000
FUZZ_TIME    ?= 10m
FUZZ_JOBS    ?= 2
FUZZ_FOLDERS ?= $(ROOMS)
export PATH := $(TOOLS)/bin:$(PATH)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: $(RUNTIME)/node_modules/.package-lock.json ## bring libonnxruntime for this machine, by lockfile with checksums
	@./packaging/runtime/check.sh

$(RUNTIME)/node_modules/.package-lock.json: $(RUNTIME)/package-lock.json
	@./packaging/runtime/install.sh

build: deps ## build bin/medhive
	go build -o bin/medhive ./cmd/medhive

demo: build ## one real head scan from a clinic's folder to a claimed reward
	./bin/medhive demo --out $(OUT)

verify-demo: ## recompute the epoch of the last demo from its files
	./bin/medhive coordinator verify $(OUT)

test-tools: ## bring what the tests compare with: dciodvfy, gdcm, dcmtk, Orthanc, dcmjs, a registry, a browser, real files (unpacked, not installed)
	@./packaging/test-tools.sh $(TOOLS)
	@./packaging/checks/install.sh
	@./packaging/checks/peers-tools.sh $(TOOLS) archive
	@./packaging/test-vulkan.sh $(TOOLS)
	@./packaging/test-registry.sh $(TOOLS)
	@./packaging/test-captures.sh $(TOOLS)
	@./packaging/test-clef.sh $(TOOLS)
	@./packaging/test-swtpm.sh $(TOOLS)
	@./packaging/test-browser.sh $(TOOLS)
	@./packaging/test-prometheus.sh $(TOOLS)
	@./attest/contracts/check.sh tools

test: build test-tools ## run every test
	go test -timeout 20m ./... ./testdata ./testdata/generate ./testdata/peers ./testdata/planted

check-peers: demo test-tools ## hand the results of demo and tests to PixelMed's validator and an Orthanc
	@./packaging/checks/peers-tools.sh $(TOOLS)
	@rm -rf $(TOOLS)/peers/objects && mkdir -p $(TOOLS)/peers/objects
	MEDHIVE_KEEP=$(TOOLS)/peers/objects go test -count=1 ./inference/report
	@./packaging/checks/peers.sh $(TOOLS) $(OUT) $(TOOLS)/peers/objects

pictures: test-tools ## take the pictures of both dashboards anew, by the browser that tests them
	@mkdir -p $(TOOLS)/pictures
	go test -count=1 -run '^TestPagesInABrowser$$' ./agent/site/dashboard -args -pictures $(TOOLS)/pictures
	@for page in worklist case quarantine; do cp $(TOOLS)/pictures/light-$$page.png packaging/pictures/$$page.png; done
	@mkdir -p $(TOOLS)/pictures/node
	go test -count=1 -run '^TestPagesInABrowser$$' ./agent/panel -args -pictures $(TOOLS)/pictures/node
	@for page in overview earnings score network; do cp $(TOOLS)/pictures/node/light-$$page.png packaging/pictures/node-$$page.png; done
	@cp $(TOOLS)/pictures/node/dark-overview.png packaging/pictures/node-dark.png
	go test -count=1 -run '^TestTheStatusPictureIsFresh$$' ./cmd/medhive -args -update

packages: deps ## build deb, rpm and apk for PACKAGE_ARCHES into DIST, with parts list and sums; the same commit gives the same bytes
	@./packaging/packages/tools.sh $(TOOLS) $(PACKAGE_ARCHES)
	@./packaging/packages/build.sh $(TOOLS) $(DIST) $(PACKAGE_ARCHES)

container: packages ## build a container image of the packages and run the demo in it, with a read-only root; wants root
	@./packaging/packages/container.sh $(TOOLS) $(DIST)

test-packages: packages ## install, run, upgrade, remove and purge the packages in a Debian 12 of their own, by its systemd; wants root
	@./packaging/packages/test.sh $(TOOLS) $(DIST)

test-reproducible: packages ## build the packages again, elsewhere and from nothing: the same bytes
	@./packaging/packages/reproduce.sh $(TOOLS) $(DIST) $(PACKAGE_ARCHES)

image: packages ## build a bootable disk for amd64 boxes, and its updates, into DIST/image; wants root, or Debian's uidmap; packaging/image/build.sh says what a vendor may give it
	@./packaging/image/tools.sh $(TOOLS)
	@./packaging/image/build.sh $(TOOLS) $$(ls -t $(DIST)/medhive_*_amd64.deb | head -n 1) $(DIST)/image

test-image: build packages ## boot a box in QEMU with a TPM: first boot, a job, updates good and bad, disk written anew; half an hour
	@./packaging/image/test.sh $(TOOLS) $$(ls -t $(DIST)/medhive_*_amd64.deb | head -n 1) bin/medhive

bench: build test-tools ## measure the targets; ROOM=name for one room; writes bench.json
	@./packaging/test-tools.sh $(TOOLS) bench
	@./packaging/test-kubo.sh $(TOOLS)
	go run ./cmd/bench --room "$(ROOM)" --out bench.json

chaos: build test-tools ## kill, cut, slow and misdate real processes, N times each step; prints counts, goes on where it was stopped; CELLS=kill/node for some
	@./packaging/test-tools.sh $(TOOLS) chaos
	go run ./cmd/chaos -n $(N) -lanes $(LANES) -out chaos.json $(CELLS)

sim: ## the market with SIM_NODES nodes each, in virtual time: crashes, a partition, enemies; 1000 take 4 GB; writes sim.json
	@rm -f sim.json
	@failed=0; for nodes in $(SIM_NODES); do \
	  go test -v -count=1 -timeout 60m -run '^TestMarket$$' ./scheduler/sim -args -nodes $$nodes -tasks 300 -loss 0.001 -report $(CURDIR)/sim.json || failed=1; \
	done; \
	go test -v -count=1 -timeout 60m -run '^TestUnderAttack$$' ./scheduler/sim -args -nodes 50 -attack 1m -loss 0.001 -report $(CURDIR)/sim.json || failed=1; \
	exit $$failed

sim-reward: ## 10,000 nodes for a year under the rules of rewards: who is caught, who is flagged, what tiers earn; writes sim-reward.json and .svg
	go run ./cmd/simreward -out sim-reward.json -picture sim-reward.svg

contracts-check: ## the contracts at full length: 10,000 runs a property, 1,000,000 calls, coverage, mutants, solhint
	./attest/contracts/check.sh

fuzz: test-tools ## fuzz every target below FUZZ_FOLDERS for FUZZ_TIME, FUZZ_JOBS at a time; prints executions
	@./packaging/fuzz.sh $(FUZZ_TIME) $(FUZZ_JOBS) $(FUZZ_FOLDERS)

lint: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l $(ROOMS) packaging); test -z "$$unformatted" || { echo "run gofmt on: $$unformatted"; exit 1; }
	go vet ./... ./testdata ./testdata/generate ./testdata/vulkan ./testdata/peers ./testdata/browser ./testdata/planted
	go tool staticcheck ./... ./testdata ./testdata/generate ./testdata/vulkan ./testdata/peers ./testdata/browser ./testdata/planted

generate: ## rebuild contracts, bindings, protobuf and the de-identification table
	./attest/contracts/generate.sh
	./scheduler/wire/generate.sh
	go generate ./scheduler/clinic

clean: ## remove what the targets above made
	rm -rf bin $(DIST) $(OUT) bench.json chaos.json sim.json sim-reward.json sim-reward.svg .tools $(RUNTIME)/node_modules attest/contracts/node_modules attest/contracts/tools/node_modules attest/contracts/artifacts packaging/checks/node_modules

.PHONY: help deps build packages container image test-image test-packages test-reproducible demo verify-demo test test-tools check-peers pictures bench chaos sim sim-reward contracts-check lint generate clean
