#!/bin/bash
# Backups of a mailbox into a folder on the same disk: the whole, nothing new, one percent new, each beside `tar | zstd` of the data.
#   HAUSPOST=...   the program; MESSAGES=20000; ACCOUNTS=5: so many have that many each; BENCH_DIR: a scratch folder on the disk to be measured
set -euo pipefail
cd "$(dirname "$0")"
HERE=$PWD
D=${BENCH_DIR:-${TMPDIR:-/tmp}/hauspost-bench}/backup
HAUSPOST=${HAUSPOST:-$HERE/../target/release/hauspost}
MESSAGES=${MESSAGES:-20000}
ACCOUNTS=${ACCOUNTS:-5}
rm -rf "$D"; mkdir -p "$D/place"; cd "$D"
export HAUSPOST_DATA=$D/data
echo passpasspass | "$HAUSPOST" setup --domain bench.test --admin u1@bench.test --password-stdin > /dev/null
for n in $(seq 2 "$ACCOUNTS"); do echo passpasspass | "$HAUSPOST" account add "u$n@bench.test" --password-stdin > /dev/null; done
fill() { # folder, messages, seed, accounts
  for n in $(seq "$4"); do
    rm -rf mail*; python3 "$HERE/moving_fill.py" "$D/mail-$1-$n" "$2" "$3$n" > filled
    "$HAUSPOST" import maildir "$D/mail-$1-$n" --account "u$n@bench.test" > /dev/null
  done
  # What an import has left in the logs goes into the files, as it does when a server has been idle: it is no part of a backup.
  python3 -c 'import sqlite3, sys
for f in sys.argv[1:]: c = sqlite3.connect(f); c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(); c.close()' data/*.db data/accounts/*/account.db
  rm -rf mail*; sleep 4
}
timed() { /usr/bin/time -f "$1  %e s, CPU %U + %S s, peak %M kB" "${@:2}"; }
backup() { timed "$1" "$HAUSPOST" backup run --to "$D/place" > report; cat report; }
fill first "$MESSAGES" 7 "$ACCOUNTS"
du -sm data | cut -f1 | xargs echo "MB of data:"
sync; timed "tar | zstd -1      " sh -c 'tar cf - data | zstd -1 -q > all.tar.zst; sync all.tar.zst'; rm all.tar.zst
backup "the whole          "
sleep 4; backup "after a rest       "
backup "nothing new        "
fill more $((MESSAGES / 100)) 8 "$ACCOUNTS"
backup "1 % new, everywhere"
sleep 4; backup "after a rest       "
fill more $((MESSAGES * ACCOUNTS / 100)) 9 1
backup "1 % new, in one    "
