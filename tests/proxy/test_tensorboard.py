"""Stock TensorBoard behind the proxy."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
import threading
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorboard
from ports import free_port
from proxy.front import Front
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from viewer_zoo import ID
from waiting import wait_until

from forgather_units.domain.viewer import mount_path
from forgather_units.proxy.destination import Open
from forgather_units.viewers.contract.python_program import folders_of
from forgather_units.viewers.tensorboard.assets import TensorBoardAssets
from forgather_units.viewers.tensorboard.kind import TENSORBOARD
from forgather_units.viewers.tensorboard.program import find_tensorboard

RUNS = ["one", "two"]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logs")
    for run in RUNS:
        writer = EventFileWriter(str(root / run))
        for step in range(5):
            value = Summary.Value(tag="train-loss", simple_value=1 / (step + 1))
            writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=Summary(value=[value])))
        writer.close()
    return root


@pytest.fixture(scope="module")
def port(logdir: Path) -> Iterator[int]:
    port = free_port()
    flags = [f"--logdir={logdir}", f"--port={port}", "--host=127.0.0.1", f"--path_prefix={mount_path(TENSORBOARD)}{ID}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: responds(port), what="TensorBoard responds")
        yield port
    finally:
        process.terminate()
        process.wait(120)


def responds(port: int) -> bool:
    try:
        return fetch(port, "data/runs")[2] == json.dumps(RUNS).encode()
    except OSError:
        return False


def fetch(port: int, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str, bytes]:
    """Status, Content-Encoding and the body, undecoded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, f"/api/tb/{ID}/{path}", body, {k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, response.getheader("Content-Encoding", ""), content


@pytest.fixture
def proxied(front: Front, port: int) -> int:
    front.targets[ID] = Open("127.0.0.1", port)
    return front.port


def test_the_page_opens_after_one_redirect(front: Front, proxied: int) -> None:
    first, _ = front.ask(f"/api/tb/{ID}?token=secret")
    assert first.status == 301
    second, page = front.ask((first.getheader("Location") or "").removeprefix("../.."))
    assert second.status == 200
    assert b"<tf-tensorboard" in page or b"<tb-webapp" in page


@pytest.mark.parametrize("path", ["", "index.js", "data/environment", "data/runs", "data/plugins_listing", "nothing"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_the_response_equals_that_of_a_direct_client(proxied: int, port: int, path: str, encoding: str) -> None:
    direct = fetch(port, path, Accept_Encoding=encoding)
    assert fetch(proxied, path, Accept_Encoding=encoding) == direct


@pytest.fixture
def assets(front: Front, port: int) -> Iterator[TensorBoardAssets]:
    """The installed archive, from which the proxy serves files."""
    assets = TensorBoardAssets(folders_of(find_tensorboard()))
    assert assets.release()
    usual = front.static_file
    front.static_file = lambda release, path, hashed: assets.file(release, path, hashed=hashed)
    front.targets[ID] = Open("127.0.0.1", port, assets.release())
    yield assets
    front.static_file = usual


def test_the_page_is_compressed_to_a_seventh(front: Front, port: int, assets: TensorBoardAssets) -> None:
    _, coding, page = fetch(port, "", Accept_Encoding="gzip")
    assert coding in ("", "identity"), "TensorBoard does not compress it"
    for _ in range(2):  # from the viewer, and from memory
        answer = front.get(f"/api/tb/{ID}/", "Accept-Encoding: gzip")
        assert gzip.decompress(answer.partition(b"\r\n\r\n")[2]) == page
        assert len(answer) < len(page) / 7


def test_every_file_of_the_archive_is_served_from_memory(
    front: Front, port: int, assets: TensorBoardAssets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response equals the viewer's, except for the headers of the exchange itself."""
    archive = Path(tensorboard.__file__).with_name("webfiles.zip")
    names = [name for name in zipfile.ZipFile(archive).namelist() if not name.endswith("/")]
    assert "index.html" in names
    for path in ("", "index.js?_file_hash=0123abcd", *names):
        expected = _response(port, path)
        assert _response(front.port, path) == expected
        monkeypatch.setitem(front.targets, ID, Open("127.0.0.1", 1, assets.release()))
        assert _response(front.port, path) == expected, "no request goes to the viewer"
        monkeypatch.undo()


def test_files_outside_the_archive_are_not_cached(front: Front, assets: TensorBoardAssets) -> None:
    assert _response(front.port, "data/environment")[0] == 200
    front.targets[ID] = Open("127.0.0.1", 1, assets.release())
    for path in ("data/environment", "favicon.ico", "index.html/", "Index.html", "%69ndex.html"):
        assert front.ask(f"/api/tb/{ID}/{path}")[0].status == 502


def test_a_replaced_archive_is_not_served(tmp_path: Path) -> None:
    package = tmp_path / "tensorboard"
    package.mkdir()
    (package / "version.py").write_text('VERSION = "2.99.0"\n')
    with zipfile.ZipFile(package / "webfiles.zip", "w") as archive:
        archive.writestr("index.js", "old")
    assets = TensorBoardAssets([str(tmp_path)])
    old = assets.release()
    file = assets.file(old, "/index.js", hashed=False)
    assert file is not None
    assert file.bodies == (b"old",)
    with zipfile.ZipFile(package / "webfiles.zip", "w") as archive:
        archive.writestr("index.js", "newer")
    assert assets.file(old, "/index.js", hashed=False) is None
    assert assets.file(assets.release(), "/index.js", hashed=False) is not None
    (package / "webfiles.zip").write_bytes(b"PK rubbish")
    assert assets.file(assets.release(), "/index.js", hashed=False) is None
    (package / "webfiles.zip").unlink()
    assert assets.file(old, "/index.js", hashed=False) is None


_OF_ONE_EXCHANGE = {"date", "server", "expires", "connection", "content-length", "content-encoding", "etag", "vary"}


def _response(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and the decoded body; of the content security policies only the viewer's own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", f"/api/tb/{ID}/{path}", headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.getheader("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    headers = {name.lower(): value for name, value in reversed(response.getheaders())}
    own = (response.headers.get_all("Content-Security-Policy") or [""])[0]
    headers["content-security-policy"] = "" if own.startswith("sandbox ") else own
    headers.pop("referrer-policy", None)
    return response.status, {name: value for name, value in headers.items() if name not in _OF_ONE_EXCHANGE}, content


def test_time_series_returns_the_runs(proxied: int) -> None:
    query = json.dumps([{"plugin": "scalars", "tag": "train-loss"}])
    body = urllib.parse.urlencode({"requests": query})
    form = "application/x-www-form-urlencoded"
    status, _, content = fetch(proxied, "data/plugin/timeseries/timeSeries", "POST", body, Content_Type=form)
    assert status == 200
    (series,) = json.loads(content)
    assert sorted(series["runToSeries"]) == RUNS
    assert [point["step"] for point in series["runToSeries"]["one"]] == list(range(5))


def test_many_simultaneous_requests(proxied: int, port: int) -> None:
    direct = fetch(port, "data/environment")
    same: list[bool] = []
    threads = [
        threading.Thread(target=lambda: same.append(fetch(proxied, "data/environment") == direct)) for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 32
