"""Special files, in every place where a request can name a file: refused at once, without memory growth."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from example_workspace import copy_workspace
from forgather_server import Forgather
from special_files import KINDS, special_file

# Memory limit of a response; reading /dev/zero without a limit took 24 GB.
_MOST_GROWTH = 64 << 20


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_workspace(tmp_path_factory.mktemp("projects"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Any:
    server = Forgather(
        tmp_path_factory.mktemp("server"), search_roots=[str(workspace)], browse_roots=["/"], idle_timeout=60
    )
    try:
        server.start()
        yield server
    finally:
        server.clean()


def _peak(server: Forgather) -> int:
    """The server's peak memory, in bytes."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def _mkdocs(server: Forgather, config_file: str, **params: Any) -> str:
    body = {
        "project_dir": "/tmp",
        "config": "mkdocs:auto",
        "job_type": "mkdocs",
        "job_params": {"config_file": config_file, "port": "auto", **params},
    }
    answer = server.post("/api/queue", body)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["detail"])


def _of_config_file(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    return _mkdocs(server, path)


def _of_inherit(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    (folder / "mkdocs.yml").write_text(f"INHERIT: {path}\n")
    return _mkdocs(server, str(folder / "mkdocs.yml"))


def _of_logdir(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    answer = server.get("/api/logdir", params={"path": path}).json()
    assert answer["error"]
    return str(answer["error"]).replace("is a file", "not a regular file")


def _of_browsing(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    answer = server.get("/api/fs/browse", params={"path": path})
    assert answer.status_code == 400
    return str(answer.json()["detail"]).replace("Not a directory", "not a regular file")


def _of_template(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    config = workspace / "dialect/templates/configs/special.yaml"
    config.unlink(missing_ok=True)
    config.symlink_to(path)
    answer = server.get(
        "/api/config/output-dir", params={"project_dir": str(workspace / "dialect"), "config": "special.yaml"}
    )
    config.unlink()
    assert answer.status_code == 400
    return str(answer.json()["detail"])


def _of_log(server: Forgather, path: str, folder: Path, workspace: Path) -> str:
    run = workspace / "dialect/output_models/default_model/runs/special"
    run.mkdir(parents=True, exist_ok=True)
    (run / "trainer_logs.json").unlink(missing_ok=True)
    (run / "trainer_logs.json").symlink_to(path)
    answer = server.get("/api/runs", params={"project_dir": str(workspace / "dialect"), "config": "plain.yaml"})
    assert answer.status_code == 200
    assert [run for run in answer.json()["runs"] if run["last_step"] is not None or run["curve"]] == []
    return "not a regular file"


FIELDS = {
    "MkDocs config": _of_config_file,
    "INHERIT": _of_inherit,
    "logdir": _of_logdir,
    "browse": _of_browsing,
    "template": _of_template,
    "trainer_logs.json": _of_log,
}


@pytest.mark.parametrize("field", FIELDS)
def test_special_files_are_refused_in_every_field(
    server: Forgather, workspace: Path, field: str, tmp_path: Path
) -> None:
    for kind in KINDS:
        folder = tmp_path / kind
        folder.mkdir()
        path = special_file(kind, folder)
        before = _peak(server)
        assert "not a regular file" in FIELDS[field](server, path, folder, workspace), kind
        grown = _peak(server) - before
        print(f"{field}: {kind}: peak {_peak(server) >> 20} MiB, {grown >> 10:+} KiB")
        assert grown < _MOST_GROWTH, kind


def test_more_requests_for_a_fifo_than_worker_threads(server: Forgather, tmp_path: Path) -> None:
    path = special_file("fifo", tmp_path)
    with ThreadPoolExecutor(40) as clients:
        errors = set(clients.map(lambda _: _mkdocs(server, path), range(120)))
    assert errors == {f"{path} cannot be read (it is not a regular file)"}
    assert server.get("/api/health").ok
