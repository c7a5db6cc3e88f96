"""Slow and large: nobody starves, memory stays bounded, nothing is left open."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from viewer_zoo import ID, Front, MakeViewer, Seen, Viewer
from waiting import wait_until

from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.relay import TRANSFERS
from forgather_units.proxy.target import Open, OpenUnix
from forgather_units.proxy.tuning import THREADS

MIB = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


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
    viewer(OK)
    before, files_before = resident(), temporary_files()
    with ExitStack() as stack:
        for _ in range(64):
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


GIB = 1 << 30


def test_a_gibibyte_down(front: Front, viewer: MakeViewer) -> None:
    sent = 0

    def send(connection: socket.socket, request: Seen) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
        piece = bytes(MIB)
        while sent < GIB:
            connection.sendall(piece)
            sent += MIB

    viewer(send)
    before, peak, received, files = resident(), 0, 0, temporary_files()
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode())
        assert connection.recv(1)
        wait_until(lambda: stands_still(lambda: sent), 20, "it is held back by the client that does not read")
        assert sent < 32 * MIB
        assert temporary_files() == files
        buffer = bytearray(MIB)
        while count := connection.recv_into(buffer):
            received += count
            peak = max(peak, resident())
    assert received > GIB
    assert peak - before < 32 * MIB


@pytest.mark.parametrize("chunked", [False, True], ids=["of a known length", "chunked"])
def test_a_gibibyte_up(front: Front, viewer: MakeViewer, chunked: bool) -> None:
    read, may_read, peak = 0, threading.Event(), 0

    def take(connection: socket.socket, request: Seen) -> None:
        nonlocal read, peak
        read = len(request.body)
        assert may_read.wait(20)
        buffer = bytearray(MIB)
        while read < GIB:
            read += connection.recv_into(buffer)
            peak = max(peak, resident())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    viewer(take, reads_body=False)
    before, sent, files = resident(), 0, temporary_files()
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIB}"
    head = f"POST /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{framing}\r\n\r\n"
    piece = b"100000\r\n" + bytes(MIB) + b"\r\n" if chunked else bytes(MIB)
    with front.connect() as connection:
        connection.sendall(head.encode())

        def send() -> None:
            nonlocal sent
            for _ in range(GIB // MIB):
                connection.sendall(piece)
                sent += MIB
            connection.sendall(b"0\r\n\r\n" if chunked else b"")

        sender = threading.Thread(target=send)
        sender.start()
        wait_until(lambda: sent and stands_still(lambda: sent), 20, "it is held back by the viewer that does not read")
        assert sent < 32 * MIB
        assert temporary_files() == files
        may_read.set()
        answer = b"".join(iter(lambda: connection.recv(MIB), b""))
        sender.join()
    assert answer.endswith(b"\r\n\r\nok")
    assert read >= GIB
    assert peak - before < 32 * MIB


def stands_still(count: Callable[[], int]) -> bool:
    """Whether it is the same for a while."""
    before = count()
    time.sleep(0.3)
    return count() == before


def test_a_viewer_that_does_not_answer_holds_up_nobody(front: Front, viewer: MakeViewer) -> None:
    release = threading.Event()
    dead = viewer(lambda connection, request: release.wait(30) and None, "dead")
    viewer(OK)
    with ExitStack() as stack:
        # More of them than there are worker threads.
        for _ in range(2 * THREADS):
            waiter = stack.enter_context(front.connect())
            waiter.sendall(b"GET /api/tb/dead/ HTTP/1.1\r\nHost: h\r\n\r\n")
        for _ in range(20):
            assert front.get().endswith(b"ok")
        wait_until(lambda: len(dead.seen) == 2 * THREADS, 20, "each of them has come to the viewer")
        wait_until(lambda: TRANSFERS.places.taken == 2 * THREADS, 20, "no thread waits for any of them")
    # They have all left, which is seen although nothing is sent to them.
    wait_until(lambda: TRANSFERS.places.taken == 0, 10, "nothing of it is left")
    release.set()


def test_a_viewer_that_takes_no_connection_holds_up_nobody(viewer: MakeViewer, front: Front, tmp_path: Path) -> None:
    viewer(OK)
    patient = Front(Timeouts(connect=60))
    try:
        with ExitStack() as stack:
            full = stack.enter_context(socket.socket(socket.AF_UNIX))
            full.bind(str(tmp_path / "full"))
            full.listen(0)
            patient.targets.update({**front.targets, "full": OpenUnix(str(tmp_path / "full"))})
            # More of them than there are worker threads, each of which would wait for a minute.
            for _ in range(2 * THREADS):
                waiter = stack.enter_context(patient.connect())
                waiter.sendall(b"GET /api/tb/full/ HTTP/1.1\r\nHost: h\r\n\r\n")
            # To HEAD a worker thread answers.
            assert patient.get(method="HEAD").startswith(b"HTTP/1.1 200 OK")
            assert patient.get().endswith(b"ok")
    finally:
        patient.stop()


def test_a_connection_that_is_long_in_coming_is_waited_for() -> None:
    patient = Front(Timeouts(connect=20))
    try:
        with ExitStack() as stack:
            full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            taken = stack.enter_context(socket.create_connection(full.getsockname()))
            patient.targets[ID] = Open("127.0.0.1", full.getsockname()[1])
            client = stack.enter_context(patient.connect())
            client.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)
            stack.enter_context(full.accept()[0])
            taken.close()
            late = Viewer(full, OK)
            threading.Thread(target=late.serve, daemon=True).start()
            client.settimeout(20)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
            assert len(late.seen) == 1
            full.shutdown(socket.SHUT_RDWR)
    finally:
        patient.stop()


@pytest.mark.parametrize("body", [b"", b"tags=loss"], ids=["GET", "POST"])
def test_a_socket_that_appears_late_is_waited_for(viewer: MakeViewer, front: Front, body: bytes) -> None:
    """systemd says that a socket unit starts before its socket is there."""
    made = viewer(OK, unix=True)
    where = front.targets[ID]
    assert isinstance(where, OpenUnix)
    elsewhere = where.path + ".later"
    front.targets[ID] = OpenUnix(elsewhere)
    asks = f"{'POST' if body else 'GET'} /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
    with front.connect() as client:
        client.sendall(asks.encode() + body)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        Path(where.path).rename(elsewhere)
        client.settimeout(20)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    (seen,) = made.seen
    assert seen.body == body


def test_a_viewer_that_wakes_late_is_waited_for(front: Front, viewer: MakeViewer) -> None:
    """Behind a socket of systemd's a connection waits until its viewer has started."""
    made = viewer(OK, unix=True, delay=1.2)
    assert front.get().endswith(b"ok")
    assert len(made.seen) == 1


def test_with_no_place_left_it_is_said_when_to_come_again(
    front: Front, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer(send_large)
    monkeypatch.setattr(TRANSFERS.places, "most", 0)
    response, content = front.ask()
    assert (response.status, response.getheader("Retry-After")) == (503, "5")
    assert b"at once" in content
    monkeypatch.setattr(TRANSFERS.places, "most", 1)
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert front.ask()[0].status == 503
    wait_until(lambda: front.ask()[0].status == 200, 10, "there is a place again")


def test_nothing_stays_open(front: Front, viewer: MakeViewer) -> None:
    viewer(OK)
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
    sent_half = threading.Barrier(51)

    def half(connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MIB + bytes(MIB // 2))
        sent_half.wait(20)

    viewer(half, "killed")
    viewer(OK)
    lengths: list[int] = []
    clients = [
        threading.Thread(target=lambda: lengths.append(len(front.get("/api/tb/killed/").partition(b"\r\n\r\n")[2])))
        for _ in range(50)
    ]
    for client in clients:
        client.start()
    assert front.get().endswith(b"ok")
    sent_half.wait(20)
    for client in clients:
        client.join(20)
    assert lengths == [MIB // 2] * 50
    assert front.get().endswith(b"ok")
