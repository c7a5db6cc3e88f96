"""Slow and large transfers delay no other request, use bounded memory and leak no descriptor."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from proxy.front import Front
from viewer_zoo import ID, NO_HTTP, OK, Large, MakeViewer, Seen, Viewer, never_answers
from waiting import wait_until

from forgather_units.http.relay import TRANSFERS
from forgather_units.http.tuning import THREADS
from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.destination import Open, OpenUnix

MIB = 1 << 20


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def resident() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_slow_readers_delay_no_other_request(front: Front, viewer: MakeViewer) -> None:
    viewer(Large(64 * MIB), "slow")
    viewer(OK)
    before, files_before = resident(), temporary_files()
    with ExitStack() as stack:
        for _ in range(64):
            reader = stack.enter_context(front.connect())
            reader.sendall(b"GET /api/tb/slow/ HTTP/1.1\r\nHost: h\r\n\r\n")
            assert reader.recv(1)
        for _ in range(20):
            assert front.get().endswith(b"ok")
        assert resident() - before < 128 * MIB
        assert temporary_files() == files_before


def temporary_files() -> set[str]:
    """The unlinked files that this process has open, including pytest's own."""
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


def test_a_download_of_one_gib(front: Front, viewer: MakeViewer) -> None:
    large = Large(GIB)
    viewer(large)
    before, peak, received, files = resident(), 0, 0, temporary_files()
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode())
        assert connection.recv(1)
        wait_until(lambda: is_constant(lambda: large.sent), what="the client that does not read stops the viewer")
        assert large.sent < 32 * MIB
        assert temporary_files() == files
        buffer = bytearray(MIB)
        while count := connection.recv_into(buffer):
            received += count
            peak = max(peak, resident())
    assert received > GIB
    assert peak - before < 32 * MIB


@pytest.mark.parametrize("chunked", [False, True], ids=["known-length", "chunked"])
def test_an_upload_of_one_gib(front: Front, viewer: MakeViewer, chunked: bool) -> None:
    read, may_read, peak = 0, threading.Event(), 0

    def take(connection: socket.socket, request: Seen) -> None:
        nonlocal read, peak
        read = len(request.body)
        assert may_read.wait(120)
        buffer = bytearray(MIB)
        while read < GIB and (count := connection.recv_into(buffer)):
            read += count
            peak = max(peak, resident())
        connection.sendall(OK)

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
        wait_until(lambda: sent and is_constant(lambda: sent), what="the viewer that does not read stops the client")
        assert sent < 32 * MIB
        assert temporary_files() == files
        may_read.set()
        answer = b"".join(iter(lambda: connection.recv(MIB), b""))
        sender.join()
    assert answer.endswith(b"\r\n\r\nok")
    assert read >= GIB
    assert peak - before < 32 * MIB


def is_constant(count: Callable[[], int]) -> bool:
    """Whether the count stays the same for 0.3 s."""
    before = count()
    time.sleep(0.3)
    return count() == before


def test_a_viewer_that_never_responds_delays_no_other(front: Front, viewer: MakeViewer) -> None:
    dead = viewer(never_answers, "dead")
    viewer(OK)
    patient = Front(Timeouts(first_byte=600))
    patient.targets.update(front.targets)
    with ExitStack() as stack:
        stack.callback(patient.stop)
        # More requests than worker threads.
        for _ in range(2 * THREADS):
            waiter = stack.enter_context(patient.connect())
            waiter.sendall(b"GET /api/tb/dead/ HTTP/1.1\r\nHost: h\r\n\r\n")
        for _ in range(20):
            assert patient.get().endswith(b"ok")
        wait_until(lambda: len(dead.seen) == 2 * THREADS, what="all requests have reached the viewer")
        # A transfer of an earlier test may not have ended yet.
        wait_until(lambda: TRANSFERS.slots.in_use >= 2 * THREADS, what="the relay has all of them")
    # All clients have disconnected, which the relay notices although it sends nothing to them.
    wait_until(lambda: TRANSFERS.slots.in_use == 0, what="the relay has released them")


def test_a_viewer_that_accepts_no_connection_delays_no_other(viewer: MakeViewer, front: Front, tmp_path: Path) -> None:
    viewer(OK)
    patient = Front(Timeouts(connect=60))
    try:
        with ExitStack() as stack:
            full = stack.enter_context(socket.socket(socket.AF_UNIX))
            full.bind(str(tmp_path / "full"))
            full.listen(0)
            patient.targets.update({**front.targets, "full": OpenUnix(str(tmp_path / "full"))})
            # More requests than worker threads, each of which would wait for a minute.
            for _ in range(2 * THREADS):
                waiter = stack.enter_context(patient.connect())
                waiter.sendall(b"GET /api/tb/full/ HTTP/1.1\r\nHost: h\r\n\r\n")
            # A worker thread responds to HEAD.
            assert patient.get(method="HEAD").startswith(b"HTTP/1.1 200 OK")
            assert patient.get().endswith(b"ok")
    finally:
        patient.stop()


def test_the_proxy_waits_for_a_slow_connection() -> None:
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
            late.start()
            client.settimeout(120)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
            assert len(late.seen) == 1
            full.shutdown(socket.SHUT_RDWR)
    finally:
        patient.stop()


@pytest.mark.parametrize("body", [b"", b"tags=loss"], ids=["GET", "POST"])
def test_the_proxy_waits_for_a_socket_that_appears_late(viewer: MakeViewer, front: Front, body: bytes) -> None:
    """systemd reports a socket unit as starting before its socket exists."""
    made = viewer(OK, unix=True)
    where = front.targets[ID]
    assert isinstance(where, OpenUnix)
    elsewhere = where.path + ".later"
    front.targets[ID] = OpenUnix(elsewhere)
    request = f"{'POST' if body else 'GET'} /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
    with front.connect() as client:
        client.sendall(request.encode() + body)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        Path(where.path).rename(elsewhere)
        client.settimeout(120)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    (seen,) = made.seen
    assert seen.body == body


def test_the_proxy_waits_for_a_viewer_that_wakes_late(front: Front, viewer: MakeViewer) -> None:
    """A connection to a systemd socket waits until its viewer has started."""
    made = viewer(OK, unix=True, delay=1.2)
    assert front.get().endswith(b"ok")
    assert len(made.seen) == 1


def test_without_a_free_place_the_response_has_retry_after(
    front: Front, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer(Large(64 * MIB))
    monkeypatch.setattr(TRANSFERS.slots, "limit", 0)
    response, content = front.ask()
    assert (response.status, response.getheader("Retry-After")) == (503, "5")
    assert b"Too many requests" in content
    monkeypatch.setattr(TRANSFERS.slots, "limit", 1)
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert front.ask()[0].status == 503
    wait_until(lambda: front.ask()[0].status == 200, what="a place is free again")


def test_mixed_requests_leak_no_descriptor_and_no_thread(front: Front, viewer: MakeViewer) -> None:
    viewer(OK)
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort", "broken")
    viewer(NO_HTTP, "silent")
    front.get()
    files, threads = open_files(), threading.active_count()

    def mixed() -> None:
        for _ in range(10):
            for queue_id in ID, "broken", "silent", "unknown":
                front.get(f"/api/tb/{queue_id}/")
            with front.connect() as client_that_disconnects:
                client_that_disconnects.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    clients = [threading.Thread(target=mixed) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    wait_until(lambda: open_files() <= files and threading.active_count() <= threads, what="all descriptors are closed")


def test_downloads_end_when_their_viewer_is_killed(front: Front, viewer: MakeViewer) -> None:
    sent_half = threading.Barrier(51)

    def half(connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MIB + bytes(MIB // 2))
        sent_half.wait(120)

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
    sent_half.wait(120)
    for client in clients:
        client.join(120)
    assert lengths == [MIB // 2] * 50
    assert front.get().endswith(b"ok")
