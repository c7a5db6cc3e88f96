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
proxyd=$1 idle_time=$2 port=$3 path=$4
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
trap 'kill "$viewer" 2>/dev/null' TERM
# Once the proxy has exited, nothing reaches the viewer: end it as systemd would (KillMode=mixed).
idle=
trap 'idle=yes; kill -KILL "$viewer" 2>/dev/null' USR1
# A viewer may exit between a connection to it and the request.
trap : PIPE

answers() {
    local connection version code
    { exec {connection}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&"$connection"
    read -r version code _ <&"$connection"
    # Read to the end: a viewer may log an error if the client disconnects early. But if nothing listens, TCP may connect
    # a port of the ephemeral range to itself: then this reads its own request, and there is no end.
    [[ $version == HTTP/* ]] && while read -r _ <&"$connection"; do :; done
    exec {connection}>&-
    [[ $version == HTTP/* && $code == 200 ]]
}

# A pipe that nothing is written to until the proxy exits.
exec {exited}<> <(:)
# Stock viewers do not notify that they are ready, so poll every 20 ms, without a process for each request.
until answers; do
    read -r -t 0.02 -u "$exited"
    kill -0 "$viewer" 2>/dev/null || break
done

if kill -0 "$viewer" 2>/dev/null; then
    # The PATH is the viewer's, and a user manager's may lack even /usr/bin.
    PATH=/usr/bin:/bin systemd-notify --ready 2>&"$terminal"
    (
        exec 2>&"$terminal" {terminal}>&-
        (
            export LISTEN_PID=$BASHPID
            unset NOTIFY_SOCKET
            exec {exited}>&-
            exec "$proxyd" --exit-idle-time="$idle_time" --connections-max=1024 "127.0.0.1:$port"
        )
        echo $? >&"$exited"
        kill -USR1 $$
    ) &
fi

# The viewer's end is the end of the unit. `wait -n`, for either of the two, does not return for a child that exited just
# before the call. A trap interrupts `wait`; after the viewer's exit, `wait` returns its status as often as it is called.
while kill -0 "$viewer" 2>/dev/null; do wait "$viewer"; done
wait "$viewer"
status=$?
if [[ $idle ]]; then
    read -r status <&"$exited"
fi
if ((status > 128)); then
    # A status above 128 means a signal: exit by that signal, so that systemd sees it.
    trap - "$((status - 128))" 2>/dev/null
    kill -"$((status - 128))" $$
fi
exit "$status"
