#!/bin/bash
# Runs a stock viewer behind the sockets that systemd hands over (sd_listen_fds(3)).
#
# usage: behind_socket.sh PROXYD IDLE PORT PATH COMMAND...
#   PROXYD   systemd-socket-proxyd
#   IDLE     seconds without a connection after which all of this ends (infinity: never)
#   PORT     the viewer's own port, on the loopback of this unit's own network
#   PATH     must respond with 200 before the unit counts as started
#
# All that needs the unit's network namespace is started here: a second process of the unit could not join it.
proxyd=$1 idle=$2 port=$3 path=$4
shift 4
# The same words once more, quoted: systemd 252 cannot read back a $ or a ; that it wrote into a transient unit's
# ExecStart= (it does so at each daemon-reload), and an environment variable it can.
eval "set -- $FORGATHER_COMMAND"
unset FORGATHER_COMMAND
sockets=${LISTEN_FDS:-0}

# Standard output is the viewer's: discard the shell's messages about its children.
exec {terminal}>&2 2>/dev/null

# The viewer must not hold the sockets: they are the proxy's.
(
    exec 2>&"$terminal" {terminal}>&-
    for ((fd = 3; fd < 3 + sockets; fd++)); do exec {fd}<&-; done
    unset LISTEN_FDS LISTEN_PID LISTEN_FDNAMES NOTIFY_SOCKET
    exec "$@"
) &
viewer=$!
# Pass a stop on to the viewer, which may take as long as systemd allows, and exit with its status.
stopping=
trap 'stopping=yes; kill "$viewer" 2>/dev/null' TERM

answers() {
    local connection code
    { exec {connection}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&"$connection"
    read -r _ code _ <&"$connection"
    # Read to the end: a viewer may log an error if the client disconnects early.
    while read -r _ <&"$connection"; do :; done
    exec {connection}>&-
    [[ $code == 200 ]]
}

# Stock viewers do not notify that they are ready, so poll every 20 ms, without a process for each request.
exec {never}<> <(:)
until answers; do
    read -r -t 0.02 -u "$never"
    kill -0 "$viewer" 2>/dev/null || break
done
exec {never}>&-

if kill -0 "$viewer" 2>/dev/null; then
    # The PATH is the viewer's, and a user manager's may lack even /usr/bin.
    PATH=/usr/bin:/bin systemd-notify --ready 2>&"$terminal"
    (
        export LISTEN_PID=$BASHPID
        unset NOTIFY_SOCKET
        exec 2>&"$terminal" {terminal}>&-
        exec "$proxyd" --exit-idle-time="$idle" --connections-max=1024 "127.0.0.1:$port"
    ) &
fi

# The first to exit ends the unit: the proxy when idle, or the viewer by itself.
wait -n
status=$?
# If the viewer has exited, its status counts. `wait -n` returns 127 for a child that exited before the call, such as a
# viewer that fails before it is ready; `wait` still has its status.
if [[ $stopping ]] || ! kill -0 "$viewer" 2>/dev/null; then
    wait "$viewer"
    status=$?
fi
if ((status > 128)); then
    # A status above 128 means a signal: exit by that signal, so that systemd sees it.
    trap - "$((status - 128))" 2>/dev/null
    kill -"$((status - 128))" $$
fi
exit "$status"
