"""`forgather jupyter SOCKET`: this user's server at a unix socket, for jupyter-server-proxy.

It starts the server, or passes connections on to the one that runs.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from forgather_units.cli.connection.credentials import own_server_url, server_token
from forgather_units.cli.connection.server_address import Address, address_of, is_loopback
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import Refused
from forgather_units.host.addresses import is_port_free, lowest_free_port
from forgather_units.host.forgathers_server import is_forgathers_server
from forgather_units.settings.settings import Settings, load

# Above the descriptors at which the server expects its sockets.
_FIRST_FREE: Final = 20
_PIECE: Final = 65536
_BACKLOG: Final = 1024


def add_arguments(parser: Parser) -> None:
    parser.add_argument("socket", metavar="SOCKET", help="path of the unix socket to listen at")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    settings = load(None, {})
    listener = _listen(args.socket)
    running = _running() or _start(settings, listener)
    if not {"127.0.0.1", "::1"} & set(settings.trusted_proxy) and not settings.public_url:
        print(
            f"warning: charts stay empty below Jupyter's address, unless the server at {running} has the setting"
            " trusted_proxy: 127.0.0.1",
            file=sys.stderr,
            flush=True,
        )
    asyncio.run(_pass_on(listener, running))
    return 0


def _listen(path: str) -> socket.socket:
    """A unix socket for this account alone. Raises Refused."""
    listener, mask = socket.socket(socket.AF_UNIX), os.umask(0o077)
    try:
        if Path(path).is_socket():
            # Of a process that was killed.
            Path(path).unlink()
        listener.bind(path)
        listener.listen(_BACKLOG)
    except OSError as why:
        raise Refused(f"cannot listen at {path}: {why.strerror or why}") from None
    finally:
        os.umask(mask)
    return listener


def _running() -> Address | None:
    """The address of this user's running server; None if there is none."""
    address = address_of(own_server_url())
    if address is None or address.scheme != "http" or not is_loopback(address.host):
        return None
    try:
        # The port may belong to another account now, which must not receive the token.
        server_token(str(address))
        socket.create_connection((address.host, address.port), 5).close()
    except (OSError, Refused):
        return None
    return None if is_forgathers_server(address.host, address.port) else address


def _start(settings: Settings, listener: socket.socket) -> NoReturn:
    """Become the server, at the unix socket and at its usual port, where commands find it. Does not return."""
    port = settings.port
    if not is_port_free(settings.host, port):
        port = lowest_free_port(settings.host, port + 1)
    tcp = socket.create_server((settings.host, port), backlog=_BACKLOG)
    numbers = [fcntl.fcntl(each, fcntl.F_DUPFD, _FIRST_FREE) for each in (tcp, listener)]
    for at, number in enumerate(numbers, start=3):
        os.dup2(number, at)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(numbers)))
    trusted = [word for each in (*settings.trusted_proxy, "unix") for word in ("--trusted-proxy", each)]
    program = "import sys; from forgather_units.cli.main import main; sys.exit(main())"
    os.execv(sys.executable, [sys.executable, "-c", program, "server", *trusted])  # noqa: S606 - no shell


async def _pass_on(listener: socket.socket, server: Address) -> None:
    """Connect each client of `listener` to the running server, until SIGTERM."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, Refused):
            server_token(str(server))
            their_reader, their_writer = await asyncio.open_connection(server.host, server.port)
            await asyncio.gather(_copy(reader, their_writer), _copy(their_reader, writer))
        writer.close()

    async with await asyncio.start_unix_server(connect, sock=listener) as serving:
        await serving.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
