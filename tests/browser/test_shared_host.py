"""A member of a shared host in the browser: signed in by name; each job shows its owner."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.watched_page import Watched
from forgather_server import FORGATHER, Forgather
from playwright.sync_api import BrowserContext, expect
from shared_server import SharedForgather, as_member, shared_server


@pytest.fixture
def forgather(tmp_path: Path) -> Iterator[Forgather]:
    with shared_server(tmp_path) as server:
        yield server


def test_a_member_views_but_does_not_change_a_job_of_another(
    context: BrowserContext, forgather: SharedForgather, watched: Watched, tmp_path: Path
) -> None:
    watched.expect("status of 403")
    owner = pwd.getpwuid(os.geteuid()).pw_name
    queue_id = forgather.submit(tmp_path, port="auto", window_title="Of the owner")
    forgather.wait_status(queue_id, "running")
    page = context.new_page()
    page.goto(as_member(FORGATHER, "login-url", "--server", forgather.address).stdout.strip())
    # The page offers a member no password: it would be the server's.
    card = page.get_by_role("article", name="Of the owner")
    expect(card.get_by_text(f"of {owner}")).to_be_visible()
    card.get_by_role("button", name="Kill").click()
    expect(page.get_by_text(f"belongs to {owner}: only {owner} and the admins")).to_be_visible()
    assert forgather.job(queue_id)["status"] == "running"
