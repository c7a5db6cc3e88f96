"""The cache of static files: which responses it serves and never serves, and its size."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from proxy.front import Front
from viewer_zoo import ID, MakeViewer, Seen, Viewer
from waiting import wait_until

from forgather_units.domain.program import StaticFile
from forgather_units.proxy.cache import Asset, AssetCache, Key
from forgather_units.proxy.destination import Open, OpenUnix

OTHER = "q_1700000000000_89abcdef"
PAGE = b"<html>" + b"page " * 20_000
POLICY = "default-src 'self'"
HEADERS = (("Content-Type", "text/html"), ("Cache-Control", "no-cache"))
STOCK = StaticFile((PAGE,), HEADERS, POLICY)
POLICY_LINE = f"Content-Security-Policy: {POLICY}\r\n".encode()
EVIL = b"<script src=//evil.example></script>"


def serve(connection: socket.socket, request: Seen) -> None:
    body, kind = (PAGE, b"text/html") if b" /api/tb/" in request.line else (b"", b"text/plain")
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nCache-Control: no-cache\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        b"X-Content-Type-Options: none\r\n"
        b"Content-Security-Policy: default-src 'self'\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)
    )


@pytest.fixture(autouse=True)
def installed(front: Front) -> None:
    """The content of the stock program's archive."""
    front.files.update({"/": STOCK, "/index.html": STOCK, "/x.js": STOCK, "/index.js": STOCK})


@pytest.fixture
def made(front: Front, viewer: MakeViewer) -> Iterator[Viewer]:
    """A stock viewer of a release that no other test uses."""
    made = viewer(serve)
    front.targets[ID] = Open("127.0.0.1", made.port, f"release-{made.port}")
    yield made


def _headers_without_date(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """Sorted, because waitress sorts the headers that it writes itself."""
    return sorted((name.lower(), value) for name, value in answer.getheaders() if name != "Date")


def test_a_repeated_request_is_served_from_the_cache(front: Front, made: Viewer) -> None:
    first, content = front.ask(f"/api/tb/{ID}/index.html")
    second, again = front.ask(f"/api/tb/{ID}/index.html")
    assert content == again == PAGE
    assert len(made.seen) == 1
    assert _headers_without_date(first) == _headers_without_date(second)
    assert second.getheader("X-Content-Type-Options") is None, "only the stock program's headers"
    assert "2024" not in (second.getheader("Date") or "")
    own, added = second.headers.get_all("Content-Security-Policy") or []
    assert own == "default-src 'self'"
    assert f"/api/tb/{ID}/" in added


def test_html_is_compressed_if_the_client_accepts_gzip(front: Front, made: Viewer) -> None:
    compressed, content = front.ask(f"/api/tb/{ID}/", Accept_Encoding="br, gzip")
    plain, same = front.ask(f"/api/tb/{ID}/", Accept_Encoding="gzip;q=0, identity")
    assert compressed.getheader("Content-Encoding") == "gzip"
    assert plain.getheader("Content-Encoding") is None
    assert gzip.decompress(content) == same == PAGE
    assert len(content) * 7 < len(PAGE)
    assert compressed.getheader("ETag") != plain.getheader("ETag")
    assert compressed.getheader("Vary") == "Accept-Encoding"


def test_a_matching_etag_gets_304(front: Front, made: Viewer) -> None:
    first, _ = front.ask(f"/api/tb/{ID}/")
    etag = first.getheader("ETag") or ""
    second, content = front.ask(f"/api/tb/{ID}/", If_None_Match=f'"other", {etag}')
    assert (second.status, content, second.getheader("ETag")) == (304, b"", etag)
    assert front.ask(f"/api/tb/{ID}/", If_None_Match='"other"')[0].status == 200


def test_head_is_served_from_the_cache(front: Front, made: Viewer) -> None:
    front.ask(f"/api/tb/{ID}/x.js", Accept_Encoding="identity")
    response, content = front.ask(f"/api/tb/{ID}/x.js", "HEAD", Accept_Encoding="identity")
    assert (response.getheader("Content-Length"), content) == (str(len(PAGE)), b"")
    assert len(made.seen) == 1


def test_viewers_of_the_same_release_share_the_cache(front: Front, viewer: MakeViewer, made: Viewer) -> None:
    front.ask()
    other = viewer(serve, OTHER)
    front.targets[OTHER] = Open("127.0.0.1", other.port, f"release-{made.port}")
    response, content = front.ask(f"/api/tb/{OTHER}/")
    assert content == PAGE
    assert not other.seen
    assert f"/api/tb/{OTHER}/" in str(response.headers.get_all("Content-Security-Policy"))


def test_a_request_for_a_sleeping_viewer_gets_its_cached_page_and_wakes_it(
    front: Front, viewer: MakeViewer, made: Viewer
) -> None:
    front.ask()
    sleeper = viewer(serve, OTHER, unix=True)
    where = front.targets[OTHER]
    assert isinstance(where, OpenUnix)
    front.targets[OTHER] = replace(where, release=f"release-{made.port}", asleep=True)
    assert front.ask(f"/api/tb/{OTHER}/")[1] == PAGE
    wait_until(lambda: sleeper.connections > 0, what="the proxy connected to wake it")
    assert not sleeper.seen


def test_pipelined_requests_get_their_responses_in_order(front: Front, made: Viewer) -> None:
    """Cached files are sent at once, other responses by a worker thread, but in order on one connection."""
    front.ask()
    # As many as one connection may pipeline.
    paths = ["", "data/runs", "", "data/tags"]
    with front.connect() as connection:
        for path in paths:
            connection.sendall(f"GET /api/tb/{ID}/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        # Responses below data/ come from the viewer, and contain the same page.
        while received.count(PAGE) < len(paths):
            piece = connection.recv(1 << 20)
            assert piece, received.count(PAGE)
            received += piece
    kept = [b"etag:" in head.lower() for head in received.split(PAGE)[:-1]]
    assert kept == [not path for path in paths]
    assert [seen.line.split()[1].rpartition(b"/")[2] for seen in made.seen] == [b"", b"runs", b"tags"]


def test_many_slow_readers_of_an_asset_delay_no_other_request(front: Front, made: Viewer) -> None:
    """A file larger than the socket's buffer: the rest waits for its own reader only."""
    body = bytes(8 << 20)
    made.respond = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    front.files["/large.txt"] = StaticFile((body,), (("Content-Type", "text/plain"),))
    assert front.ask(f"/api/tb/{ID}/large.txt")[1] == body
    made.respond = serve
    readers = [front.connect() for _ in range(20)]
    for reader in readers:
        reader.sendall(f"GET /api/tb/{ID}/large.txt HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(1000)
    assert front.ask(f"/api/tb/{ID}/data/runs")[1] == PAGE
    assert len(made.seen) == 2, "the readers are served from the cache"
    last = readers.pop()
    taken = 1000
    while taken < len(body):
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
def test_which_paths_are_never_cached(front: Front, made: Viewer, path: str) -> None:
    for _ in range(2):
        assert front.ask(f"/api/tb/{ID}/{path}")[0].status == 200
    assert len(made.seen) == 2


def test_range_and_post_requests_are_not_served_from_the_cache(front: Front, made: Viewer) -> None:
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
def test_which_responses_are_not_cached(front: Front, viewer: MakeViewer, head: bytes) -> None:
    made = viewer(b"HTTP/1.1 " + head + b"\r\n\r\nok")
    front.targets[ID] = Open("127.0.0.1", made.port, f"release-{made.port}")
    for _ in range(2):
        assert front.ask()[1] == b"ok"
    assert len(made.seen) == 2


def test_without_a_release_nothing_is_cached(front: Front, viewer: MakeViewer) -> None:
    made = viewer(serve)
    for _ in range(2):
        front.ask()
    assert len(made.seen) == 2


def _poison(connection: socket.socket, request: Seen) -> None:
    """A response of a hostile viewer that tries to get cached."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: public, max-age=31536000\r\n"
        b"Content-Security-Policy: default-src 'self'\r\nContent-Length: %d\r\n\r\n%b" % (len(EVIL), EVIL)
    )


@pytest.mark.parametrize("path", ["", "index.html", "index.js", "index.js?_file_hash=1", "x.js?_file_hash=2", "own.js"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_hostile_viewer_s_bytes_reach_no_other_viewer(
    front: Front, viewer: MakeViewer, made: Viewer, path: str, coding: str
) -> None:
    hostile = viewer(_poison, OTHER)
    front.targets[OTHER] = Open("127.0.0.1", hostile.port, f"release-{made.port}")
    for _ in range(2):
        assert front.ask(f"/api/tb/{OTHER}/{path}", Accept_Encoding=coding)[1] == EVIL, "each viewer gets its own page"
    assert len(hostile.seen) == 2
    response, content = front.ask(f"/api/tb/{ID}/{path}", Accept_Encoding=coding)
    if response.getheader("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    assert content == PAGE


@pytest.mark.parametrize(
    "headers",
    [
        b"Refresh: 0;url=//evil.example\r\nLink: <//evil.example/x.js>; rel=preload; as=script\r\n" + POLICY_LINE,
        b"Content-Security-Policy: default-src *\r\n",
        b"",
        POLICY_LINE + b"Content-Encoding: deflate\r\n",
        POLICY_LINE + b"Content-Encoding: gzip\r\n",
        POLICY_LINE + b"Set-Cookie: a=1\r\n",
    ],
)
def test_a_hostile_viewer_s_headers_reach_no_other_viewer(
    front: Front, viewer: MakeViewer, made: Viewer, headers: bytes
) -> None:
    """Also where its body is the stock one."""
    hostile = viewer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n%bContent-Length: %d\r\n\r\n%b" % (headers, len(PAGE), PAGE),
        OTHER,
    )
    front.targets[OTHER] = Open("127.0.0.1", hostile.port, f"release-{made.port}")
    front.ask(f"/api/tb/{OTHER}/", Accept_Encoding="identity")
    response, content = front.ask(f"/api/tb/{ID}/", Accept_Encoding="identity")
    assert content == PAGE
    sent = {name.lower(): value for name, value in response.getheaders() if name.lower() != "content-security-policy"}
    assert sent["content-type"] == "text/html"
    assert not {"refresh", "link", "set-cookie", "content-encoding"} & sent.keys()
    assert (response.headers.get_all("Content-Security-Policy") or [])[0] == POLICY


def test_a_decompression_bomb_is_not_cached(front: Front, viewer: MakeViewer, made: Viewer) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n%bContent-Length: %d\r\n\r\n" % (POLICY_LINE, len(bomb))
    hostile = viewer(head + bomb, OTHER)
    front.targets[OTHER] = Open("127.0.0.1", hostile.port, f"release-{made.port}")
    for _ in range(2):
        assert front.ask(f"/api/tb/{OTHER}/", Accept_Encoding="gzip")[1] == bomb
    assert len(hostile.seen) == 2


def test_the_stock_page_is_cached_from_any_content_coding(front: Front, viewer: MakeViewer) -> None:
    packed = gzip.compress(PAGE)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n%bContent-Length: %d\r\n\r\n" % (POLICY_LINE, len(packed))
    made = viewer(head + packed)
    front.targets[ID] = Open("127.0.0.1", made.port, f"release-{made.port}")
    answers = [front.ask(f"/api/tb/{ID}/", Accept_Encoding="gzip")[1] for _ in range(2)]
    assert answers[0] == answers[1] != packed, "the cache does not keep the viewer's compressed bytes"
    assert gzip.decompress(answers[0]) == PAGE
    assert len(made.seen) == 1


def _key(number: int) -> Key:
    return Key("r", f"/{number}", False, False)


def test_the_cache_is_bounded_and_evicts_unused_files() -> None:
    cache = AssetCache(100)
    for number in range(10):
        cache.put(_key(number), Asset([], "", bytes(30)))
        assert cache.get(_key(0)) is not None, "a file in use stays"
    assert cache.size == 90
    assert cache.get(_key(9)) is not None
    assert cache.get(_key(5)) is None
    cache.put(_key(9), Asset([], "", bytes(10)))
    assert cache.size == 70
