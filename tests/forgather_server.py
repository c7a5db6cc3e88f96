"""A real `forgather server` with its own state folder, unit prefix and port, which it removes afterwards."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest
import requests
import yaml
from ports import free_port
from waiting import PATIENCE, wait_until

FORGATHER = str(Path(sys.executable).with_name("forgather"))


class Forgather:
    """The server, its command line and its API, separate from the user's own servers and units."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.prefix = f"fgtest{secrets.token_hex(4)}"
        self.config = folder / "config.yaml"
        self.settings = {
            # Port 0 would be one of those that the kernel gives to outgoing connections while the server is down.
            "port": free_port(),
            "unit_prefix": self.prefix,
            "state_dir": str(folder / "state"),
            "auth_dir": str(folder / "auth"),
            **settings,
        }
        self.url = ""
        self.token = ""
        self.process: subprocess.Popen[str] | None = None
        self.runs = 0

    def start(self) -> None:
        """Start it and wait until it responds; read the token from its file."""
        self.config.write_text(yaml.safe_dump(self.settings))
        self.runs += 1
        self.log = self.folder / f"server-{self.runs}.log"
        with self.log.open("w") as log:
            self.process = self._spawn([FORGATHER, "server", "--config", str(self.config)], log)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert " at http" in line, self.log.read_text()
        self.url = next(word for word in line.split() if word.startswith("http"))
        token_file = Path(self.settings["auth_dir"], "auth_token")
        self.token = token_file.read_text().strip() if token_file.exists() else ""
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.token}"
        wait_until(lambda: self.get("/api/health").ok)

    def _spawn(self, command: list[str], log: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def stop(self) -> None:
        """Terminate it, and check that it exits with status 0."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(120) == 0, self.log.read_text()
            self._closed()

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(120)
        self._closed()

    def _closed(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def clean(self) -> None:
        """Stop the server and all its units."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(120)
            self._closed()
        self.systemctl("stop", f"{self.prefix}*.slice", f"{self.prefix}-*.service")
        self.systemctl("reset-failed", f"{self.prefix}-*.service")
        wait_until(lambda: not self.units())

    def forget_jobs(self) -> None:
        """Kill and remove all jobs, so that the next test starts with an empty server."""
        for job in self.get("/api/jobs").json():
            if job["alive"] or job["status"] == "queued":
                self.post(f"/api/jobs/{job['queue_id']}/control/force-kill")
        wait_until(lambda: self.post("/api/jobs/cleanup").ok and self.get("/api/jobs").json() == [])
        wait_until(lambda: not self.systemctl("list-units", "--all", "--no-legend", f"{self.prefix}-*"))

    # The API

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=120, **how)

    def post(self, path: str, body: Any = None, **how: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, timeout=120, **how)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self.url + path, timeout=120)

    def submit(self, logdir: Path | str, *, priority: int = 0, **params: Any) -> str:
        """Queue a TensorBoard; its id."""
        answer = self.post("/api/queue", submission(logdir, priority=priority, **params))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["queue_id"])

    def job(self, queue_id: str) -> dict[str, Any]:
        answer = self.get(f"/api/jobs/{queue_id}/status")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    def wait_status(self, queue_id: str, *statuses: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The job once it is in one of `statuses`."""

        job: dict[str, Any] = {}

        def is_reached() -> bool:
            job.update(self.job(queue_id))
            return job["status"] in statuses

        try:
            wait_until(is_reached, seconds)
        except AssertionError:
            unit = self.systemctl("status", "--no-pager", "--lines=0", "--all", f"{self.prefix}-*{queue_id}*")
            pytest.fail(f"{queue_id} is not {statuses} within {seconds} s:\n{job}\n{unit}\n{self.log.read_text()}")
        return job

    def wait_visited(self, queue_id: str) -> dict[str, Any]:
        """The running job, after a visit: then its proxy has accepted all earlier connections.

        For one that waits in the socket, systemd would start a killed viewer again.
        """
        job = self.wait_status(queue_id, "running")
        assert self.get(job["url"]).status_code == 200
        return job

    # The command line and systemd

    def cli(self, *words: str, check: bool = True, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run `forgather WORDS` with this server's address and token."""
        environment = {**os.environ, "FORGATHER_SERVER_URL": self.url, "FORGATHER_SERVER_TOKEN": self.token}
        # With it the command formats its tables for a terminal.
        environment.pop("COLUMNS", None)
        done = subprocess.run(
            [FORGATHER, *words], capture_output=True, text=True, check=False, env=environment, timeout=120, **how
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def cli_json(self, *words: str) -> Any:
        return json.loads(self.cli(*words, "--json").stdout)

    def systemctl(self, *words: str) -> str:
        done = subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)
        return done.stdout

    def unit(self, queue_id: str) -> str:
        return f"{self.prefix}-tensorboard-{queue_id}.service"

    def units(self) -> list[str]:
        """All loaded units of this server, running or failed."""
        lines = self.systemctl("list-units", "--all", "--plain", "--no-legend", f"{self.prefix}-*.service").splitlines()
        return [line.split()[0] for line in lines]


def submission(logdir: Path | str, *, priority: int = 0, **params: Any) -> dict[str, Any]:
    """The body of POST /api/queue."""
    port = params.get("port", 6006)
    return {
        "project_dir": str(logdir),
        "config": f"tensorboard:{port}",
        "requested_gpus": 0,
        "priority": priority,
        "job_type": "tensorboard",
        "job_params": {"logdir": str(logdir), **params},
    }
