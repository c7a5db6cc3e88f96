"""Without a mouse: from the page's top to a TensorBoard that is killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather
from page_steps import card, expect_state
from playwright.sync_api import Locator, Page, expect


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the focus never comes to {wanted}")


def test_all_of_it_by_keys(page: Page, sample_runs: Path, free_port: Callable[[], int]) -> None:
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    tab_to(page, page.get_by_role("button", name="TensorBoard..."))
    page.keyboard.press("Enter")
    # The dialog begins at its first field.
    expect(page.get_by_role("textbox", name="Log directory")).to_be_focused()
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
    tab_to(page, mine.get_by_role("button", name="Kill", exact=True))
    page.keyboard.press("Enter")
    expect_state(mine, "aborted")


def test_the_queue_is_ordered_by_keys(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("first", "second"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    page.get_by_role("link", name="Queue").click()
    titles = page.get_by_role("list", name="Queued jobs").locator(".queue-title")
    expect(titles).to_have_text(["first", "second"])
    page.get_by_role("button", name="Move").nth(1).focus()

    def said(text: str) -> Locator:
        """To a screen reader."""
        return page.get_by_role("status").filter(has_text=text)

    page.keyboard.press("Space")
    expect(said("second is over place 2 of 2.")).to_have_count(1)
    page.keyboard.press("ArrowUp")
    expect(said("second is over place 1 of 2.")).to_have_count(1)
    page.keyboard.press("Space")
    expect(titles).to_have_text(["second", "first"])
