"""Slow and large: nobody starves, memory stays bounded, nothing is left open."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack

from viewer_zoo import ID, Front, MakeViewer, Seen
from waiting import wait_until

MIB = 1 << 20


def send_large(connection: socket.socket, request: Seen, size: int = 64 * MIB) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    piece = bytes(MIB)
    for _ in range(size // MIB):
        connection.sendall(piece)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def resident() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_slow_readers_hold_up_nobody(front: Front, viewer: MakeViewer) -> None:
    viewer(send_large, "slow")
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    before, files_before = resident(), temporary_files()
    with ExitStack() as stack:
        for _ in range(40):
            reader = stack.enter_context(front.connect())
            reader.sendall(b"GET /api/tb/slow/ HTTP/1.1\r\nHost: h\r\n\r\n")
            assert reader.recv(1)
        began = time.monotonic()
        for _ in range(20):
            assert front.get().endswith(b"ok")
        assert time.monotonic() - began < 5
        assert resident() - before < 128 * MIB
        assert temporary_files() == files_before


def temporary_files() -> set[str]:
    """The files without a name, pytest's own among them, that this process holds open."""
    links = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            link = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
        except FileNotFoundError:
            continue
        if link.startswith("/") and link.endswith(" (deleted)"):
            links.add(link)
    return links


def test_a_large_answer_is_bounded_in_memory(front: Front, viewer: MakeViewer) -> None:
    viewer(lambda connection, request: send_large(connection, request, 256 * MIB))
    before, peak, received = resident(), 0, 0
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode())
        buffer = bytearray(MIB)
        while count := connection.recv_into(buffer):
            received += count
            peak = max(peak, resident())
    assert received > 256 * MIB
    assert peak - before < 32 * MIB


def test_nothing_stays_open(front: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort", "broken")
    viewer(b"no http at all\r\n\r\n", "silent")
    front.get()
    files, threads = open_files(), threading.active_count()

    def mixed() -> None:
        for _ in range(10):
            for queue_id in ID, "broken", "silent", "unknown":
                front.get(f"/api/tb/{queue_id}/")
            with front.connect() as leaver:
                leaver.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    clients = [threading.Thread(target=mixed) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    wait_until(lambda: open_files() <= files and threading.active_count() <= threads, 10, "all is closed again")


def test_a_viewer_killed_under_many_downloads(front: Front, viewer: MakeViewer) -> None:
    sent_half = threading.Barrier(21)

    def half(connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MIB + bytes(MIB // 2))
        sent_half.wait(20)

    viewer(half, "killed")
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    lengths: list[int] = []
    clients = [
        threading.Thread(target=lambda: lengths.append(len(front.get("/api/tb/killed/").partition(b"\r\n\r\n")[2])))
        for _ in range(20)
    ]
    for client in clients:
        client.start()
    assert front.get().endswith(b"ok")
    sent_half.wait(20)
    for client in clients:
        client.join(20)
    assert lengths == [MIB // 2] * 20
    assert front.get().endswith(b"ok")
