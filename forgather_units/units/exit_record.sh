#!/bin/sh
# Writes down how a unit ended (its ExecStopPost=): one line of five words, as exit_record.py reads them.
#
# usage: exit_record.sh FILE UNIT --user|--system [SOCKET]
#   SOCKET   the unit that has the viewer's port: it goes with a viewer that somebody stops, or the next request would
#            start it again
#
# A file, not a script on the command line: systemd 252 writes a transient unit's $ and ; down so that it cannot read
# them again, which it does at each daemon-reload.
file=$1 unit=$2 scope=$3 socket=${4:-}

case "$(systemctl "$scope" list-jobs --no-legend -- "$unit")" in
*" stop "*) stopped=1 ;;
*) stopped=0 ;;
esac
if [ "$stopped" = 1 ] && [ -n "$socket" ]; then
    systemctl "$scope" stop --no-block -- "$socket"
fi
# A socket is told nothing of its own result.
result=${SERVICE_RESULT:-$(systemctl "$scope" show --property=Result --value -- "$unit")}
printf '%s\n' "${result:--} ${EXIT_CODE:--} ${EXIT_STATUS:--} ${INVOCATION_ID:--} $stopped" >"$file.new" &&
    mv -- "$file.new" "$file"
