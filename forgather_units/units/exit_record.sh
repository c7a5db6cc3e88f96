#!/bin/sh
# Writes down how a unit ended (its ExecStopPost=): one line of five words, as exit_record.py reads them.
#
# usage: exit_record.sh FILE UNIT --user|--system [SOCKET [SPARE]]
#   SOCKET   the unit that has the viewer's port: stopped with the viewer, or the next request would
#            start it again
#   SPARE    a file in the runtime folder: takes the line where FILE cannot be written, since its disk is full
#
# A file, not a script on the command line: systemd 252 writes a transient unit's $ and ; down so that it cannot read
# them again, which it does at each daemon-reload.
# The PATH of the manager may lack even /usr/bin.
PATH=/usr/bin:/bin
file=$1 unit=$2 scope=$3 socket=${4:-} spare=${5:-}

case "$(systemctl "$scope" list-jobs --no-legend -- "$unit")" in
*" stop "*) stopped=1 ;;
*) stopped=0 ;;
esac
if [ "$stopped" = 1 ] && [ "$(systemctl "$scope" is-system-running)" = stopping ]; then
    # A log-out, or a restart of the manager.
    stopped=with-manager
fi
if [ "$stopped" = 1 ] && [ -n "$socket" ]; then
    systemctl "$scope" stop --no-block -- "$socket"
elif [ "$stopped" = 0 ] && [ -n "$socket" ] && [ "${SERVICE_RESULT:-}" = success ]; then
    # It falls asleep. systemd counts each start towards StartLimitBurst=, also a wake: only failures are to count.
    systemctl "$scope" reset-failed -- "$unit"
fi
# systemd passes a socket's ExecStopPost= no result.
result=${SERVICE_RESULT:-$(systemctl "$scope" show --property=Result --value -- "$unit")}
line="${result:--} ${EXIT_CODE:--} ${EXIT_STATUS:--} ${INVOCATION_ID:--} $stopped"
write() {
    printf '%s\n' "$line" >"$1.new" && mv -- "$1.new" "$1"
}
if write "$file"; then
    [ -z "$spare" ] || rm -f -- "$spare"
elif [ -n "$spare" ]; then
    rm -f -- "$file" "$file.new"
    mkdir -p -m 0700 -- "${spare%/*}" && write "$spare"
fi
