#!/bin/bash
# Measures Microsoft Graph against a folder of 100,000 messages: pages, filters, batches, delta, tokens. There is no peer that speaks it,
# so these are times of one run: look at foreign_cores, and at the CPU per operation, which holds on a noisy machine too.
#   BENCH_DIR, HAUSPOST, LOAD   as run.sh; LOAD is built by it
#   MESSAGES=100000
set -euo pipefail
cd "$(dirname "$0")"
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/hauspost-bench}
LOAD=${LOAD:-$BENCH_DIR/load-target/release/load}
HAUSPOST=${HAUSPOST:-$PWD/../target/release/hauspost}
MESSAGES=${MESSAGES:-100000}
. peers/lib.sh
D=$BENCH_DIR/graph
CG=$(cg hauspost)
PASS=passpasspass
prio() { if [ "${PRIO:-}" = rr ]; then chrt -r 1 "$@"; else "$@"; fi; }
trap 'cg_stop hauspost' EXIT
if [ ! -e "$D/full" ]; then
  rm -rf "$D"; mkdir -p "$D"
  echo $PASS | "$HAUSPOST" setup --data "$D" --domain bench.test --admin u0@bench.test --password-stdin > /dev/null
  "$HAUSPOST" app add --data "$D" --client-id bench --name bench --allow-password-grant > /dev/null
fi
prio "$LOAD" startup --cgroup "$CG" --label graph --addr 127.0.0.1:25143 --log "$BENCH_DIR/graph.log" -- "$HAUSPOST" serve --data "$D" \
  --listen 127.0.0.1:25443 --imap 127.0.0.1:25143 --allow-plain-login --host-name mail.bench.test --trusted-proxy 127.0.0.1/32 --max-requests 100000000 > /dev/null
L() { name=$1; shift; prio "$LOAD" --cgroup "$CG" --label "$name" --max-seconds 60 "$@"; }
if [ ! -e "$D/full" ]; then
  L fill imap-append --addr 127.0.0.1:25143 --user u0@bench.test --pass $PASS -n "$MESSAGES" -c 4 --users 1 --mailbox INBOX --size 2k --seed 7 > /dev/null
  sleep 30; : > "$D/full"
fi
V=http://127.0.0.1:25443
token() { curl -s -H 'X-Forwarded-Proto: https' "$V/common/oauth2/v2.0/token" -d "grant_type=password&client_id=bench&scope=https://graph.microsoft.com/.default&username=u0@bench.test&password=$PASS"; }
T=$(token | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
H=(--header "Authorization: Bearer $T" --header "X-Forwarded-Proto: https")
M=$V/v1.0/me/mailFolders/inbox/messages
get() { L "$1" http-get --url "$2" "${H[@]}" --expect "\"value\":" -n "$3" -c "$4" --modulo $((MESSAGES / 100)); }
FROM=$(curl -s -H "Authorization: Bearer $T" -H 'X-Forwarded-Proto: https' "$M?\$top=1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["value"][0]["from"]["emailAddress"]["address"])')
get page-25-c4 "$M?\$top=25&\$select=subject,from,receivedDateTime,isRead" 8000 4
get page-25-c1 "$M?\$top=25&\$select=subject,from,receivedDateTime,isRead" 3000 1
get page-25-anywhere "$M?\$top=25&\$select=subject,from,receivedDateTime,isRead&\$skip={i}00" 2000 1
get filter-unread "$M?\$top=25&\$filter=isRead%20eq%20false" 1000 1
get filter-from "$M?\$top=25&\$filter=from/emailAddress/address%20eq%20'$FROM'" 1000 1
python3 - > "$BENCH_DIR/batch.json" <<'P'
import json
url = "/me/mailFolders/inbox/messages?$top=1&$select=subject&$skip=%d"
print(json.dumps({"requests": [{"id": str(i), "method": "GET", "url": url % (i * 500)} for i in range(20)]}))
P
L batch-20 http-post --url "$V/v1.0/\$batch" "${H[@]}" --body "$BENCH_DIR/batch.json" --expect "\"responses\":" -n 500 -c 1
printf 'grant_type=password&client_id=bench&scope=openid&username=u0@bench.test&password=%s' $PASS > "$BENCH_DIR/token.form"
L token http-post --url "$V/common/oauth2/v2.0/token" --header "X-Forwarded-Proto: https" --content-type application/x-www-form-urlencoded \
  --body "$BENCH_DIR/token.form" --expect access_token -n 1000 -c 4
T=$T M=$M python3 delta.py
cg_stop hauspost
python3 subscriptions.py "$HAUSPOST" "$D"
