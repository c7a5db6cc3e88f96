"""A relay to the bus, which a test can remove or make unresponsive while other processes keep the real bus.

It runs in a process of its own, because pystemd keeps the GIL while it waits for a reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path


class BusRelay:
    """Passes all bytes between clients of `path` and the bus at `real`, from `listen` to `close`."""

    def __init__(self, path: Path, real: str) -> None:
        self.path = path
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(path), real], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def listen(self) -> None:
        self._command("listen")

    def listen_without_response(self) -> None:
        """Accept connections, and never respond on them."""
        self._command("listen_without_response")

    def close(self) -> None:
        """Remove the socket, and close all connections."""
        self._command("close")

    @property
    def connections(self) -> int:
        """The number of connections so far."""
        return self._command("count")

    def end(self) -> None:
        self._process.communicate(timeout=120)

    def _command(self, word: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class _Relay:
    def __init__(self, path: Path, real: str) -> None:
        self._path, self._real = path, real
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._connections = 0
        self.commands: dict[str, Callable[[], Awaitable[None]]] = {
            "listen": lambda: self._listen(self._serve),
            "listen_without_response": lambda: self._listen(self._never_respond),
            "close": self._close,
        }

    async def run(self) -> None:
        """Run the commands from standard input, one a line; reply to each with the number of connections so far."""
        while line := await asyncio.to_thread(sys.stdin.readline):
            if command := self.commands.get(line.strip()):
                await command()
            print(self._connections, flush=True)

    async def _listen(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._server = await asyncio.start_unix_server(serve, self._path)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink()
        for writer in self._open:
            writer.transport.abort()

    async def _never_respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        with self._kept(writer), contextlib.suppress(OSError):
            await reader.read()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        with self._kept(writer), contextlib.suppress(OSError):
            from_bus, to_bus = await asyncio.open_unix_connection(self._real)
            with self._kept(to_bus):
                await asyncio.gather(_pass(reader, to_bus), _pass(from_bus, writer))

    @contextlib.contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


if __name__ == "__main__":
    asyncio.run(_Relay(Path(sys.argv[1]), sys.argv[2]).run())
