"""A stand-in for a bus that can be taken away, and be deaf, while everybody else keeps the real one.

In a process of its own: pystemd holds the interpreter while it waits for an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path


class BusRelay:
    """Passes everything between those who connect to `path` and the bus at `real`, from `come` to `leave`."""

    def __init__(self, path: Path, real: str) -> None:
        self.path = path
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(path), real], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def come(self) -> None:
        self._ask("come")

    def come_deaf(self) -> None:
        """It takes connections, and says nothing on them."""
        self._ask("come_deaf")

    def leave(self) -> None:
        """The socket is gone, and so is every connection."""
        self._ask("leave")

    @property
    def connections(self) -> int:
        """How many there have been."""
        return self._ask("count")

    def end(self) -> None:
        self._process.communicate(timeout=10)

    def _ask(self, word: str) -> int:
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
        self.orders: dict[str, Callable[[], Awaitable[None]]] = {
            "come": lambda: self._come(self._serve),
            "come_deaf": lambda: self._come(self._stay_deaf),
            "leave": self._leave,
        }

    async def obey(self) -> None:
        """Orders from the standard input, a line each; each is answered by the number of connections there were."""
        while line := await asyncio.to_thread(sys.stdin.readline):
            if order := self.orders.get(line.strip()):
                await order()
            print(self._connections, flush=True)

    async def _come(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._server = await asyncio.start_unix_server(serve, self._path)

    async def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink()
        for writer in self._open:
            writer.transport.abort()

    async def _stay_deaf(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
    asyncio.run(_Relay(Path(sys.argv[1]), sys.argv[2]).obey())
