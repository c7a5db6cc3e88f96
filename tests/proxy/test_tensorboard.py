"""Stock TensorBoard behind the proxy."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from viewer_zoo import ID, Front
from waiting import wait_until

from forgather_units.domain.tensorboard import path_prefix
from forgather_units.proxy.target import Open

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
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    flags = [f"--logdir={logdir}", f"--port={port}", "--host=127.0.0.1", f"--path_prefix={path_prefix(ID)}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: answers(port), 60, "TensorBoard answers")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    try:
        return fetch(port, "data/runs")[2] == json.dumps(RUNS).encode()
    except OSError:
        return False


def fetch(port: int, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str, bytes]:
    """Status, Content-Encoding and the body, undecoded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, f"/api/tb/{ID}/{path}", body, {k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, response.getheader("Content-Encoding", ""), content


@pytest.fixture
def proxied(front: Front, port: int) -> int:
    front.targets[ID] = Open("127.0.0.1", port)
    return front.port


def test_the_root_opens_after_one_redirect(front: Front, proxied: int) -> None:
    first, _ = front.ask(f"/api/tb/{ID}?token=secret")
    assert first.status == 301
    second, page = front.ask(first.getheader("Location") or "")
    assert second.status == 200
    assert b"<tf-tensorboard" in page or b"<tb-webapp" in page


@pytest.mark.parametrize("path", ["", "index.js", "data/environment", "data/runs", "data/plugins_listing", "nothing"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_it_is_what_a_direct_client_sees(proxied: int, port: int, path: str, encoding: str) -> None:
    direct = fetch(port, path, Accept_Encoding=encoding)
    assert fetch(proxied, path, Accept_Encoding=encoding) == direct


def test_its_page_is_a_seventh_of_what_it_is(front: Front, port: int) -> None:
    front.targets[ID] = Open("127.0.0.1", port, "stock")
    _, coding, page = fetch(port, "", Accept_Encoding="gzip")
    assert coding in ("", "identity"), "TensorBoard does not compress it"
    for _ in range(2):  # from the viewer, and from memory
        answer = front.get(f"/api/tb/{ID}/", "Accept-Encoding: gzip")
        assert gzip.decompress(answer.partition(b"\r\n\r\n")[2]) == page
        assert len(answer) < len(page) / 7


def test_time_series_returns_the_runs(proxied: int) -> None:
    asked = json.dumps([{"plugin": "scalars", "tag": "train-loss"}])
    body = urllib.parse.urlencode({"requests": asked})
    form = "application/x-www-form-urlencoded"
    status, _, content = fetch(proxied, "data/plugin/timeseries/timeSeries", "POST", body, Content_Type=form)
    assert status == 200
    (series,) = json.loads(content)
    assert sorted(series["runToSeries"]) == RUNS
    assert [point["step"] for point in series["runToSeries"]["one"]] == list(range(5))


def test_many_at_once(proxied: int, port: int) -> None:
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
