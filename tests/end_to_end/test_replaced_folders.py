"""A folder is replaced while TensorBoard shows it: the viewer is restarted to show the new one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

MakeForgather = Callable[..., Forgather]


@pytest.fixture(scope="module")
def forgather(module_forgather: Forgather) -> Forgather:
    return module_forgather


def make_run(logdir: Path, name: str, sample_runs: Path) -> Path:
    """A logdir with one run of that name."""
    events = next(sample_runs.rglob("*tfevents*"))
    (logdir / name).mkdir(parents=True)
    shutil.copy(events, logdir / name)
    return logdir


def shown_runs(forgather: Forgather, queue_id: str) -> list[str]:
    """The runs, or a text about a response that is not TensorBoard's.

    While a direct viewer restarts, a program of another test may have its port.
    """
    response = forgather.get(f"/api/tb/{queue_id}/data/runs")
    try:
        return sorted(response.json()) if response.ok else [f"HTTP {response.status_code}"]
    except requests.JSONDecodeError:
        return [response.text[:200]]


def wait_for_runs(forgather: Forgather, queue_id: str, runs: list[str]) -> None:
    """A start of TensorBoard takes one second, or ten on a busy machine."""
    try:
        wait_until(lambda: shown_runs(forgather, queue_id) == runs)
    except AssertionError:
        shown, job = shown_runs(forgather, queue_id), forgather.job(queue_id)
        pytest.fail(f"{shown} are shown, not {runs}:\n{job}\n{output(forgather, queue_id)}")


def start(forgather: Forgather, logdir: Path, **params: Any) -> str:
    queue_id = forgather.submit(logdir, port="auto", reload_interval=1, **params)
    forgather.wait_status(queue_id, "running")
    return queue_id


def output(forgather: Forgather, queue_id: str) -> str:
    return forgather.get(f"/api/jobs/{queue_id}/tty").text


def _removed_and_recreated(logdir: Path, new: Path) -> None:
    shutil.rmtree(logdir)
    shutil.copytree(new, logdir)


def _renamed(logdir: Path, new: Path) -> None:
    logdir.rename(logdir.with_name("old"))
    new.rename(logdir)


def _parent_renamed(logdir: Path, new: Path) -> None:
    logdir.parent.rename(logdir.parent.with_name("before"))
    logdir.parent.mkdir()
    new.rename(logdir)


@pytest.mark.parametrize(
    ("replace", "placement"),
    [(_removed_and_recreated, "socket"), (_parent_renamed, "socket"), (_renamed, "socket"), (_renamed, "direct")],
)
def test_a_replaced_logdir_is_shown(
    forgather: Forgather, home_folder: Path, sample_runs: Path, replace: Callable[[Path, Path], None], placement: str
) -> None:
    logdir = make_run(home_folder / "above" / "runs", "before", sample_runs)
    queue_id = start(forgather, logdir, direct=placement == "direct")
    wait_for_runs(forgather, queue_id, ["before"])
    replace(logdir, make_run(home_folder / "new", "after", sample_runs))
    wait_for_runs(forgather, queue_id, ["after"])
    assert f"forgather: {logdir} was replaced: TensorBoard is restarted to show it" in output(forgather, queue_id)


def test_a_logdir_link_with_a_new_target(forgather: Forgather, home_folder: Path, sample_runs: Path) -> None:
    make_run(home_folder / "expA", "a", sample_runs)
    make_run(home_folder / "expB", "b", sample_runs)
    (home_folder / "latest").symlink_to("expA")
    queue_id = start(forgather, home_folder / "latest")
    wait_for_runs(forgather, queue_id, ["a"])
    # Replace the link atomically, as `ln -sfn` does.
    (home_folder / "new").symlink_to("expB")
    (home_folder / "new").rename(home_folder / "latest")
    wait_for_runs(forgather, queue_id, ["b"])


def test_a_link_in_the_logdir_with_a_new_target(forgather: Forgather, home_folder: Path, sample_runs: Path) -> None:
    logdir = make_run(home_folder / "runs", "own", sample_runs)
    make_run(home_folder / "expA", "a", sample_runs)
    make_run(home_folder / "expB", "b", sample_runs)
    (logdir / "latest").symlink_to(home_folder / "expA")
    queue_id = start(forgather, logdir)
    wait_for_runs(forgather, queue_id, ["latest/a", "own"])
    (logdir / "new").symlink_to(home_folder / "expB")
    (logdir / "new").rename(logdir / "latest")
    wait_for_runs(forgather, queue_id, ["latest/b", "own"])
    assert f"a link now leads to {home_folder / 'expB'}: TensorBoard is restarted" in output(forgather, queue_id)


def test_a_link_created_while_the_viewer_is_down(forgather: Forgather, home_folder: Path, sample_runs: Path) -> None:
    """The restarted unit is built from the present content of the logdir."""
    logdir = make_run(home_folder / "runs", "own", sample_runs)
    make_run(home_folder / "expA", "a", sample_runs)
    queue_id = start(forgather, logdir)
    forgather.cli("job", "kill", queue_id)
    forgather.wait_status(queue_id, "aborted")
    (logdir / "latest").symlink_to(home_folder / "expA")
    forgather.cli("job", "restart", queue_id)
    wait_for_runs(forgather, queue_id, ["latest/a", "own"])
    assert "is restarted" not in output(forgather, queue_id)


def test_a_replaced_mkdocs_folder_is_shown(forgather: Forgather, home_folder: Path) -> None:
    def make_site(folder: Path, text: str) -> None:
        (folder / "docs").mkdir(parents=True)
        (folder / "mkdocs.yml").write_text("site_name: Test\n")
        (folder / "docs" / "index.md").write_text(text)

    make_site(home_folder / "site", "First edition.")
    params = {"config_file": str(home_folder / "site" / "mkdocs.yml"), "port": "auto"}
    body = {"project_dir": str(home_folder), "config": "mkdocs:auto", "job_type": "mkdocs", "job_params": params}
    queue_id = str(forgather.post("/api/queue", body).json()["queue_id"])
    forgather.wait_status(queue_id, "running")
    wait_until(lambda: "First edition." in forgather.get(f"/api/mkdocs/{queue_id}/").text)
    (home_folder / "site").rename(home_folder / "old")
    make_site(home_folder / "site", "Second edition.")
    wait_until(lambda: "Second edition." in forgather.get(f"/api/mkdocs/{queue_id}/").text)
    assert f"{home_folder / 'site'} was replaced: MkDocs is restarted" in output(forgather, queue_id)


def test_a_removed_logdir_is_announced_and_shown_when_it_is_back(
    forgather: Forgather, home_folder: Path, sample_runs: Path
) -> None:
    logdir = make_run(home_folder / "runs", "before", sample_runs)
    queue_id = start(forgather, logdir)
    pid = forgather.job(queue_id)["pid"]
    logdir.rename(home_folder / "away")
    notice = f"{logdir} is gone: TensorBoard keeps showing its old content, and restarts when the folder is back"
    wait_until(lambda: notice in forgather.job(queue_id)["notices"])
    assert forgather.job(queue_id)["pid"] == pid
    # The same folder is back: no restart.
    (home_folder / "away").rename(logdir)
    wait_until(lambda: forgather.job(queue_id)["notices"] == [])
    assert forgather.job(queue_id)["pid"] == pid
    shutil.rmtree(logdir)
    wait_until(lambda: notice in forgather.job(queue_id)["notices"])
    make_run(logdir, "after", sample_runs)
    wait_for_runs(forgather, queue_id, ["after"])
    wait_until(lambda: forgather.job(queue_id)["notices"] == [])


def test_a_sleeping_viewer_shows_the_new_folder_when_it_wakes(
    forgather: Forgather, home_folder: Path, sample_runs: Path
) -> None:
    logdir = make_run(home_folder / "runs", "own", sample_runs)
    make_run(home_folder / "expA", "a", sample_runs)
    queue_id = start(forgather, logdir)
    forgather.cli("job", "sleep", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    _renamed(logdir, make_run(home_folder / "new", "after", sample_runs))
    # A link that did not exist when the unit was built.
    (logdir / "latest").symlink_to(home_folder / "expA")
    wait_for_runs(forgather, queue_id, ["after", "latest/a"])
