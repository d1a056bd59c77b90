.DEFAULT_GOAL := help
.PHONY: help deps build deb release test race fuzz browser bench bench-live soak flood mutate demo lint vulns fixtures clean

FUZZTIME ?= 10m
MUTANTS ?= 10000
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install a C compiler and the headers of libpcap where they are missing (Debian, Ubuntu)
	@.ci/deps

build: deps ## build ./spanaudit
	go build -trimpath -o spanaudit ./cmd/spanaudit

deb: build ## build a Debian package of it
	@.ci/deps package
	cmd/spanaudit/debian/build ./spanaudit

release: deps ## archives, a Debian package, bills of materials and checksums of this commit, in dist/
	@.ci/deps package
	@.ci/release

test: deps ## run all tests
	go test ./...

race: deps ## run all tests under the race detector, which takes half an hour
	go test -race -timeout 90m ./...

fuzz: deps ## run every fuzz target for FUZZTIME each, by default 10m
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

browser: deps ## look at the HTML report and the page of a sensor in chromium, which is installed where it is missing (Debian, Ubuntu)
	@.ci/browser

bench: build ## measure: against other programs that are installed, and each stage by itself
	go run ./fixtures/bench generate
	go run ./fixtures/bench compare ./spanaudit
	go test -run '^$$' -bench . -benchmem ./...

bench-live: build ## measure what is lost of traffic on an interface; needs root, tcpreplay and tcpdump
	go run ./fixtures/bench live ./spanaudit

soak: build ## watch a busy interface for ten minutes, and see that nothing grows; needs root
	go run ./fixtures/bench soak ./spanaudit

flood: build ## ten million flows with a violation in the midst of them, from a file and live; needs root and tcpreplay
	go run ./fixtures/bench flood ./spanaudit

mutate: build ## audit MUTANTS damaged captures, by default ten thousand: none may crash it, keep it busy or fill the memory
	go run ./fixtures/mutate -n $(MUTANTS) -policy fixtures/site.yaml ./spanaudit fixtures/clean fixtures/violation fixtures/odd $(wildcard ../shared/captures)

demo: build ## audit a capture that is full of violations
	@echo ./spanaudit audit --policy fixtures/site.yaml fixtures/violation/site.pcapng
	@./spanaudit audit --policy fixtures/site.yaml fixtures/violation/site.pcapng || \
		{ s=$$?; [ $$s -eq 1 ] && echo "exit status 1: there are violations"; }

lint: deps ## gofmt, go vet, staticcheck
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "not formatted by gofmt:"; echo "$$files"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

vulns: ## look for known vulnerabilities in what the program calls
	@.ci/vulns

fixtures: ## make the captures of fixtures/ again; needs root and the programs named in fixtures/site.sh
	fixtures/site.sh fixtures

clean: ## remove what was built
	rm -rf spanaudit spanaudit_*.deb dist
