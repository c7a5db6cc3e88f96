"""Debian's Chromium, driven by Playwright. A test fails for a console error, and for a request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from waiting import PATIENCE

_CHROMIUM = "/usr/bin/chromium"
_PATIENCE = int(PATIENCE * 1000)
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: Playwright runs an event loop, and a process has at most one."""
    assert Path(_CHROMIUM).exists(), "chromium is not installed: packaging/install-debian-packages --tests"
    # The machine may be busy: what does not come in this time does not come.
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_FLAGS), timeout=_PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture
def watched(forgather: Forgather) -> Iterator[Watched]:
    noted = Watched(forgather.url.rstrip("/"))
    yield noted
    assert noted.unexpected() == []


@pytest.fixture
def context(browser: Browser, watched: Watched) -> Iterator[BrowserContext]:
    """A browser of its own for each test, every page of which is watched."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 800})
    fresh.set_default_timeout(_PATIENCE)
    fresh.on("page", lambda page: _watch(page, watched))
    yield fresh
    fresh.close()


def _watch(page: Page, watched: Watched) -> None:
    page.on("console", watched.console)
    page.on("pageerror", watched.error)
    page.on("request", watched.request)


@pytest.fixture
def page(context: BrowserContext, forgather: Forgather) -> Page:
    """The page, signed in by its address."""
    opened = context.new_page()
    opened.goto(f"{forgather.url}/?token={forgather.token}")
    opened.get_by_role("button", name="Skip").click()
    return opened
