# Every check of this repository is a target here, and `make test` is all of them, fast ones first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test

# In the order in which they run.
CHECKS := tools format lint doc deny assets unit web api
.PHONY: test network $(CHECKS)

# Tools that cargo installs, once, beside what it builds.
TOOLS := $(or $(CARGO_TARGET_DIR),target)/tools
export PATH := $(abspath $(TOOLS))/bin:$(PATH)

# Everything, with the time that each check takes. Ends at the first that fails.
test:
	@timings=(); for check in $(CHECKS); do \
	  begin=$$SECONDS; echo "==> $$check"; \
	  $(MAKE) --no-print-directory $$check || \
	    { echo "make: $$check failed after $$((SECONDS - begin)) s" >&2; exit 1; }; \
	  timings+=("$$(printf '%5d s  %s' $$((SECONDS - begin)) $$check)"); \
	done; \
	printf '%s\n' "$${timings[@]}"; printf '%5d s  in all\n' $$SECONDS

# What the checks need: installs it where it may, says what is missing where it may not.
tools:
	@tools/setup.sh "$(TOOLS)"

format:
	cargo fmt --all --check

lint:
	python3 tools/check-style.py
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# Licences, sources, bans (deny.toml); advisories if their database can be reached.
deny:
	cargo deny --locked check bans licenses sources
	@if timeout 120 cargo deny --locked fetch db; then \
	  echo 'cargo deny check advisories'; cargo deny --locked check --disable-fetch advisories; \
	else \
	  echo 'deny: the advisory database could not be reached: ADVISORIES WERE NOT CHECKED'; \
	fi

# Generated assets are those that their program makes; contracts those that their sources give.
assets:
	cargo run --locked -q -p shapes -- --check
	ODYSSEY_CONTRACTS_MODULES=$(TOOLS)/evm node contracts/build.mjs --check
	chain/build.sh --changed

# The platform's own network: its tests, and whether what is committed of it is what its sources give.
# Not among the checks: it takes some minutes and changes rarely.
network:
	cargo fmt --all --check --manifest-path chain/Cargo.toml
	cargo clippy --manifest-path chain/Cargo.toml --locked --all-targets -- -D warnings
	cargo test --manifest-path chain/Cargo.toml --locked
	chain/build.sh --check

# All tests in Rust. A test that hangs is ended and fails (.config/nextest.toml).
unit:
	cargo nextest run --workspace --locked
	cargo test --workspace --doc --locked

# The client library: against the golden frames, and with the program that `unit` has built; so an IPFS
# client.
web:
	npm --prefix web/client ci
	npm --prefix web/client test
	cargo build --locked -q
	npm --prefix web/client run test:server
	npm --prefix web/ipfs ci
	npm --prefix web/ipfs test

# The running server against its OpenAPI document.
api:
	tools/schemathesis.sh
