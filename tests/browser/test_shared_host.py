"""A member of a shared host in the browser: signed in as who they are, and told whose a job is."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from forgather_server import FORGATHER, Forgather
from playwright.sync_api import BrowserContext, expect
from shared_server import SharedForgather
from watched_page import Watched

from forgather_units.sandbox.plan import NEIGHBOUR


@pytest.fixture
def forgather(tmp_path: Path) -> Iterator[Forgather]:
    try:
        group = grp.getgrgid(pwd.getpwnam(NEIGHBOUR).pw_gid).gr_name
    except KeyError:
        pytest.skip(f"this machine has no second user whom we may be: the sandbox has ({NEIGHBOUR})")
    server = SharedForgather(tmp_path, group)
    try:
        server.start()
        yield server
    finally:
        server.clean()


def login_url(forgather: SharedForgather) -> str:
    command = shlex.join([FORGATHER, "login-url", "--server", forgather.address])
    done = subprocess.run(
        ["su", NEIGHBOUR, "-c", command], capture_output=True, text=True, check=True, timeout=60, cwd="/"
    )
    return done.stdout.strip()


def test_a_job_of_another_is_looked_at_and_left(
    context: BrowserContext, forgather: SharedForgather, watched: Watched, tmp_path: Path
) -> None:
    watched.expect("status of 403")
    owner = pwd.getpwuid(os.geteuid()).pw_name
    queue_id = forgather.submit(tmp_path, port="auto", window_title="Of the owner")
    forgather.wait_status(queue_id, "running")
    page = context.new_page()
    page.goto(login_url(forgather))
    # Nobody is asked for a password: it would be the server's.
    card = page.get_by_role("article", name="Of the owner")
    expect(card.get_by_text(f"of {owner}")).to_be_visible()
    card.get_by_role("button", name="Kill").click()
    expect(page.get_by_text(f"is {owner}'s: only {owner} and the admins")).to_be_visible()
    assert forgather.job(queue_id)["status"] == "running"
