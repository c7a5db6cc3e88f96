"""Every action that ends or removes a job can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from browser.page_steps import card, clean_up, expect_state, start, undo, view
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Page, expect

FreePort = Callable[[], int]


def test_a_killed_job_starts_again(page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    start(page, sample_runs, free_port(), "mistake")
    shown = card(page, "mistake")
    expect_state(shown, "running")
    queue_id = forgather.get("/api/jobs").json()[0]["queue_id"]
    shown.get_by_role("button", name="Kill", exact=True).click()
    expect_state(shown, "stopped")
    undo(page, "mistake is stopped.")
    expect_state(shown, "running")
    # The card of an ended job has the same action.
    forgather.cli("job", "kill", queue_id)
    expect_state(shown, "stopped")
    shown.get_by_role("button", name="Restart", exact=True).click()
    expect_state(shown, "running")
    assert [job["queue_id"] for job in forgather.get("/api/jobs").json()] == [queue_id]


def test_a_removed_job_returns_to_its_place(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    jobs = [forgather.submit(sample_runs, port="auto", lazy=True, window_title=title) for title in ("one", "two")]
    for queue_id in jobs:
        forgather.cli("job", "kill", queue_id)
    titles = ["two", "one"]
    shown = page.get_by_role("article").get_by_role("link")
    expect(shown).to_have_text(titles)
    card(page, "two").get_by_role("button", name="Remove").click()
    expect(shown).to_have_text(titles[1:])
    undo(page, "two is removed.")
    expect(shown).to_have_text(titles)
    clean_up(page, "2 stopped", "Remove 2 jobs")
    expect(page.get_by_text("No jobs yet")).to_be_visible()
    undo(page, "2 ended jobs removed.")
    expect(shown).to_have_text(titles)


def test_a_cancelled_job_returns_to_the_queue(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("first", "second"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    view(page, "Queue")
    titles = page.get_by_role("list", name="Queued jobs").get_by_test_id("title")
    page.get_by_role("listitem").filter(has_text="first").get_by_role("button", name="Cancel").click()
    expect(titles).to_have_text(["second"])
    undo(page, "first is cancelled.")
    expect(titles).to_have_text(["first", "second"])


def test_an_undo_that_is_too_late_is_refused(
    page: Page, forgather: Forgather, sample_runs: Path, watched: Watched
) -> None:
    watched.expect("status of 404")
    queue_id = forgather.submit(sample_runs, port="auto", lazy=True, window_title="late")
    forgather.cli("job", "kill", queue_id)
    page.context.route("**/api/jobs/restore", lambda route: route.fulfill(status=404, json={"detail": "too late"}))
    clean_up(page, "1 stopped", "Remove 1 job")
    undo(page, "1 ended job removed.")
    expect(page.get_by_text("too late")).to_be_visible()
