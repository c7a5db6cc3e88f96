"""An open page: what happens elsewhere is on it at once, and a server that was away is back without a click."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from browser.page_steps import card, expect_state, open_job
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Page, expect

FreePort = Callable[[], int]
WHILE_AWAY = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE"
LOST = re.compile("Connection to the server is lost")
NOTE_RESTART = """() => new MutationObserver(() => {
    window.restartIsTold ||= document.body.textContent.includes('The server was restarted.');
}).observe(document.body, {childList: true, subtree: true})"""


def test_the_page_shows_changes_by_the_command_line(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), window_title="elsewhere")
    mine = card(page, "elsewhere")
    expect_state(mine, "running")
    # By systemd's own command, even.
    forgather.systemctl("stop", forgather.unit(queue_id))
    expect(mine.get_by_test_id("state")).to_have_text(re.compile("stopped|sleeping"))
    forgather.cli("job", "kill", queue_id, check=False)
    expect_state(mine, "stopped")
    forgather.cli("sched", "pause")
    expect(page.get_by_text("The scheduler is paused.")).to_be_visible()
    assert forgather.delete(f"/api/jobs/{queue_id}").ok
    expect(mine).to_have_count(0)


def test_event_files_that_grow_are_noticed(page: Page, forgather: Forgather, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    forgather.submit(runs, port="auto", window_title="growing")
    mine = card(page, "growing")
    expect_state(mine, "running")
    expect(mine.get_by_text("no event files yet")).to_be_visible()
    (runs / "events.out.tfevents.1.host.1.0").touch()
    expect(mine.get_by_text(re.compile("^last event"))).to_be_visible()


def test_events_update_the_cards_without_requests(
    page: Page, forgather: Forgather, sample_runs: Path, tmp_path: Path
) -> None:
    """A browser sends six requests at a time: each one could wait for a dead file system."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/logdir" in request.url else None)
    forgather.submit(tmp_path, port="auto", lazy=True, window_title="without events")
    forgather.submit(sample_runs, port="auto", lazy=True, window_title="with events")
    page.reload()
    expect(card(page, "with events").get_by_text(re.compile("^last event"))).to_be_visible()
    expect(card(page, "without events").get_by_text("no event files yet")).to_be_visible()
    assert asked == []


def test_the_page_reports_a_killed_server_and_reconnects(
    page: Page, forgather: Forgather, watched: Watched, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), window_title="survivor")
    expect_state(card(page, "survivor"), "running")
    panel = open_job(page, "survivor")
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.get_by_text(re.compile(r"TensorBoard 2\.")).first).to_be_visible()
    pid = forgather.job(queue_id)["pid"]
    watched.expect(WHILE_AWAY)
    # The message disappears after a few seconds.
    page.evaluate(NOTE_RESTART)
    forgather.kill()
    expect(page.get_by_text(LOST)).to_be_visible()
    forgather.start()
    forgather.submit(sample_runs, port=free_port(), window_title="meanwhile")
    expect(page.get_by_text(LOST)).to_be_hidden()
    page.wait_for_function("window.restartIsTold")
    expect(card(page, "meanwhile")).to_be_visible()
    # The terminal continues after its last line.
    rows = panel.locator(".xterm-rows > div")
    expect(rows.filter(has_text="-- reconnected")).to_have_count(1)
    expect(rows.filter(has_text=re.compile(r"TensorBoard 2\."))).to_have_count(1)
    expect_state(panel, "running")
    assert forgather.job(queue_id)["pid"] == pid


def test_the_sidebar_stays_collapsed_over_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Collapse the sidebar").click()
    page.reload()
    expect(page.get_by_role("button", name="Expand the sidebar")).to_be_visible()
    # Its items keep their names.
    expect(page.get_by_role("button", name="TensorBoard...")).to_be_visible()
    # A phone shows no icons but the names.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("navigation", name="Views").get_by_text("Jobs", exact=True)).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Expand the sidebar").click()
    expect(page.get_by_text(re.compile(r"^forgather \d"))).to_be_visible()
