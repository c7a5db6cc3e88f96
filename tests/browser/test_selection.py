"""Several jobs at once, the table, and jobs with the same title."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from browser.page_steps import card, expect_state, more, open_job, undo
from forgather_server import Forgather
from playwright.sync_api import Page, expect
from waiting import wait_until

FreePort = Callable[[], int]


def test_selected_jobs_are_stopped_removed_and_restored_together(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    running = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="active")
    forgather.wait_status(running, "sleeping")
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("one", "two"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    for title in ("active", "one"):
        card(page, title).get_by_role("checkbox", name=f"Select {title}").check()
    bar = page.get_by_role("toolbar", name="Selected jobs")
    expect(bar.get_by_role("status")).to_have_text("2 jobs selected")
    bar.get_by_role("button", name="Cancel 1").click()
    expect_state(card(page, "one"), "stopped")
    expect(bar).to_have_count(0)
    card(page, "active").get_by_role("checkbox").check()
    bar.get_by_role("button", name="Select all shown").click()
    expect(bar.get_by_role("status")).to_have_text("3 jobs selected")
    bar.get_by_role("button", name="Kill 1").click()
    expect_state(card(page, "active"), "stopped")
    for title in ("active", "one"):
        card(page, title).get_by_role("checkbox").check()
    bar.get_by_role("button", name="Remove 2").click()
    expect(page.get_by_role("article")).to_have_count(1)
    undo(page, "2 jobs removed.")
    expect(page.get_by_role("article")).to_have_count(3)
    # By keys: the check box is one of the controls of a card.
    card(page, "one").get_by_role("link", name="one", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(bar.get_by_role("button", name="Restart 1")).to_be_visible()
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)


def test_the_table_shows_the_same_jobs_in_less_space(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("alpha", "beta"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    high = card(page, "alpha").bounding_box()
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_role("button", name="Table")).to_have_attribute("aria-pressed", "true")
    expect(card(page, "alpha").get_by_text(str(sample_runs))).to_be_visible()
    assert high
    wait_until(lambda: (low := card(page, "alpha").bounding_box()) and low["height"] < high["height"] * 0.7)
    expect_state(card(page, "beta"), "queued")
    page.reload()
    expect(page.get_by_role("button", name="Table")).to_have_attribute("aria-pressed", "true")
    card(page, "beta").get_by_role("button", name="Cancel").click()
    expect_state(card(page, "beta"), "stopped")


def test_jobs_with_the_same_title_show_their_folder_and_time(
    page: Page, forgather: Forgather, sample_runs: Path
) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for folder in (sample_runs, sample_runs.parent):
        forgather.submit(folder, port="auto", window_title="twin")
    expect(card(page, "twin")).to_have_count(2)
    for folder in (sample_runs, sample_runs.parent):
        shown = card(page, "twin").filter(has=page.get_by_text(str(folder), exact=True))
        expect(shown.get_by_text(re.compile(r"^queued .*\d"))).to_be_visible()


def test_the_link_is_the_address_behind_the_sign_in(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    queue_id = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="linked")
    forgather.wait_status(queue_id, "sleeping")
    link = f"{forgather.url}/api/tb/{queue_id}/"
    more(card(page, "linked"), "linked", "Copy link")
    expect(page.get_by_text(f"Copied {link}")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    panel = open_job(page, "linked")
    expect(panel.get_by_text(link, exact=True)).to_be_visible()
