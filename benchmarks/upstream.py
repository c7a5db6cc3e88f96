"""A viewer that responds as fast as Python can, so that measurements show the proxy alone.

`data/small` gives 200 bytes, `data/large/<n>` n MiB: below `data/`, where our cache keeps nothing. Every answer closes
its connection, as TensorBoard's do.
"""

from __future__ import annotations

import socket
import sys
import threading
from typing import Final

_MIB: Final = 1 << 20
_SMALL: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\nConnection: close\r\n\r\n"
    + bytes(200)
)
_PIECE: Final = bytes(_MIB)


def main() -> None:
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        try:
            path = connection.recv(65536).split(b" ")[1]
            if b"/large/" not in path:
                connection.sendall(_SMALL)
                return
            count = int(path.rpartition(b"/")[2])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (count * _MIB))
            for _ in range(count):
                connection.sendall(_PIECE)
        except (OSError, IndexError):
            return


if __name__ == "__main__":
    main()
