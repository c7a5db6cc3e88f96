"""A shared host: the kernel identifies clients of the unix socket, and members may change their own jobs."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import FORGATHER
from shared_server import SharedForgather, as_member, members, shared_server

from forgather_units.sandbox.plan import NEIGHBOUR

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedForgather]:
    with shared_server(tmp_path) as server:
        yield server


@pytest.fixture
def logdir(shared: SharedForgather) -> str:
    """A world-readable logdir."""
    folder = Path(shared.open_folder.name, "runs")
    folder.mkdir(mode=0o755)
    return str(folder)


@pytest.fixture
def cli(shared: SharedForgather) -> Callable[..., Done]:
    """`forgather WORDS` as a member, without a token."""
    return lambda *words: as_member(FORGATHER, *words, "--server", shared.address)


def queued(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["queue_id"])


def enqueue(cli: Callable[..., Done], logdir: str, *more: str) -> str:
    return queued(cli("tb", "--enqueue", "--logdir", logdir, "--port", "auto", "--json", *more))


def test_a_member_needs_no_token_and_owns_the_jobs_they_queue(
    shared: SharedForgather, cli: Callable[..., Done], logdir: str
) -> None:
    mine = enqueue(cli, logdir, "--wait")
    assert shared.job(mine)["owner"] == NEIGHBOUR
    assert f"owner:     {NEIGHBOUR}" in cli("job", "status", mine).stdout
    assert f"address:   {shared.url}/api/tb/{mine}/" in cli("job", "status", mine).stdout
    ours = shared.submit(logdir, port="auto")
    listed = {line.split()[0]: line for line in cli("job", "list").stdout.splitlines()}
    assert "OWNER" in listed["ID"]
    assert NEIGHBOUR in listed[mine]
    assert pwd.getpwuid(os.geteuid()).pw_name in listed[ours]
    # The owner survives a restart of the server.
    shared.stop()
    shared.start()
    assert shared.job(mine)["owner"] == NEIGHBOUR
    printed = [cli("job", "kill", mine, "--json"), cli("job", "wait", mine, "--json")]
    killed, waited = (json.loads(done.stdout) for done in printed)
    assert killed["data"]["url"] == waited["url"] == f"{shared.url}/api/tb/{mine}/"
    shared.wait_status(mine, "aborted")
    assert f"forgather.audit: {NEIGHBOUR}: POST /api/jobs/{mine}/control/kill: 200" in shared.log.read_text()


def test_members_may_read_but_not_change_the_jobs_of_others(
    shared: SharedForgather, cli: Callable[..., Done], logdir: str
) -> None:
    owner = pwd.getpwuid(os.geteuid()).pw_name
    ours = shared.submit(logdir, port="auto")
    shared.wait_status(ours, "running")
    assert cli("job", "status", ours).returncode == 0
    assert cli("job", "dump", ours).returncode == 0
    assert cli("job", "wake", ours).returncode == 0
    for words in (
        ("job", "kill", ours),
        ("job", "force-kill", "--yes", ours),
        ("job", "restart", ours),
        ("job", "sleep", ours),
        ("job", "cancel", ours),
        ("job", "remove", ours),
        ("sched", "priority", ours, "7"),
    ):
        done = cli(*words)
        refusal = f"forgather: {ours} belongs to {owner}: only {owner} and the admins of this server may change it\n"
        assert (done.returncode, done.stderr) == (1, refusal), words
    assert "only the admins of this server may pause or resume the queue" in cli("sched", "pause").stderr
    declared = cli("service", "add", "tensorboard", "lab", f"logdir={logdir}")
    assert "only the admins of this server may change its services" in declared.stderr
    assert shared.job(ours)["status"] == "running"
    assert shared.job(ours)["priority"] == 0
    # A member may remove their own ended jobs only.
    shared.post(f"/api/jobs/{ours}/control/kill")
    shared.wait_status(ours, "aborted")
    assert "removed: 0" in cli("job", "cleanup").stdout
    mine = enqueue(cli, logdir, "--wait")
    # The server's token may change all jobs.
    assert shared.post(f"/api/jobs/{mine}/control/kill").ok
    shared.wait_status(mine, "aborted")
    assert "removed: 1" in cli("job", "cleanup").stdout


def test_a_login_link_signs_in_as_the_member(shared: SharedForgather, cli: Callable[..., Done], logdir: str) -> None:
    url = cli("login-url").stdout.strip()
    assert url.startswith(f"{shared.url}/?token=login-")
    ticket = {"token": url.partition("token=")[2]}
    browser = requests.Session()
    assert browser.post(f"{shared.url}/api/auth/login", json=ticket, timeout=120).ok
    me = browser.get(f"{shared.url}/api/auth/me", timeout=120).json()
    assert me == {"user": NEIGHBOUR, "is_admin": False, "address": shared.url}
    ours = shared.submit(logdir, port="auto")
    refused = browser.post(f"{shared.url}/api/jobs/{ours}/control/kill", timeout=120)
    assert refused.status_code == 403
    password = browser.post(f"{shared.url}/api/auth/set-password", json={"password": "correct horse"}, timeout=120)
    assert password.status_code == 403
    # It is valid once: a copy from a history or a log is useless.
    assert requests.post(f"{shared.url}/api/auth/login", json=ticket, timeout=120).status_code == 401
    # The ticket itself is neither a session cookie nor a bearer token.
    for headers in ({"Cookie": f"forgather_session={ticket['token']}"}, {"Authorization": f"Bearer {ticket['token']}"}):
        assert requests.get(f"{shared.url}/api/jobs", headers=headers, timeout=120).status_code == 401


def status(shared: SharedForgather, *more: str) -> list[str]:
    return ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", shared.socket_path, *more,
            "http://localhost/api/jobs"]  # fmt: skip


def test_which_clients_the_socket_accepts(shared: SharedForgather) -> None:
    assert as_member(*status(shared)).stdout == "200"
    # A reverse proxy may run as a member; its own clients are no members.
    for header in ("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 box", "X-Real-IP: 192.0.2.1",
                   f"Host: {socket.gethostname()}"):  # fmt: skip
        assert as_member(*status(shared, "-H", header)).stdout == "401"
    # The server's own account is refused: a compromised viewer would have the same uid.
    own = subprocess.run(status(shared), capture_output=True, text=True, check=True)
    assert own.stdout == "401"
    refused = subprocess.run(
        [FORGATHER, "job", "list", "--server", shared.address], capture_output=True, text=True, check=False
    )
    assert "does not know you: the members of its group use this server" in refused.stderr
    # Peer credentials exist on the unix socket only: TCP has none.
    assert requests.get(f"{shared.url}/api/jobs", timeout=120).status_code == 401


def test_an_admin_of_the_settings_may_change_all(tmp_path: Path) -> None:
    with shared_server(tmp_path, admins=[f"%{members()}"], public_url="https://tb.example.org") as server:
        ours = server.submit(tmp_path, port="auto")
        assert as_member(FORGATHER, "job", "kill", ours, "--server", server.address).returncode == 0
        url = as_member(FORGATHER, "login-url", "--json", "--server", server.address)
        link: dict[str, Any] = json.loads(url.stdout)
        assert link["url"].startswith("https://tb.example.org/?token=login-")
        assert (link["user"], link["seconds"]) == (NEIGHBOUR, 900)


def test_the_refusal_of_an_unreadable_logdir_explains_how_to_grant_access(
    shared: SharedForgather, cli: Callable[..., Done]
) -> None:
    account = pwd.getpwuid(os.geteuid()).pw_name
    home = f"/var/tmp/closed-{Path(shared.open_folder.name).name}"
    assert as_member("install", "-d", "-m", "700", home, f"{home}/runs").returncode == 0
    try:
        done = cli("tb", "--enqueue", "--logdir", f"{home}/runs")
        assert done.returncode == 1
        assert f"logdir {home}/runs cannot be read: {home} is closed to {account}" in done.stderr
        assert f"setfacl -m u:{account}:x {home} && setfacl -R -m u:{account}:rX,d:u:{account}:rX" in done.stderr
        assert f"its owner ({NEIGHBOUR}) can grant it: " in done.stderr and "chgrp" not in done.stderr
        as_member("chmod", "711", home)
        as_member("chmod", "755", f"{home}/runs")
        assert shared.job(enqueue(cli, f"{home}/runs"))["owner"] == NEIGHBOUR
    finally:
        as_member("rm", "-r", home)
