#!/bin/bash
# Measures calendars and contacts: a month of 5,000 events of which 200 are series, sync, an address book, what 50 people are busy with for
# two weeks, and the first sync of 20,000 contacts. Times of one run: look at foreign_cores, and at the CPU per operation.
#   BENCH_DIR, HAUSPOST, LOAD   as run.sh, which builds LOAD
set -euo pipefail
cd "$(dirname "$0")"
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/hauspost-bench}
LOAD=${LOAD:-$BENCH_DIR/load-target/release/load}
HAUSPOST=${HAUSPOST:-$PWD/../target/release/hauspost}
. peers/lib.sh
D=$BENCH_DIR/calendar
CG=$(cg hauspost)
PASS=passpasspass
prio() { if [ "${PRIO:-}" = rr ]; then chrt -r 1 "$@"; else "$@"; fi; }
trap 'cg_stop hauspost' EXIT
rm -rf "$D"; mkdir -p "$D"
echo $PASS | "$HAUSPOST" setup --data "$D" --domain bench.test --admin u0@bench.test --password-stdin > /dev/null
for i in $(seq 49); do echo $PASS | "$HAUSPOST" account add "u$i@bench.test" --data "$D" --password-stdin > /dev/null; done
prio "$LOAD" startup --cgroup "$CG" --label calendar --addr 127.0.0.1:25143 --log "$BENCH_DIR/calendar.log" -- "$HAUSPOST" serve --data "$D" \
  --listen 127.0.0.1:25443 --imap 127.0.0.1:25143 --host-name mail.bench.test --trusted-proxy 127.0.0.1/32 --max-requests 100000000 > /dev/null
L() { name=$1; shift; prio "$LOAD" --cgroup "$CG" --label "$name" --max-seconds 60 "$@"; }
DAV=https://127.0.0.1:25443/dav
A="--user u0@bench.test --pass $PASS"
CAL="--url $DAV/calendars/u0@bench.test/month/ $A"
SUITE="--url $DAV/calendars/u0@bench.test/suite/ $A"
BOOK="--card --url $DAV/addressbooks/u0@bench.test/book/ $A"
MANY="--card --url $DAV/addressbooks/u1@bench.test/many/ --user u1@bench.test --pass $PASS"
L cal-put-c4 caldav-put $CAL --make -n 5000 -c 4 --seed 1 --series 4
L suite-put-c4 caldav-put $SUITE --make -n 2000 -c 4 --seed 2
L card-put-c4 caldav-put $BOOK --make -n 1000 -c 4 --seed 1
L busy-put-c50 caldav-put --url "$DAV/calendars/u{}@bench.test/calendar/" --user "u{}@bench.test" --users 50 --pass $PASS -n 10000 -c 50 --seed 3
L cards-put-c4 caldav-put $MANY --make -n 20000 -c 4 --seed 4
# Over TLS, and as behind a proxy: other servers of the comparison are measured without TLS.
for line in tls plain; do
  if [ $line = plain ]; then CAL=${CAL/https/http} SUITE=${SUITE/https/http} BOOK=${BOOK/https/http}; fi
  L cal-query-$line caldav-report $CAL --mode query -n 200
  L cal-query-suite-$line caldav-report $SUITE --mode query -n 200
  L cal-sync-empty-$line caldav-report $CAL --mode sync-empty -n 500
  L cal-sync-delta-$line caldav-report $CAL --mode sync-delta -n 200
  L card-query-$line caldav-report $BOOK --mode query -n 200
  L card-sync-full-$line caldav-report $BOOK --mode sync-full -n 200
done
prio python3 calendar_free_busy.py 127.0.0.1:25443 $PASS
prio python3 calendar_first_sync.py 127.0.0.1:25443 $PASS
