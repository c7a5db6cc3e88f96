"""Names that are not UTF-8, and files removed before a job starts: each affects one job or request only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather, submission

FreePort = Callable[[], int]


@pytest.fixture
def latin1(tmp_path: Path) -> Path:
    """A folder whose name has the byte of é in Latin-1."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "events.out.tfevents.1.x").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("field", "invalid"),
    [
        *(("logdir", text) for text in ("\ud800", "\udce9", "\uffff", "\ufdd0")),
        *((name, "\ud800") for name in ("window_title", "host", "config", "project_dir", "dynamic_args")),
    ],
    ids=ascii,
)
def test_invalid_text_is_refused_before_anything_is_stored(
    module_forgather: Forgather, tmp_path: Path, free_port: FreePort, field: str, invalid: str
) -> None:
    body = submission(tmp_path, port=free_port())
    if field == "dynamic_args":
        body[field] = {"name": ["nested", invalid]}
    elif field in body:
        body[field] = f"{tmp_path}/{invalid}"
    else:
        body["job_params"][field] = f"{tmp_path}/{invalid}"
    answer = module_forgather.post("/api/queue", body)
    assert answer.status_code == 400, answer.text
    assert "is not UTF-8" in answer.json()["detail"] or "is not valid Unicode" in answer.json()["detail"]
    assert module_forgather.get("/api/jobs").json() == []


def test_a_logdir_that_is_not_utf8_is_refused(forgather: Forgather, latin1: Path) -> None:
    """As the logdir of a job or a declared service. A link to it works."""
    refused = forgather.cli("tb", "--enqueue", "--logdir", str(latin1), check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is the byte 0xe9, which systemd does not accept in a path; rename" in refused.stderr
    refused = forgather.cli("service", "add", "tensorboard", "lab", f"logdir={latin1}", check=False)
    assert (refused.returncode, "is the byte 0xe9" in refused.stderr) == (1, True)
    assert forgather.get("/api/jobs").json() == []
    link = latin1.parent / "link"
    link.symlink_to(latin1)
    queue_id = forgather.submit(link, private=True)
    forgather.wait_status(queue_id, "running")
    runs = forgather.get(f"/api/tb/{queue_id}/data/environment").json()
    assert runs["data_location"] == str(link)


def test_a_link_in_the_logdir_to_such_a_folder_is_a_warning(forgather: Forgather, latin1: Path) -> None:
    logdir = latin1.parent / "runs"
    logdir.mkdir()
    (logdir / "linked").symlink_to(latin1)
    answer = forgather.post("/api/queue", submission(logdir, private=True)).json()
    assert any("whose name is not UTF-8" in warning for warning in answer["warnings"])
    forgather.wait_status(answer["queue_id"], "running")


def test_a_configuration_removed_before_its_job_starts(forgather: Forgather, sample_runs: Path, tmp_path: Path) -> None:
    project = tmp_path / "site"
    (project / "docs").mkdir(parents=True)
    (project / "docs" / "index.md").write_text("# Hello\n")
    (project / "mkdocs.yml").write_text("site_name: one\n")
    forgather.cli("sched", "pause")
    body = submission(project) | {
        "job_type": "mkdocs",
        "priority": 1,
        "job_params": {"config_file": str(project / "mkdocs.yml"), "private": True},
    }
    site = forgather.post("/api/queue", body).json()["queue_id"]
    other = forgather.submit(sample_runs, private=True, lazy=True)
    (project / "mkdocs.yml").unlink()
    forgather.cli("sched", "resume")
    ended = forgather.wait_status(site, "failed")
    assert "mkdocs.yml does not exist" in ended["error"]
    assert forgather.wait_status(other, "sleeping")
    forgather.cli("job", "restart", site)
    assert "mkdocs.yml does not exist" in forgather.wait_status(site, "failed")["error"]
    forgather.stop()
    forgather.start()
    assert forgather.job(site)["status"] == "failed"
    assert forgather.job(other)["status"] == "sleeping"
