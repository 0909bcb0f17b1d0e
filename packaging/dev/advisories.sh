#!/bin/sh
# What deny.toml asks: licences, bans and sources always; known weaknesses where the database of them can be had.
# Says so and goes on where it cannot.
set -eu
if ! command -v cargo-deny >/dev/null 2>&1; then
  echo "cargo-deny is not there (cargo install --locked cargo-deny): licences, bans, sources and advisories were NOT looked up"
  exit 0
fi
cargo deny --locked check licenses bans sources
if cargo deny --locked fetch db >/dev/null 2>&1; then
  cargo deny --locked check --disable-fetch advisories
elif cargo deny --locked --offline check --disable-fetch advisories >/dev/null 2>&1; then
  echo "the advisory database cannot be reached; the copy that is here knows of nothing"
elif ls "${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/*/crates >/dev/null 2>&1; then
  cargo deny --locked --offline check --disable-fetch advisories
else
  echo "the advisory database (github.com/RustSec/advisory-db) cannot be reached: advisories were NOT looked up"
fi
