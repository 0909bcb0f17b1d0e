#!/bin/sh
# Installs or upgrades. VOLUME: where packages live; $1: the package's file. Says why when it cannot.
NAME=hauspost
UNPACKED=$VOLUME/.qpkg/.tmp-hauspost
PLACE=$VOLUME/.qpkg/$NAME
CONF=/etc/config/qpkg.conf

fail() {
    echo "Hauspost: $1" >&2
    /sbin/log_tool -t 2 -a "[Hauspost] $1"
    echo -1 > /tmp/update_process
    exit 1
}

set_conf() { /sbin/setcfg "$NAME" "$1" "$2" -f "$CONF"; }

rm -rf "$PLACE.new"
mkdir -p "$PLACE.new"
if ! tar xzf "$UNPACKED/data.tar.gz" -C "$PLACE.new"; then
    rm -rf "$PLACE.new"
    fail "the volume is full"
fi
echo 2 > /tmp/update_process

if [ -x "$PLACE/hauspost.sh" ]; then
    is_upgrade=yes
    "$PLACE/hauspost.sh" stop
    said=$("$PLACE/hauspost.sh" hook preupgrade 2>&1) || {
        rm -rf "$PLACE.new"
        "$PLACE/hauspost.sh" start
        fail "nothing was changed: $said"
    }
    rm -rf "$PLACE.old"
    mv "$PLACE" "$PLACE.old"
fi
mv "$PLACE.new" "$PLACE"

set_conf Name "$NAME"
set_conf Display_Name Hauspost
set_conf Version @VERSION@
set_conf Author "@MAINTAINER@"
set_conf Date 2024-01-01
set_conf Build 20240101
set_conf Shell "$PLACE/hauspost.sh"
set_conf Install_Path "$PLACE"
set_conf QPKG_File "$(basename "$1")"
set_conf RC_Number 150
set_conf Web_Port 0
set_conf Web_SSL_Port @LISTEN@
set_conf WebUI /
set_conf Service_Port @LISTEN@
set_conf Pid_File "$VOLUME/.hauspost-state/hauspost.pid"
set_conf Desktop 1
set_conf Timeout 60,40
set_conf Visible 1
set_conf Volume_Select 1
set_conf FW_Ver_Min 5.0.0
[ "$is_upgrade" = yes ] || set_conf Enable TRUE

cat > "$PLACE/.uninstall.sh" << 'END'
#!/bin/sh
# QTS runs this and removes the package. The mail lies beside it and stays.
"$(/sbin/getcfg hauspost Install_Path -f /etc/config/qpkg.conf)/hauspost.sh" remove
END
chmod 755 "$PLACE/.uninstall.sh"
ln -sf "$PLACE/hauspost.sh" /etc/init.d/hauspost.sh
ln -sf /etc/init.d/hauspost.sh /etc/rcS.d/QS150hauspost
ln -sf /etc/init.d/hauspost.sh /etc/rcK.d/QK850hauspost
icons=/home/httpd/RSS/images
mkdir -p "$icons"
cp "$PLACE/icons/hauspost.gif" "$PLACE/icons/hauspost_80.gif" "$PLACE/icons/hauspost_gray.gif" "$icons"
echo 3 > /tmp/update_process

if [ "$is_upgrade" = yes ]; then
    if said=$("$PLACE/hauspost.sh" hook postupgrade 2>&1) && "$PLACE/hauspost.sh" start; then
        rm -rf "$PLACE.old"
    else
        # The older program and the copy it made before are still there.
        "$PLACE/hauspost.sh" stop
        rm -rf "$PLACE"
        mv "$PLACE.old" "$PLACE"
        said="$said; $("$PLACE/hauspost.sh" rollback 2>&1)"
        "$PLACE/hauspost.sh" start
        set_conf Version "$("$PLACE/bin/hauspost" --version | cut -d' ' -f2)"
        fail "the new version could not start, and the old one is back in its place: $said"
    fi
else
    said=$("$PLACE/hauspost.sh" hook postinst 2>&1) || fail "$said"
    "$PLACE/hauspost.sh" start || fail "the server does not start; see $VOLUME/.hauspost-state/hauspost.log"
fi
echo "$said"
/sbin/log_tool -t 0 -a "[Hauspost] $said"
exit 0
