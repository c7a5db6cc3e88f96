"""Routes for the page's dialogs: folders, a logdir, a port."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("browsed")
    for folder in ("runs/tiny llama", "runs/.hidden", "Other"):
        (made / folder).mkdir(parents=True)
    (made / "mkdocs.yml").touch()
    (made / "notes.txt").touch()
    (made / "away").symlink_to("/etc")
    (made / "within").symlink_to(made / "runs")
    (made / "nowhere").symlink_to(made / "nowhere")
    return made


@pytest.fixture(scope="module")
def forgather(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Forgather]:
    server = Forgather(tmp_path_factory.mktemp("server"), browse_roots=[str(root)])
    try:
        server.start()
        yield server
    finally:
        server.clean()


def browse(forgather: Forgather, path: str | Path | None, **more: str) -> dict[str, Any]:
    answer = forgather.get("/api/fs/browse", params={"path": str(path) if path else None, **more})
    found: dict[str, Any] = answer.json() | {"code": answer.status_code}
    return found


def test_only_folders_and_links_within_the_roots_are_listed(forgather: Forgather, root: Path) -> None:
    found = browse(forgather, None)
    assert (found["path"], found["parent"], found["roots"]) == (str(root), None, [str(root)])
    assert [each["name"] for each in found["entries"]] == ["Other", "runs", "within"]
    assert all(each["is_dir"] for each in found["entries"])
    below = browse(forgather, root / "within")
    assert (below["path"], below["parent"]) == (str(root / "runs"), str(root))
    assert [each["name"] for each in below["entries"]] == ["tiny llama", ".hidden"]


def test_a_large_folder_is_sorted_before_it_is_cut_and_searched(forgather: Forgather, root: Path) -> None:
    large = root / "runs" / "large"
    large.mkdir()
    numbers = [*range(0, 2500, 2), *range(1, 2500, 2)]
    for number in numbers:
        (large / f"Run-{number:04}").mkdir()
    found = browse(forgather, large)
    assert [each["name"] for each in found["entries"]] == [f"Run-{number:04}" for number in range(2000)]
    assert (found["total"], found["complete"]) == (2500, True)
    searched = browse(forgather, large, contains="run-24")
    assert [each["name"] for each in searched["entries"]] == [f"Run-{number:04}" for number in range(2400, 2500)]
    assert searched["total"] == 100
    shutil.rmtree(large)


def test_files_are_listed_by_their_suffixes(forgather: Forgather, root: Path) -> None:
    names = [each["name"] for each in browse(forgather, root, files=".yml,.yaml")["entries"]]
    assert names == ["Other", "runs", "within", "mkdocs.yml"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc",
        "{root}/..",
        "{root}/../../etc",
        "{root}/away",
        "{root}/runs/../../x",
        "{root}x",
        "runs",
        "~",
        "/a\0b",
    ],
)
def test_no_path_leads_out_of_the_roots(forgather: Forgather, root: Path, path: str) -> None:
    found = browse(forgather, path.replace("{root}", str(root)))
    assert found["code"] == 400, found
    assert "entries" not in found


def test_an_unreadable_path_gets_one_sentence(forgather: Forgather, root: Path) -> None:
    for path in (root / "not there", root / "notes.txt", root / "nowhere", root / ("a" * 300)):
        found = browse(forgather, path)
        assert found["code"] == 400 and "cannot be read" in found["detail"], found


def test_the_state_of_a_logdir(forgather: Forgather, sample_runs: Path) -> None:
    def ask(path: str) -> dict[str, Any]:
        answer = forgather.get("/api/logdir", params={"path": path})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    found = ask(str(sample_runs))
    assert (found["exists"], found["runs"], found["event_files"], found["error"]) == (True, 5, 5, None)
    assert found["newest_event_time"] > 0 and found["size_bytes"] > 0
    absent = ask("/not/there")
    assert (absent["exists"], absent["runs"], absent["newest_event_time"]) == (False, 0, None)
    assert absent["error"] == "logdir /not/there does not exist"
    assert ask("/proc/version")["exists"] is True
    assert "is a file" in ask("/proc/version")["error"]
    assert ask("/" + "a" * 300)["exists"] is False


def test_the_holder_of_a_port(forgather: Forgather, root: Path, free_port: Callable[[], int]) -> None:
    def ask(port: int | str, host: str | None = None) -> dict[str, Any]:
        return dict(forgather.get("/api/ports", params={"port": port, "host": host}).json())

    port = free_port()
    assert ask(port) == {"port": port, "free": True, "holder": None, "next_free": port, "error": None}
    queue_id = forgather.submit(root, port=port, lazy=True, window_title="holder")
    forgather.wait_status(queue_id, "sleeping", "running")
    taken = ask(port)
    assert (taken["free"], taken["holder"]) == (False, f"{queue_id} (holder)")
    assert taken["next_free"] > port
    assert ask(port, "0.0.0.0")["holder"] == taken["holder"]
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        assert ask(foreign.getsockname()[1])["holder"] == "another process"
    assert ask(port, "no.such.host.invalid")["error"] == "host 'no.such.host.invalid' does not resolve"
    assert "not an address of this machine" in ask(port, "192.0.2.1")["error"]
    for wrong in ("0", "65536", "x", "", "٣"):
        assert forgather.get("/api/ports", params={"port": wrong}).status_code == 400


def test_a_typed_path_is_completed(forgather: Forgather, root: Path) -> None:
    def complete(path: str, files: str = "") -> list[str]:
        answer = forgather.get("/api/fs/complete", params={"path": path, "files": files})
        assert answer.status_code == 200, answer.text
        return [str(Path(each).relative_to(root)) for each in answer.json()["paths"]]

    assert complete(f"{root}/") == ["Other", "runs", "within"]
    assert complete(f"{root}/r") == ["runs"]
    assert complete(f"{root}/runs/") == ["runs/tiny llama"]
    assert complete(f"{root}/runs/.h") == ["runs/.hidden"]
    assert complete(f"{root}/m", ".yml") == ["mkdocs.yml"]
    for nothing in ("", "runs", "/", "/etc/", f"{root}/missing/x", f"{root}/notes.txt/", "~root/"):
        assert complete(nothing) == [], nothing
    home = forgather.get("/api/fs/complete", params={"path": "~/"}).json()["home"]
    assert home == str(Path.home())


def test_these_routes_require_authentication(forgather: Forgather) -> None:
    token = forgather.session.headers.pop("Authorization")
    try:
        for path in ("/api/fs/browse", "/api/fs/complete", "/api/logdir?path=/", "/api/ports?port=1"):
            assert forgather.get(path).status_code == 401
    finally:
        forgather.session.headers["Authorization"] = token
