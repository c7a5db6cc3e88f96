"""Steps of a user on the page, by the visible names."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from waiting import PATIENCE

STORAGE_KEY = "forgather-global-tensorboard-v1"
SLOWLY = int(PATIENCE * 1000)
"""A stock TensorBoard starts within this many milliseconds, on a busy machine too."""


def show_services(page: Page) -> None:
    """On a phone the services are in the menu."""
    menu = page.get_by_role("button", name="Menu", exact=True)
    if menu.is_visible() and menu.get_attribute("aria-expanded") == "false":
        menu.click()


def open_dialog(page: Page) -> None:
    show_services(page)
    page.get_by_role("region", name="Services").get_by_role("button", name="TensorBoard...").click()
    expect(page.get_by_role("dialog", name="Start a TensorBoard")).to_be_visible()


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog").get_by_label(name, exact=True)


def fill(page: Page, logdir: Path | str, port: int | str, title: str) -> None:
    field(page, "Log directory").fill(str(logdir))
    field(page, "Port").fill(str(port))
    field(page, "Window title").fill(title)


def submit_button(page: Page) -> Locator:
    """Of a viewer's dialog. It offers another port while another process has the one of the form."""
    return page.get_by_role("button", name=re.compile(r"^Start (TensorBoard|MkDocs|on \d+)$"))


def submit(page: Page) -> None:
    page.get_by_role("button", name="Start TensorBoard").click()


def start(page: Page, logdir: Path | str, port: int | str, title: str) -> None:
    open_dialog(page)
    fill(page, logdir, port, title)
    submit(page)
    expect(page.get_by_role("dialog")).to_be_hidden()


def open_mkdocs_dialog(page: Page) -> None:
    show_services(page)
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
    expect(shown.get_by_test_id("state").first).to_have_text(word, timeout=SLOWLY)


def open_job(page: Page, title: str) -> Locator:
    """By its card; its panel."""
    card(page, title).get_by_role("link", name=title, exact=True).click()
    panel = page.get_by_role("region", name=f"Job {title}")
    expect(panel).to_be_visible()
    return panel


def clean_up(page: Page, kinds: str, button: str) -> None:
    """Remove all ended jobs; `kinds` and `button` are what the dialog says about them."""
    page.get_by_role("button", name="Clean completed...").click()
    asked = page.get_by_role("dialog", name="Remove ended jobs?")
    expect(asked.get_by_text(kinds)).to_be_visible()
    asked.get_by_role("button", name=button).click()
    expect(asked).to_be_hidden()


def undo(page: Page, text: str) -> None:
    """Press Undo in the message with this text."""
    message = page.get_by_role("status", name="Messages").locator("div").filter(has_text=text)
    message.get_by_role("button", name="Undo").click()


def more(shown: Locator, title: str, entry: str) -> None:
    """The job's menu."""
    shown.get_by_role("button", name=f"More for {title}").click()
    shown.page.get_by_role("menuitem", name=entry).click()
