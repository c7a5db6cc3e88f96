"""The page without a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import card, expect_state
from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{wanted} never gets the focus")


def test_a_tensorboard_is_started_and_killed_by_keys(
    page: Page, sample_runs: Path, free_port: Callable[[], int]
) -> None:
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    tab_to(page, page.get_by_role("button", name="TensorBoard..."))
    page.keyboard.press("Enter")
    # The first field has the focus.
    expect(page.get_by_role("combobox", name="Log directory")).to_be_focused()
    page.keyboard.type(str(sample_runs))
    tab_to(page, page.get_by_role("textbox", name="Port", exact=True))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(str(free_port()))
    tab_to(page, page.get_by_role("textbox", name="Window title"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    mine = card(page, "by keys")
    expect_state(mine, "running")
    tab_to(page, mine.get_by_role("link", name="by keys", exact=True))
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Job by keys")
    tab_to(page, panel.get_by_role("tab", name="Details"))
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("tab", name="TTY")).to_be_focused()
    expect(panel.get_by_role("searchbox", name="Search")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(mine.get_by_role("link", name="by keys", exact=True)).to_be_focused()
    for control in (
        mine.get_by_role("checkbox", name="Select by keys"),
        mine.get_by_role("link", name="Open by keys"),
        mine.get_by_role("button", name="Kill", exact=True),
    ):
        page.keyboard.press("ArrowRight")
        expect(control).to_be_focused()
    page.keyboard.press("Enter")
    expect_state(mine, "stopped")


def test_the_queue_is_ordered_by_keys(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("first", "second"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    page.get_by_role("link", name="Queue").click()
    titles = page.get_by_role("list", name="Queued jobs").get_by_test_id("title")
    expect(titles).to_have_text(["first", "second"])
    page.get_by_role("button", name="Move").nth(1).focus()

    def said(text: str) -> Locator:
        """The message to screen readers."""
        return page.get_by_role("status").filter(has_text=text)

    page.keyboard.press("Space")
    expect(said("second is over place 2 of 2.")).to_have_count(1)
    page.keyboard.press("ArrowUp")
    expect(said("second is over place 1 of 2.")).to_have_count(1)
    page.keyboard.press("Space")
    expect(titles).to_have_text(["second", "first"])


@pytest.fixture
def listed(page: Page, forgather: Forgather, sample_runs: Path) -> Page:
    """The page with 40 jobs that ended; their titles are in the order of the list."""
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for number in range(40, 0, -1):
        forgather.submit(sample_runs, port="auto", window_title=f"job {number}")
    expect(page.get_by_text("40 jobs")).to_be_visible()
    return page


def title(page: Page, name: str) -> Locator:
    return card(page, name).get_by_role("link", name=name, exact=True)


def test_arrows_move_through_the_jobs_behind_one_tab_stop(listed: Page) -> None:
    tab_to(listed, title(listed, "job 1"))
    listed.keyboard.press("ArrowDown")
    expect(title(listed, "job 2")).to_be_focused()
    listed.keyboard.press("End")
    expect(title(listed, "job 40")).to_be_focused()
    listed.keyboard.press("ArrowUp")
    expect(title(listed, "job 39")).to_be_focused()
    # One stop: the next ones are outside of the list, and the way back leads to the same card.
    listed.keyboard.press("Shift+Tab")
    expect(listed.get_by_role("list", name="Jobs").locator(":focus")).to_have_count(0)
    listed.keyboard.press("Tab")
    expect(title(listed, "job 39")).to_be_focused()
    listed.keyboard.press("Home")
    expect(title(listed, "job 1")).to_be_focused()
    listed.keyboard.press("Enter")
    expect(listed.get_by_role("region", name="Job job 1")).to_be_visible()


def test_the_focus_stays_in_the_list_when_a_job_is_removed(listed: Page, forgather: Forgather) -> None:
    for number in (1, 2, 3):
        card(listed, f"job {number}").get_by_role("button", name="Cancel").click()
        # The list moves before the next click.
        expect_state(card(listed, f"job {number}"), "stopped")
    listed.get_by_role("button", name=re.compile("^Ended")).click()
    expect(listed.get_by_role("article")).to_have_count(3)
    order = listed.get_by_role("article").evaluate_all("cards => cards.map(card => card.ariaLabel)")
    remove = card(listed, order[1]).get_by_role("button", name="Remove")
    remove.focus()
    listed.keyboard.press("Enter")
    expect(card(listed, order[1])).to_have_count(0)
    expect(title(listed, order[2])).to_be_focused()
    listed.keyboard.press("u")
    expect(card(listed, order[1])).to_be_visible()


def test_single_keys_act_on_the_page_but_not_in_a_field(listed: Page) -> None:
    listed.keyboard.press("/")
    search = listed.get_by_role("searchbox", name="Filter")
    expect(search).to_be_focused()
    listed.keyboard.type("/n?")
    expect(search).to_have_value("/n?")
    expect(listed.get_by_role("dialog")).to_have_count(0)
    search.fill("")
    title(listed, "job 1").focus()
    listed.keyboard.press("?")
    shortcuts = listed.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts.get_by_text("Start a TensorBoard")).to_be_visible()
    listed.keyboard.press("n")
    expect(listed.get_by_role("dialog")).to_have_count(1)
    listed.keyboard.press("Escape")
    expect(title(listed, "job 1")).to_be_focused()
    listed.keyboard.press("n")
    expect(listed.get_by_role("dialog", name="Start a TensorBoard")).to_be_visible()
