#!/bin/sh
# What QTS calls to start and stop the package, as root. The server opens its ports and then is nobody's superior.
# shellcheck disable=SC2034
NAME=hauspost
PACKAGE=qnap
PLACE=$(/sbin/getcfg $NAME Install_Path -d "" -f /etc/config/qpkg.conf)
# While the installer runs the path may not be known yet.
[ -x "$PLACE/bin/hauspost" ] || PLACE=$(dirname "$(readlink -f "$0")")
PROGRAM=$PLACE/bin/hauspost
# Beside the packages: those are removed whole. Pid and log lie apart from the data, where only root writes.
VOLUME=$(dirname "$(dirname "$PLACE")")
DATA=$VOLUME/hauspost-data
STATE=$VOLUME/.hauspost-state
LISTEN="[::]:@LISTEN@"
OPTIONS="--smtp [::]:25 --submissions [::]:465 --submission [::]:587 --imaps [::]:993"
# No user of QTS: whoever is one could read the mail. A number that nothing else uses.
RUN_AS=64993:64993
# The owner's own, where other packages hold some of these ports.
[ -r "$DATA.conf" ] && . "$DATA.conf"
. "$PLACE/share/service.sh"

[ -d "$STATE" ] || mkdir -m 700 "$STATE"
case $1 in
    start)
        [ "$(/sbin/getcfg $NAME Enable -u -d FALSE -f /etc/config/qpkg.conf)" = TRUE ] || {
            echo "$NAME is switched off"
            exit 1
        }
        start_server
        ;;
    stop) stop_server ;;
    restart) stop_server && start_server ;;
    status) server_status ;;
    hook) hook "$2" ;;
    rollback) "$PROGRAM" rollback --data "$DATA" --run-as "$RUN_AS" ;;
    remove)
        stop_server
        rm -f /etc/rcS.d/QS150hauspost /etc/rcK.d/QK850hauspost /etc/init.d/hauspost.sh /home/httpd/RSS/images/hauspost*.gif
        echo "all mail stays in $DATA; remove that folder yourself when it is not needed any more"
        ;;
    *)
        echo "start, stop, restart, status, rollback, remove" >&2
        exit 2
        ;;
esac
