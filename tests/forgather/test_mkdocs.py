"""Forgather's own client queues MkDocs: `mkdocs --enqueue -w src/ --dirty`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather


def test_mkdocs_enqueue(forgather: Forgather, tmp_path: Path, free_port: Callable[[], int]) -> None:
    for folder in ("docs", "src"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text("site_name: Site\n")
    params = {
        "config_file": str(config),
        "host": "localhost",
        "port": free_port(),
        "strict": False,
        "livereload": True,
        "dirty": True,
        # As it was typed, in the client's folder.
        "watch": ["src/", str(tmp_path / "docs")],
    }
    body = {
        "project_dir": str(tmp_path),
        "config": "mkdocs:8000",
        "dynamic_args": {},
        "requested_gpus": 0,
        "priority": 0,
        "job_type": "mkdocs",
        "job_params": params,
    }
    response = forgather.post("/api/queue", body)
    assert response.ok, response.text
    queue_id = response.json()["queue_id"]
    forgather.wait_status(queue_id, "running", "sleeping")
    assert forgather.get(f"/api/mkdocs/{queue_id}/").status_code == 200
    sent = forgather.job(queue_id)["job_params"]
    assert (sent["dirty"], sent["watch"]) == (True, [str(tmp_path / "src"), str(tmp_path / "docs")])
    command = forgather.cli(
        "mkdocs", "-f", str(config), "-p", "8001", "-H", "::1", "-w", ".", "--dirty", "--livereload", "--dry-run"
    )
    assert "--dirtyreload" in command.stdout
    assert "--dev-addr=[::1]:8001" in command.stdout
    assert f"--watch={Path.cwd()}" in command.stdout
    assert "--no-livereload" not in command.stdout
