# Start, stop and status of the server, for packages whose system does not do it. To be read by a script that has set
#   PACKAGE (word of `hauspost hook`), PROGRAM, DATA, STATE (folder of pid and log), OPTIONS (of `hauspost serve`), LISTEN
# and, where root calls, RUN_AS.

PID_FILE=$STATE/hauspost.pid
LOG_FILE=$STATE/hauspost.log
# Seconds. A system that waits for the start of a package does so for a minute; what takes longer goes on behind it.
PATIENCE_TO_START=${PATIENCE_TO_START:-50}
PATIENCE_TO_STOP=${PATIENCE_TO_STOP:-30}

hook() {
    # shellcheck disable=SC2086
    "$PROGRAM" hook "$PACKAGE" "$1" --data "$DATA" ${RUN_AS:+--run-as $RUN_AS}
}

pid_of_server() {
    pid=$(cat "$PID_FILE" 2> /dev/null) || return 1
    # After a power cut another program may have the number.
    tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | grep -q 'hauspost serve' || return 1
    echo "$pid"
}

start_server() {
    pid_of_server > /dev/null && return 0
    if [ "$(wc -c 2> /dev/null < "$LOG_FILE" || echo 0)" -gt 5000000 ]; then
        mv "$LOG_FILE" "$LOG_FILE.1"
    fi
    # Addresses such as [::]:25 are no patterns.
    set -f
    said=$(hook prestart 2>&1) || {
        echo "$said" | tee -a "$LOG_FILE"
        return 1
    }
    # Not every NAS has nohup.
    # shellcheck disable=SC2086
    (
        trap '' HUP
        exec "$PROGRAM" serve --data "$DATA" --listen "$LISTEN" $OPTIONS ${RUN_AS:+--run-as $RUN_AS}
    ) >> "$LOG_FILE" 2>&1 < /dev/null &
    echo $! > "$PID_FILE"
    waited=0
    while ! "$PROGRAM" health --listen "$LISTEN" > /dev/null 2>&1; do
        pid_of_server > /dev/null || {
            tail -n 3 "$LOG_FILE"
            return 1
        }
        [ "$waited" -lt "$PATIENCE_TO_START" ] || return 0
        waited=$((waited + 1))
        sleep 1
    done
}

stop_server() {
    pid=$(pid_of_server) || {
        rm -f "$PID_FILE"
        return 0
    }
    kill "$pid"
    waited=0
    while pid_of_server > /dev/null; do
        if [ "$waited" -ge "$PATIENCE_TO_STOP" ]; then
            # Nothing is lost by it: what was acknowledged is on the disk.
            kill -9 "$pid"
        fi
        waited=$((waited + 1))
        sleep 1
    done
    rm -f "$PID_FILE"
}

# 0 runs, 1 has died, 3 is stopped (LSB).
server_status() {
    pid_of_server > /dev/null && return 0
    [ -e "$PID_FILE" ] && return 1
    return 3
}
