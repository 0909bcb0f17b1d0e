set -e
# real Dovecot, generated mailbox; alternating mbsync and ours
D=/tmp/mbench; rm -rf $D; mkdir -p $D/run $D/state $D/home/office $D/tls; chmod 755 $D
cd $D
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj "/CN=Test CA" -keyout tls/ca.key -out tls/ca.pem 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout tls/key.pem -out tls/csr 2>/dev/null
printf "subjectAltName=DNS:localhost\n" > tls/ext
openssl x509 -req -days 3 -in tls/csr -CA tls/ca.pem -CAkey tls/ca.key -CAcreateserial -extfile tls/ext -out tls/cert.pem 2>/dev/null
chmod 644 tls/*
python3 /tmp/bench_fill.py $D/home/office/Maildir ${1:-20000}
chown -R mail:mail home
cat > dovecot.conf <<C
protocols = imap
listen = 127.0.0.1
base_dir = $D/run
state_dir = $D/state
log_path = $D/log
ssl = yes
ssl_cert = <$D/tls/cert.pem
ssl_key = <$D/tls/key.pem
disable_plaintext_auth = no
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
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
  port = 15143
 }
 inet_listener imaps {
  port = 15993
  ssl = yes
 }
}
C
dovecot -F -c dovecot.conf & DP=$!
trap "kill $DP" EXIT
sleep 2
H=${HP:-/tmp/rel/hauspost}
one_ours() {
  rm -rf $D/data; printf 'pw-pw-pw-pw\n' | $H setup --data $D/data --domain example.test --admin anna@example.test --password-stdin >/dev/null
  /usr/bin/time -f "ours %e s, user %U sys %S, peak %M kB" env HAUSPOST_MOVE_PASSWORD=secret $H import imap imaps://office@localhost:15993 --account anna@example.test --extra-ca $D/tls/ca.pem --data $D/data $@ | tail -1
}
one_mbsync() {
  rm -rf $D/local; mkdir $D/local
  cat > $D/mbsyncrc <<C
IMAPAccount a
Host localhost
Port 15993
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
$2
C
  sed "s/^$//" -i $D/mbsyncrc
  [ -n "$FSYNC" ] && sed -i "1i FSync $FSYNC\n" $D/mbsyncrc
  /usr/bin/time -f "mbsync(FSync ${FSYNC:-yes}) %e s, user %U sys %S, peak %M kB" mbsync -q -c $D/mbsyncrc -a; ls $D/local/Inbox/cur | wc -l
}
for round in 1 2 3; do one_mbsync; FSYNC=no one_mbsync; one_ours; done
