"""The page, a TensorBoard and its output below a path of nginx, which removes it or keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.below_a_path import nginx
from browser.charts import IS_DRAWN
from browser.page_steps import SLOWLY, card, expect_state, open_job, start, view
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, expect

BASE = "/lab/tensorboards"


@dataclass(frozen=True)
class Front:
    """The address of the page, and the server behind it."""

    url: str
    server: Forgather


@pytest.fixture(params=["stripped", "kept"])
def lab(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_forgather: Callable[..., Forgather],
    free_port: Callable[[], int],
) -> Iterator[Front]:
    port = free_port()
    url = f"http://127.0.0.1:{port}{BASE}"
    server = make_forgather(public_url=url, trusted_proxy="127.0.0.1")
    server.start()
    with nginx(tmp_path / "nginx", port, BASE, server.url, strips=request.param == "stripped"):
        yield Front(url, server)


@pytest.fixture
def watched(lab: Front) -> Iterator[Watched]:
    """Every request stays below the path, but for TensorBoard's own at the root."""
    noted = Watched(lab.url)
    noted.expect(r"/(favicon\.ico|font-roboto/)")
    yield noted
    # `Watched` knows the paths of a server at the root.
    base = urlsplit(lab.url).path
    assert [
        each
        for each in noted.unexpected()
        if not re.search(rf"request to http://[^/]+{base}/(assets/|api/|$|\?)", each)
    ] == []


def test_a_tour_below_a_path(
    context: BrowserContext, lab: Front, sample_runs: Path, free_port: Callable[[], int], watched: Watched
) -> None:
    watched.expect("status of (401|404)")
    page = context.new_page()
    assert lab.server.cli_json("login-url")["url"].startswith(f"{lab.url}/?token=")
    page.goto(f"{lab.url}/?token={lab.server.token}")
    page.get_by_role("button", name="Skip").click()
    expect(page).to_have_url(f"{lab.url}/")
    start(page, sample_runs, free_port(), "below")
    mine = card(page, "below")
    expect_state(mine, "running")
    queue_id = lab.server.get("/api/jobs").json()[0]["queue_id"]

    with page.context.expect_page() as opened:
        mine.get_by_role("link", name="Open below").click()
    board = opened.value
    expect(board).to_have_url(re.compile(re.escape(f"{lab.url}/api/tb/{queue_id}/")))
    board.goto(f"{lab.url}/api/tb/{queue_id}/#timeseries")
    board.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)
    board.wait_for_function(IS_DRAWN, timeout=SLOWLY)
    # The policy confines the viewer's page to its own path.
    assert not board.evaluate(f"fetch('{BASE}/api/jobs').then(() => true, () => false)")
    watched.expect("Content Security Policy")
    board.close()

    panel = open_job(page, "below")
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.get_by_text(re.compile(r"TensorBoard 2\.")).first).to_be_visible()
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download").click()
    assert download.value.url == f"{lab.url}/api/jobs/{queue_id}/tty"
    panel.get_by_role("button", name="Kill", exact=True).click()
    expect_state(panel, "stopped")
    view(page, "Jobs")

    # A viewer asks for a sign-in, which leads back to it.
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{lab.url}/api/tb/{queue_id}/")
    page.get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(re.escape(f"{lab.url}/?next=")))
    page.get_by_role("textbox", name="Token").fill(lab.server.token)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Skip").click()
    page.wait_for_url(f"{lab.url}/api/tb/{queue_id}/")
    page.get_by_role("link", name="Forgather's page").click()
    expect(page).to_have_url(f"{lab.url}/")
