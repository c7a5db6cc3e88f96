"""A viewer's page, whatever is in it, stays below its prefix; stock TensorBoard's pages do not notice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from browser import hostile_viewer
from browser.hostile_viewer import HOSTILE, SIBLING, Site
from playwright.sync_api import Browser, Page
from ports import free_port
from waiting import PATIENCE, wait_until

from forgather_units.auth.session_cookie import cookie_name
from forgather_units.domain.viewer import mount_path
from forgather_units.proxy.destination import Open
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

BOARD = "q_1700000000000_0000b0a4"
TRIES = re.findall(
    r"^  '?([A-Za-z][A-Za-z -]*)'?: (?:async )?\(",
    Path(hostile_viewer.__file__).with_name("hostile_page.html").read_text(),
    re.MULTILINE,
)
# The attempts of an unconfined page succeed: so the tests above can fail.
BY_ITSELF = [
    "fetch",
    "fetch no-cors",
    "XMLHttpRequest",
    "beacon",
    "form",
    "frame",
    "worker of a blob",
    "service worker",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("auth"))
    yield made
    made.stop()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a viewer's page, for a user who is signed in."""
    contexts = []

    def open_page(queue_id: str, *, bypass_csp: bool = False) -> Page:
        context = browser.new_context(bypass_csp=bypass_csp)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        session = site.authority.sign_in("127.0.0.1", token=site.authority.token)
        context.add_cookies([{"name": cookie_name("http", ""), "value": session, "url": site.origin}])
        page = context.new_page()
        page.goto(site.page(queue_id))
        site.reached.clear()
        return page

    yield open_page
    for context in contexts:
        context.close()


def attack(page: Page, attempt: str) -> list[str]:
    try:
        reached: list[str] = page.evaluate("name => window.attack(name)", attempt)
    except Exception as error:  # the page itself was left behind
        reached = [str(error)]
    return reached


@pytest.mark.parametrize("attempt", TRIES)
def test_a_confined_viewer_reaches_nothing(site: Site, visit: Callable[..., Page], attempt: str) -> None:
    page = visit(HOSTILE)
    assert attack(page, attempt) == []
    # The page gets no response to a beacon or a form.
    page.wait_for_timeout(300)
    assert site.reached == []
    assert len(page.context.pages) == 1
    assert page.url == site.page(HOSTILE)


@pytest.mark.parametrize("attempt", BY_ITSELF)
def test_an_unconfined_viewer_reaches_it(site: Site, visit: Callable[..., Page], attempt: str) -> None:
    page = visit(HOSTILE, bypass_csp=True)
    attack(page, attempt)

    def reached() -> bool:
        page.wait_for_timeout(20)
        return any("/api/jobs" in request for request in site.reached)

    wait_until(reached)


def test_a_viewer_reaches_its_own_addresses(visit: Callable[..., Page]) -> None:
    assert visit(HOSTILE).evaluate("window.own()") == [200, "hostile"]


def test_a_link_gives_a_viewer_no_reference_to_the_page(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(SIBLING, bypass_csp=True)
    with page.context.expect_page() as opened:
        page.evaluate(
            "url => { const a = document.createElement('a');"
            " Object.assign(a, {href: url, target: '_blank', rel: 'noopener'}); document.body.append(a); a.click(); }",
            site.page(HOSTILE),
        )
    assert opened.value.evaluate("window.opener") is None


@pytest.fixture(scope="module")
def board(site: Site, sample_runs: Path) -> Iterator[str]:
    """A stock TensorBoard."""
    port = free_port()
    flags = [
        f"--logdir={sample_runs}",
        f"--port={port}",
        "--host=127.0.0.1",
        f"--path_prefix={mount_path(TENSORBOARD)}{BOARD}",
    ]
    command = [sys.executable, "-m", "tensorboard.main", *flags]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        site.targets[BOARD] = Open("127.0.0.1", port, "stock")
        bearer = {"Authorization": f"Bearer {site.authority.token}"}
        runs = f"{site.page(BOARD)}data/runs"
        try:
            wait_until(lambda: requests.get(runs, headers=bearer, timeout=120).text.startswith('["'))
            yield BOARD
        finally:
            process.terminate()


@pytest.mark.parametrize("tab", ["timeseries", "scalars", "text"])
def test_stock_tensorboard_draws_its_charts(site: Site, visit: Callable[..., Page], board: str, tab: str) -> None:
    page = visit(board)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{site.page(board)}#{tab}")
    page.reload()
    page.get_by_role("tab", name=tab.replace("time", "time ")).wait_for()
    if tab == "timeseries":
        page.locator("card-view canvas, card-view svg").first.wait_for()
    page.wait_for_load_state("networkidle")
    # Its icon and its font it asks for at the root of the origin, in vain as without a proxy.
    assert [each for each in complaints if "Content Security Policy" in each or "Refused" in each] == []
