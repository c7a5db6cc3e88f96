"""What a person does on the page, by the names that they see."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

STORAGE_KEY = "forgather-global-tensorboard-v1"
SLOWLY = 60_000
"""A stock TensorBoard starts within this many milliseconds, on a busy machine too."""


def open_dialog(page: Page) -> None:
    page.get_by_role("region", name="Services").get_by_role("button", name="TensorBoard...").click()
    expect(page.get_by_role("dialog", name="Start a TensorBoard")).to_be_visible()


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog").get_by_role("textbox", name=name, exact=True)


def fill(page: Page, logdir: Path | str, port: int | str, title: str) -> None:
    field(page, "Log directory").fill(str(logdir))
    field(page, "Port").fill(str(port))
    field(page, "Window title").fill(title)


def submit(page: Page) -> None:
    page.get_by_role("button", name="Start TensorBoard").click()


def start(page: Page, logdir: Path | str, port: int | str, title: str) -> None:
    open_dialog(page)
    fill(page, logdir, port, title)
    submit(page)
    expect(page.get_by_role("dialog")).to_be_hidden()


def open_mkdocs_dialog(page: Page) -> None:
    page.get_by_role("region", name="Services").get_by_role("button", name="MkDocs...").click()
    expect(page.get_by_role("dialog", name="Start MkDocs")).to_be_visible()


def name_service(page: Page, name: str) -> None:
    """From a viewer's dialog: its values become a service."""
    page.get_by_role("button", name="Create service...").click()
    page.get_by_role("dialog", name="Create a service").get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("button", name="Create service", exact=True).click()


def service(page: Page, name: str) -> Locator:
    """Its line in the sidebar."""
    return page.get_by_role("region", name="Services").get_by_role("listitem", name=name, exact=True)


def view(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=title, exact=True)


def expect_state(shown: Locator, word: str) -> None:
    """Of a card or of a job's own panel."""
    expect(shown.locator(".state-word").first).to_have_text(word, timeout=SLOWLY)


def open_job(page: Page, title: str) -> Locator:
    """By its card; its panel."""
    card(page, title).get_by_role("link", name=title, exact=True).click()
    panel = page.get_by_role("region", name=f"Job {title}")
    expect(panel).to_be_visible()
    return panel


def more(shown: Locator, title: str, entry: str) -> None:
    """The job's menu."""
    shown.get_by_role("button", name=f"More for {title}").click()
    shown.page.get_by_role("menuitem", name=entry).click()
