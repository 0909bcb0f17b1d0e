#!/bin/bash
# Measures Hauspost against Dovecot (mdbox) and Postfix + Dovecot in one run and prints ratios.
#   BENCH_ROUNDS=3   rounds, in turns: A B C A B C
#   BENCH_SCALE=1    10: everything ten times smaller, for a trial
#   BENCH_DIR        scratch folder on the disk to be measured, about 5 GB
#   PRIO=rr          real-time priority for server and load, on a machine that others use too (root)
# Rates hold only as ratios of one run; README.md in this folder says how to read them.
set -euo pipefail
cd "$(dirname "$0")"
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/hauspost-bench}
export OUT=${OUT:-$BENCH_DIR/results} SCALE=${BENCH_SCALE:-1}
mkdir -p "$OUT"
for p in dovecot:dovecot-imapd postfix:postfix openssl:openssl; do
  command -v "${p%%:*}" >/dev/null || [ -x "/usr/sbin/${p%%:*}" ] || { echo "missing: apt-get install ${p##*:} dovecot-lmtpd"; exit 1; }
done
(cd load && CARGO_TARGET_DIR=$BENCH_DIR/load-target cargo build --release --quiet)
export LOAD=$BENCH_DIR/load-target/release/load
if [ -z "${HAUSPOST:-}" ]; then
  (cd .. && cargo build --locked --release --quiet)
  HAUSPOST=$PWD/../target/release/hauspost
fi
export HAUSPOST
sh rounds.sh "${BENCH_ROUNDS:-3}" hauspost dovecot-mdbox postfix-dovecot
echo "Hauspost over Dovecot mdbox (rates: higher is better; ms and kB: lower is better)"
python3 summary.py --ratio hauspost dovecot-mdbox "$OUT/hauspost.jsonl" "$OUT/dovecot-mdbox.jsonl"
echo
echo "Hauspost over Postfix + Dovecot"
python3 summary.py --ratio hauspost postfix-dovecot "$OUT/hauspost.jsonl" "$OUT/postfix-dovecot.jsonl"
echo
python3 summary.py "$OUT"/hauspost.jsonl "$OUT"/dovecot-mdbox.jsonl "$OUT"/postfix-dovecot.jsonl
python3 summary.py --cpu "$OUT"/hauspost.jsonl "$OUT"/dovecot-mdbox.jsonl "$OUT"/postfix-dovecot.jsonl
