"""The static parts, kept: what is served from memory, what never is, and how much memory that is."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from viewer_zoo import ID, Front, MakeViewer, Seen, Viewer
from waiting import wait_until

from forgather_units.proxy.cache import Asset, AssetCache
from forgather_units.proxy.target import Open, OpenUnix

OTHER = "q_1700000000000_89abcdef"
PAGE = b"<html>" + b"page " * 20_000


def serve(connection: socket.socket, request: Seen) -> None:
    body, kind = (PAGE, b"text/html") if b" /api/tb/" in request.line else (b"", b"text/plain")
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nCache-Control: no-cache\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        b"Content-Security-Policy: default-src 'self'\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)
    )


@pytest.fixture
def made(front: Front, viewer: MakeViewer) -> Iterator[Viewer]:
    """A viewer of a release that no other test knows."""
    made = viewer(serve)
    front.targets[ID] = Open("127.0.0.1", made.port, f"release-{made.port}")
    yield made


def _but_for_the_time(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """In any order: waitress sorts the headers that it writes itself."""
    return sorted((name.lower(), value) for name, value in answer.getheaders() if name != "Date")


def test_the_second_time_the_viewer_is_not_asked(front: Front, made: Viewer) -> None:
    first, content = front.ask(f"/api/tb/{ID}/index.html")
    second, again = front.ask(f"/api/tb/{ID}/index.html")
    assert content == again == PAGE
    assert len(made.seen) == 1
    assert _but_for_the_time(first) == _but_for_the_time(second)
    assert "2024" not in (second.getheader("Date") or "")
    theirs, ours = second.headers.get_all("Content-Security-Policy") or []
    assert theirs == "default-src 'self'"
    assert f"/api/tb/{ID}/" in ours


def test_html_is_compressed_for_who_takes_that(front: Front, made: Viewer) -> None:
    packed, content = front.ask(f"/api/tb/{ID}/", Accept_Encoding="br, gzip")
    plain, same = front.ask(f"/api/tb/{ID}/", Accept_Encoding="gzip;q=0, identity")
    assert packed.getheader("Content-Encoding") == "gzip"
    assert plain.getheader("Content-Encoding") is None
    assert gzip.decompress(content) == same == PAGE
    assert len(content) * 7 < len(PAGE)
    assert packed.getheader("ETag") != plain.getheader("ETag")
    assert packed.getheader("Vary") == "Accept-Encoding"


def test_who_has_it_already_is_told_so(front: Front, made: Viewer) -> None:
    first, _ = front.ask(f"/api/tb/{ID}/")
    etag = first.getheader("ETag") or ""
    second, content = front.ask(f"/api/tb/{ID}/", If_None_Match=f'"other", {etag}')
    assert (second.status, content, second.getheader("ETag")) == (304, b"", etag)
    assert front.ask(f"/api/tb/{ID}/", If_None_Match='"other"')[0].status == 200


def test_head_is_answered_from_it_too(front: Front, made: Viewer) -> None:
    front.ask(f"/api/tb/{ID}/x.js", Accept_Encoding="identity")
    response, content = front.ask(f"/api/tb/{ID}/x.js", "HEAD", Accept_Encoding="identity")
    assert (response.getheader("Content-Length"), content) == (str(len(PAGE)), b"")
    assert len(made.seen) == 1


def test_another_viewer_of_the_release_is_served_from_it(front: Front, viewer: MakeViewer, made: Viewer) -> None:
    front.ask()
    other = viewer(serve, OTHER)
    front.targets[OTHER] = Open("127.0.0.1", other.port, f"release-{made.port}")
    response, content = front.ask(f"/api/tb/{OTHER}/")
    assert content == PAGE
    assert not other.seen
    assert f"/api/tb/{OTHER}/" in str(response.headers.get_all("Content-Security-Policy"))


def test_a_sleeping_one_shows_its_page_and_is_woken(front: Front, viewer: MakeViewer, made: Viewer) -> None:
    front.ask()
    sleeper = viewer(serve, OTHER, unix=True)
    where = front.targets[OTHER]
    assert isinstance(where, OpenUnix)
    front.targets[OTHER] = replace(where, release=f"release-{made.port}", asleep=True)
    assert front.ask(f"/api/tb/{OTHER}/")[1] == PAGE
    wait_until(lambda: sleeper.connections > 0, 10, "somebody knocked")
    assert not sleeper.seen


def test_in_their_order_whoever_answers_them(front: Front, made: Viewer) -> None:
    """Assets are answered at once, all else by a worker thread: on one connection each waits for those before it."""
    front.ask()
    paths = ["", "data/runs", "", "", "data/tags", ""]
    with front.connect() as connection:
        for path in paths:
            connection.sendall(f"GET /api/tb/{ID}/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answered = b""
        # Those below data/ are passed on as they are, and end with the page too: all that the viewer knows.
        while answered.count(PAGE) < len(paths):
            piece = connection.recv(1 << 20)
            assert piece, answered.count(PAGE)
            answered += piece
    kept = [b"etag:" in head.lower() for head in answered.split(PAGE)[:-1]]
    assert kept == [not path for path in paths]
    assert [seen.line.split()[1].rpartition(b"/")[2] for seen in made.seen] == [b"", b"runs", b"tags"]


def test_many_slow_readers_of_an_asset_keep_nobody_waiting(front: Front, made: Viewer) -> None:
    """An asset is larger than what a socket takes: the rest waits for its reader alone."""
    large = Asset([("Content-Type", "text/plain")], '"x"', bytes(8 << 20))
    proxy_cache = front.proxy._cache
    front.ask()
    # (The front is one for all tests of this file.)
    (key,) = [key for key in proxy_cache._assets if key[0] == f"release-{made.port}"]
    proxy_cache.put(key, large)
    readers = [front.connect() for _ in range(20)]
    for reader in readers:
        reader.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(1000)
    assert front.ask(f"/api/tb/{ID}/data/runs")[1] == PAGE
    last = readers.pop()
    taken = 1000
    while taken < len(large.body):
        piece = last.recv(1 << 20)
        assert piece, taken
        taken += len(piece)
    for reader in (last, *readers):
        reader.close()
    assert front.ask(f"/api/tb/{ID}/data/runs")[1] == PAGE


@pytest.mark.parametrize(
    "path",
    [
        "data/runs",
        "data",
        "data/../index.html",
        "%64ata/runs",
        "./data/runs",
        "x/../data/runs",
        "/data/runs",
        "index.js?run=1",
        "index.js?_file_hash=1&x=1",
    ],
)
def test_what_is_never_kept(front: Front, made: Viewer, path: str) -> None:
    for _ in range(2):
        assert front.ask(f"/api/tb/{ID}/{path}")[0].status == 200
    assert len(made.seen) == 2


def test_what_is_asked_for_differently(front: Front, made: Viewer) -> None:
    for _ in range(2):
        front.ask(Range="bytes=0-1")
        front.ask(method="POST")
    assert len(made.seen) == 4


@pytest.mark.parametrize(
    "head",
    [
        b"404 Not Found\r\nContent-Length: 2",
        b"200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1",
        b"200 OK\r\nContent-Length: 2\r\nVary: *",
        b"200 OK\r\nX-Endless: 1",
    ],
)
def test_which_answers_are_not_kept(front: Front, viewer: MakeViewer, head: bytes) -> None:
    made = viewer(b"HTTP/1.1 " + head + b"\r\n\r\nok")
    front.targets[ID] = Open("127.0.0.1", made.port, f"release-{made.port}")
    for _ in range(2):
        assert front.ask()[1] == b"ok"
    assert len(made.seen) == 2


def test_without_a_release_nothing_is_kept(front: Front, viewer: MakeViewer) -> None:
    made = viewer(serve)
    for _ in range(2):
        front.ask()
    assert len(made.seen) == 2


def test_its_memory_is_bounded() -> None:
    cache = AssetCache(100)
    for number in range(10):
        cache.put(("r", f"/{number}", "", False), Asset([], "", bytes(30)))
        assert cache.get(("r", "/0", "", False)) is not None, "what is asked for stays"
    assert cache.size == 90
    assert cache.get(("r", "/9", "", False)) is not None
    assert cache.get(("r", "/5", "", False)) is None
    cache.put(("r", "/9", "", False), Asset([], "", bytes(10)))
    assert cache.size == 70
