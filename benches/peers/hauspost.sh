#!/bin/sh
# Our own program: hauspost.sh setup | start | stop. HAUSPOST is the binary.
# Ports: IMAP 25143, IMAPS 25993, SMTP 25025, submission with TLS 25465, the one port 25443.
. "$(dirname "$0")/lib.sh"
D=$BENCH_DIR/hauspost
case $1 in
setup)
  rm -rf "$D"; mkdir -p "$D"
  echo passpasspass | "$HAUSPOST" setup --data "$D" --domain bench.test --admin u0@bench.test --password-stdin > /dev/null
  i=1
  while [ $i -lt 50 ]; do
    echo passpasspass | "$HAUSPOST" account add "u$i@bench.test" --data "$D" --password-stdin > /dev/null; i=$((i+1))
  done
  ;;
start) exec "$LOAD" startup --cgroup "$(cg hauspost)" --label hauspost --addr 127.0.0.1:25143 \
    --log "$BENCH_DIR/hauspost.log" -- "$HAUSPOST" serve --data "$D" --listen 127.0.0.1:25443 --imap 127.0.0.1:25143 \
    --imaps 127.0.0.1:25993 --smtp 127.0.0.1:25025 --submissions 127.0.0.1:25465 --allow-plain-login \
    --host-name mail.bench.test --max-received-per-minute 10000000 --max-sent-per-hour 10000000 --max-connections-per-peer 4000 ;;
stop) cg_stop hauspost ;;
esac
