#!/bin/sh
# Sets up peers and runs the suite over them in turn, round by round (A B C A B C):
#   rounds.sh ROUNDS PEER... ; the lines go to $OUT/PEER.jsonl.
# Needs LOAD (the built tool), BENCH_DIR (scratch, on the disk to be measured),
# OUT (where the results go). PRIO=rr runs server and load under SCHED_RR, for a
# machine that others keep busy (root only; a niceness does not help there, since
# waking up still waits for a slice, and sched_autogroup weighs sessions alike).
# FIRST=2 goes on at round 2.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
: "${LOAD:?}" "${BENCH_DIR:?}" "${OUT:?}"
mkdir -p "$OUT"; OUT=$(cd "$OUT" && pwd)
R=$1; shift
. "$HERE/peers/lib.sh"; set +e
. "$HERE/peers/peers.env"
prio() { if [ "${PRIO:-}" = rr ]; then chrt -r 1 "$@"; else "$@"; fi; }
round=${FIRST:-1}
while [ "$round" -le "$R" ]; do
  for peer in "$@"; do
    ( peer_env "$peer"; P=$HERE/peers/$SCRIPT; [ -n "${PEER_SCRIPT:-}" ] && P=$PEER_SCRIPT
      o=$OUT/$peer.jsonl
      [ "$round" = 1 ] && { : > "$o"; [ "$peer" = postfix-dovecot ] && [ ! -d "$BENCH_DIR/dovecot-maildir" ] && sh "$HERE/peers/dovecot.sh" setup; sh "$P" setup > /dev/null || exit 1; }
      if [ "$peer" = postfix-dovecot ]; then prio sh "$HERE/peers/dovecot.sh" start >/dev/null; sleep 1; fi
      # Started three times for the time it takes; the last one stays.
      for k in 1 2 3; do
        prio sh "$P" start | sed "s#\"label\":\"[^\"]*\"#\"label\":\"$peer/$round/startup\"#" >> "$o"
        [ $k = 3 ] || { sh "$P" stop; sleep 0.5
          if [ "$peer" = postfix-dovecot ]; then prio sh "$HERE/peers/dovecot.sh" start >/dev/null; sleep 1; fi; }
      done
      sleep 3
      "$LOAD" mem --cgroup "$CG" --label "$peer/$round/mem-idle" >> "$o"
      prio sh "$HERE/suite.sh" "$peer" "$round" >> "$o"
      "$LOAD" mem --cgroup "$CG" --label "$peer/$round/mem-after" >> "$o"
      sh "$P" stop )
    sleep 1
  done
  round=$((round+1))
done
