# Everything that is done with this repository. `make help` lists it.
SHELL := /bin/bash
CARGO ?= cargo
DATA ?= run/data
LISTEN ?= [::]:8443
ZIG_VERSION := 0.17.1
TARGETS := x86_64 aarch64

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: install-run page ## Install what is missing, build, and start on https://localhost:8443
	$(CARGO) build --release
	@mkdir -p $(DATA)
	./target/release/hauspost serve --data $(DATA) --listen '$(LISTEN)'

.PHONY: build
build: install-run page ## Build page and program (target/release/hauspost)
	$(CARGO) build --release

.PHONY: install-run
install-run:
	@sh packaging/dev/install.sh run

.PHONY: install-test
install-test:
	@sh packaging/dev/install.sh test

.PHONY: install-check
install-check:
	@sh packaging/dev/install.sh check

.PHONY: page
page: web-ui/packed/index.html ## Build the page into web-ui/dist, and packed into web-ui/packed

web-ui/node_modules: web-ui/package-lock.json
	cd web-ui && npm ci --no-audit --no-fund
	@touch web-ui/node_modules

web-ui/packed/index.html: web-ui/node_modules $(shell find web-ui/src web-ui/public web-ui/scripts web-ui/index.html web-ui/vite.config.ts -type f 2>/dev/null)
	cd web-ui && npm run build

.PHONY: test
test: install-test page check-page ## Prove it: unit tests, the program against real counterparts, the page in Chromium
	$(CARGO) test --locked
	@$(MAKE) --no-print-directory sdk-test

.PHONY: sdk-test
sdk-test: install-test ## Released Microsoft 365 libraries (MSAL, Graph SDK, O365; Node too) against the program; fetches them
	$(CARGO) build --locked
	tests/sdk/run "$${CARGO_TARGET_DIR:-target}/debug/hauspost"

.PHONY: check-page
check-page: web-ui/node_modules
	cd web-ui && npm run check && npm test

.PHONY: check
check: install-check page check-page ## Formatting, lints, licences and advisories, architecture
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	python3 packaging/dev/licences.py --check
	@sh packaging/dev/advisories.sh
	$(CARGO) test --locked --test it architecture

.PHONY: licences
licences: web-ui/node_modules ## Write the list of third-party licences (docs/third-party-licences.md)
	python3 packaging/dev/licences.py

.PHONY: release
release: page ## Static programs for x86_64 and aarch64 in dist/
	bash packaging/dev/release.sh $(TARGETS)

.PHONY: packages
packages: ## Packages for Synology, QNAP, Debian and containers in dist/, from what `make release` has built
	python3 packaging/make.py

.PHONY: test-packages
test-packages: install-packages ## Prove the packages: read by others, installed in imitations of their systems (x86_64 at least)
	@[ -x dist/hauspost-x86_64 ] || $(MAKE) --no-print-directory release TARGETS=x86_64
	python3 packaging/make.py $$(cd dist && ls hauspost-x86_64 hauspost-aarch64 2>/dev/null | sed 's/hauspost-//')
	cd packaging/tests && python3 -B -m unittest

.PHONY: install-packages
install-packages:
	@sh packaging/dev/install.sh packages

.PHONY: bench
bench: ## Measure against Dovecot and Postfix in one run; prints ratios (BENCH_ROUNDS=3, BENCH_SCALE=1); then Graph, calendars, and moving in
	bash benches/run.sh
	bash benches/graph.sh
	bash benches/calendar.sh
	bash benches/moving.sh

.PHONY: kill-rounds
kill-rounds: page ## The long form of the kill -9 test (ROUNDS=200)
	HAUSPOST_KILL_ROUNDS=$${ROUNDS:-200} $(CARGO) test --locked --test it kill_rounds -- --nocapture

.PHONY: clean
clean: ## Remove what was built
	$(CARGO) clean
	rm -rf web-ui/dist web-ui/packed web-ui/node_modules dist run

.PHONY: fuzz
fuzz: ## Fuzz every parser for SECONDS_EACH (60); installs cargo-fuzz, needs a C++ compiler
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	@mkdir -p fuzz/corpus/mime_digest fuzz/corpus/mime_parts fuzz/corpus/calendar_object fuzz/corpus/itip fuzz/corpus/card fuzz/corpus/outlook_store
	@cp -n tests/data/corpus/mail/* fuzz/corpus/mime_digest/; cp -n tests/data/corpus/mail/* fuzz/corpus/mime_parts/
	@cp -n tests/data/corpus/calendar/* fuzz/corpus/calendar_object/; cp -n tests/data/corpus/calendar/* fuzz/corpus/itip/; cp -n tests/data/corpus/contacts/* fuzz/corpus/card/
	@cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz build -O -s $${SANITIZER:-none}
	@for t in $$(ls fuzz/targets | sed 's/\.rs$$//'); do echo "== $$t"; \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run -O -s $${SANITIZER:-none} $$t -- -max_total_time=$${SECONDS_EACH:-60} -max_len=65536 -timeout=10 || exit 1; done
