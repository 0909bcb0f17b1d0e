#!/bin/bash
# Moving a mailbox in by IMAP: Hauspost and mbsync from the same Dovecot over TLS, in turns. Prints seconds, CPU and peak memory of each run.
#   HAUSPOST=...   the program; MESSAGES=10000; ROUNDS=3; BENCH_DIR: a scratch folder on the disk to be measured
set -euo pipefail
cd "$(dirname "$0")"
HERE=$PWD
D=${BENCH_DIR:-${TMPDIR:-/tmp}/hauspost-bench}/moving
HAUSPOST=${HAUSPOST:-$HERE/../target/release/hauspost}
MESSAGES=${MESSAGES:-10000}
ROUNDS=${ROUNDS:-3}
PORT=15993
rm -rf "$D"; mkdir -p "$D"/{run,state,home/office,tls}; chmod 755 "$D"
cd "$D"
key() { echo -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "tls/$1"; }
# shellcheck disable=SC2046
openssl req -x509 -days 3 -subj "/CN=Bench CA" -out tls/ca.pem $(key ca.key) 2>/dev/null
# shellcheck disable=SC2046
openssl req -subj /CN=localhost -out tls/request $(key key.pem) 2>/dev/null
echo subjectAltName=DNS:localhost > tls/extensions
openssl x509 -req -days 3 -in tls/request -CA tls/ca.pem -CAkey tls/ca.key -CAcreateserial -extfile tls/extensions -out tls/cert.pem 2>/dev/null
chmod 644 tls/*
python3 "$HERE/moving_fill.py" "$D/home/office/Maildir" "$MESSAGES"
chown -R mail:mail home
cat > dovecot.conf <<CONF
protocols = imap
listen = 127.0.0.1
base_dir = $D/run
state_dir = $D/state
log_path = $D/log
ssl = yes
ssl_cert = <$D/tls/cert.pem
ssl_key = <$D/tls/key.pem
first_valid_uid = 1
mail_home = $D/home/%u
mail_location = maildir:~/Maildir
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$D/home/%u
}
namespace inbox {
  inbox = yes
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $PORT
    ssl = yes
  }
}
CONF
dovecot -F -c dovecot.conf & DOVECOT=$!
trap 'kill $DOVECOT' EXIT
sleep 2
hauspost() {
  rm -rf data
  echo passpasspass | "$HAUSPOST" setup --data data --domain bench.test --admin u@bench.test --password-stdin > /dev/null
  HAUSPOST_MOVE_PASSWORD=secret /usr/bin/time -f "hauspost             %e s, CPU %U + %S s, peak %M kB" \
    "$HAUSPOST" import imap "imaps://office@localhost:$PORT" --account u@bench.test --extra-ca tls/ca.pem --data data > report
  grep -q "$MESSAGES came" report
}
mbsync_with() { # FSync
  rm -rf local; mkdir local
  cat > mbsyncrc <<CONF
FSync $1

IMAPAccount a
Host localhost
Port $PORT
User office
Pass secret
SSLType IMAPS
CertificateFile $D/tls/ca.pem

IMAPStore far
Account a

MaildirStore near
Path $D/local/
Inbox $D/local/Inbox
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
SyncState *
CONF
  /usr/bin/time -f "mbsync (FSync $1)  %e s, CPU %U + %S s, peak %M kB" mbsync -q -c mbsyncrc -a
  [ "$(find local/Inbox/cur local/Inbox/new -type f | wc -l)" = "$MESSAGES" ]
}
for _ in $(seq "$ROUNDS"); do mbsync_with yes; hauspost; mbsync_with no; done
