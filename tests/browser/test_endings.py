"""How a job ends, as the page tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.page_steps import card, expect_state, open_job, start
from forgather_server import Forgather
from playwright.sync_api import Page, expect
from waiting import wait_until

FreePort = Callable[[], int]
FAILS = "echo no such plugin >&2; exit 7"
IS_DEAF = "trap '' TERM; echo nothing is heard; while :; do sleep 0.1; done"


@pytest.fixture
def forgather(
    make_forgather: Callable[..., Forgather], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Forgather]:
    """A server whose TensorBoard is the script that the test names."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{request.param}\n")
    program.chmod(0o755)
    server = make_forgather(tensorboard=str(program), placement="direct", stop_timeout=300)
    server.start()
    yield server
    # The deaf one would not be stopped otherwise.
    for job in server.get("/api/jobs").json():
        if job["alive"]:
            server.post(f"/api/jobs/{job['queue_id']}/control/force-kill")


@pytest.mark.parametrize("forgather", [FAILS], indirect=True)
def test_a_failed_job_shows_its_reason_and_its_output(
    page: Page, forgather: Forgather, tmp_path: Path, free_port: FreePort
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    start(page, tmp_path, free_port(), "broken")
    mine = card(page, "broken")
    expect_state(mine, "failed")
    job = forgather.get("/api/jobs").json()[0]
    assert job["exit_code"] == 7 and job["error"]
    expect(mine.get_by_text(job["error"])).to_be_visible()
    panel = open_job(page, "broken")
    expect(panel.locator(".reason").first).to_have_text(job["error"])
    expect(panel.get_by_text("exit code 7", exact=True)).to_be_visible()
    for command, line in {
        "systemctl": f"systemctl --user status {job['unit']}",
        "journalctl": f"journalctl --user -u {job['unit']}",
    }.items():
        expect(panel.get_by_text(line, exact=True)).to_be_visible()
        panel.get_by_role("button", name=f"Copy the {command} line").click()
        wait_until(lambda line=line: page.evaluate("navigator.clipboard.readText()") == line)  # type: ignore[misc]
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.locator(".xterm-rows").get_by_text("no such plugin", exact=True)).to_be_visible()


@pytest.mark.parametrize("forgather", [IS_DEAF], indirect=True)
def test_force_kill_is_behind_a_second_step(
    page: Page, forgather: Forgather, tmp_path: Path, free_port: FreePort
) -> None:
    start(page, tmp_path, free_port(), "deaf")
    expect_state(card(page, "deaf"), "starting")
    queue_id = forgather.get("/api/jobs").json()[0]["queue_id"]
    panel = open_job(page, "deaf")
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.locator(".xterm-rows").get_by_text("nothing is heard")).to_be_visible()
    panel.get_by_role("button", name="Kill", exact=True).click()
    expect_state(panel, "stopping")
    panel.get_by_role("button", name="Force kill...").click()
    asked = page.get_by_role("dialog", name="Force kill deaf?")
    asked.get_by_role("button", name="Cancel").click()
    assert forgather.job(queue_id)["alive"]
    panel.get_by_role("button", name="Force kill...").click()
    asked.get_by_role("button", name="Force kill", exact=True).click()
    forgather.wait_status(queue_id, "aborted")
    expect_state(panel, "stopped")
