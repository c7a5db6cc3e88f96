"""The scripts of the Open OnDemand app, run in the order of its basic template; Open OnDemand itself is not here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from forgather_server import FORGATHER, submission
from ports import free_port
from waiting import wait_until

APP = Path(__file__).parents[2] / "packaging" / "ondemand"
HOST = "node1"
_PATH = f"{Path(FORGATHER).parent}:{os.environ['PATH']}"
# What Open OnDemand's template defines, with the address of this machine.
_TEMPLATE = """
find_port() {{ echo {port}; }}
wait_until_port_used() {{ until curl -s -o /dev/null "http://127.0.0.1:{port}/api/health"; do sleep 0.1; done; }}
host={host}
. ./before.sh.erb
bash ./script.sh.erb &
script=$!
trap 'kill "$script"; wait "$script"; exit 0' TERM
. ./after.sh.erb
echo "ticket: $ticket" > connection.yml.new
mv connection.yml.new connection.yml
wait "$script"
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def session(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A session of the app in its own folder, with a ticket in connection.yml."""
    for file in (APP / "template").iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    environment = {
        **os.environ,
        "PATH": _PATH,
        "FORGATHER_ONDEMAND_URL": "https://ondemand.lab.org",
        "FORGATHER_ONDEMAND_ADDRESS": "127.0.0.1",
    }
    script = _TEMPLATE.format(port=port, host=HOST)
    with subprocess.Popen(["bash", "-c", script], cwd=tmp_path, env=environment) as process:
        try:
            wait_until(lambda: (tmp_path / "connection.yml").exists(), what="the session has a ticket")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def _units(port: int) -> str:
    command = ["systemctl", "--user", "list-units", "--no-legend", "--state=active,activating", f"ondemand{port}-*"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_a_session(session: subprocess.Popen[bytes], tmp_path: Path, port: int) -> None:
    ticket = yaml.safe_load((tmp_path / "connection.yml").read_text())["ticket"]
    # As Open OnDemand's web server sends it: below the path, under its own name.
    base = f"http://127.0.0.1:{port}/node/{HOST}/{port}"
    front = {"Host": "ondemand.lab.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    answer = requests.post(f"{base}/api/auth/login", json={"token": ticket}, headers=front, timeout=120)
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert f"Path=/node/{HOST}/{port}/" in cookie
    signed_in = {**front, "Cookie": cookie.partition(";")[0]}
    assert requests.get(f"{base}/api/jobs", headers=signed_in, timeout=120).json() == []
    # A ticket works once, and the session's folder has a script for another.
    again = requests.post(f"{base}/api/auth/login", json={"token": ticket}, headers=front, timeout=120)
    assert again.status_code == 401
    path = {**os.environ, "PATH": _PATH}
    made = subprocess.run([tmp_path / "login-url"], capture_output=True, text=True, check=True, timeout=120, env=path)
    assert made.stdout.startswith(f"https://ondemand.lab.org/node/{HOST}/{port}/?token=login-")
    assert (tmp_path / "config.yaml").stat().st_mode & 0o077 == 0

    # Its viewers end with it.
    job = submission(tmp_path, port="auto")
    queued = requests.post(f"{base}/api/queue", json=job, headers=signed_in, timeout=120)
    status = f"{base}/api/jobs/{queued.json()['queue_id']}/status"
    wait_until(lambda: requests.get(status, headers=signed_in, timeout=120).json()["status"] == "running")
    assert _units(port)
    session.send_signal(signal.SIGTERM)
    session.wait(120)
    wait_until(lambda: not _units(port), what="the session's units have ended")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{base}/api/health", timeout=120)


def test_the_link_and_the_connection_name_the_same_fields() -> None:
    fields = set(re.findall(r"<%= (\w+) %>", (APP / "view.html.erb").read_text()))
    submit = yaml.safe_load((APP / "submit.yml.erb").read_text())
    assert fields == {"host", "port", *submit["batch_connect"]["conn_params"]}
    assert yaml.safe_load((APP / "manifest.yml").read_text())["role"] == "batch_connect"
    form = yaml.safe_load((APP / "form.yml").read_text())
    assert set(form["attributes"]) <= set(form["form"])
