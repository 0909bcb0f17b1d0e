#!/bin/sh
# Hauspost @VERSION@ for QNAP QTS and QuTS hero. Behind this script lie an archive with the installer and one with the package.
script_len=@SCRIPT_LEN@
offset=@OFFSET@
control_len=@CONTROL_LEN@
data_len=@DATA_LEN@
data_md5=@DATA_MD5@

fail() {
    echo "Hauspost: $1" >&2
    [ -x /sbin/log_tool ] && /sbin/log_tool -t 2 -a "[Hauspost] $1"
    echo -1 > /tmp/update_process
    exit 1
}

[ "$(uname -m)" = "@MACHINE@" ] || fail "this package is for @MACHINE@, and this NAS is $(uname -m)"
grep -q /mnt/HDA_ROOT /proc/mounts || fail "the system's disk is not there"
public=$(/sbin/getcfg Public path -d "" -f /etc/config/smb.conf)
[ -d "$public" ] || fail "there is no volume with the folder Public"
volume=$(dirname "$public")
needed=@NEEDED_KB@
room=$(df -k "$volume" | tail -n 1 | awk '{ print $(NF - 2) }')
[ "$room" -gt "$needed" ] || fail "the volume is full; $needed kB are needed"

unpacked=$volume/.qpkg/.tmp-hauspost
rm -rf "$unpacked"
mkdir -p "$unpacked" || fail "nothing can be written to $volume"
echo 1 > /tmp/update_process
# Not by dd: it loses bytes where a pipe delivers less than it asked for.
tail -c +$((script_len + 1)) "$0" | head -c "$control_len" | tar xf - -C "$unpacked" || fail "the package is damaged"
tail -c +$((offset + 1)) "$0" | head -c "$data_len" > "$unpacked/data.tar.gz" || fail "the volume is full"
[ "$(md5sum < "$unpacked/data.tar.gz" | cut -d' ' -f1)" = "$data_md5" ] || fail "the package is damaged; load it again"
VOLUME=$volume /bin/sh "$unpacked/install.sh" "$0"
code=$?
rm -rf "$unpacked"
[ "$code" = 0 ] && exit 10
exit 1
