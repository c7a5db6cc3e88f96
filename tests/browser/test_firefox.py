"""The page in Firefox, once: from the sign-in to a TensorBoard, its output and its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.charts import IS_DRAWN
from browser.firefox import Firefox, Tab, running_firefox
from forgather_server import Forgather
from waiting import wait_until

_TITLE = "in Firefox"
# Firefox ends the streams of a page before it leaves it.
_NOTE_A_LOST_CONNECTION = """void new MutationObserver(() => {
    if (/lost/.test(document.body.innerText)) sessionStorage.setItem('lost', document.body.innerText);
}).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })"""


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    with running_firefox(tmp_path) as running:
        yield running


def _wait_state(tab: Tab, state: str) -> None:
    tab.wait_text("[data-testid=state]", f"^{state}$")


def _sign_in(tab: Tab, forgather: Forgather) -> None:
    tab.goto(forgather.url)
    tab.fill("Token", forgather.token)
    tab.click("button", "Sign in")
    tab.click("button", "Skip")
    tab.find("heading", "Jobs")


def _start(tab: Tab, logdir: Path, port: int) -> None:
    tab.click("button", "TensorBoard...")
    dialog = tab.find("dialog", "Start a TensorBoard")
    tab.fill("Log directory", str(logdir), dialog)
    tab.fill("Port", str(port), dialog)
    tab.fill("Window title", _TITLE, dialog)
    tab.click("button", "Start TensorBoard", dialog)
    wait_until(lambda: not tab.visible("dialog", "Start a TensorBoard"), what="the dialog closes")


def test_from_the_sign_in_to_the_end_of_a_tensorboard(
    firefox: Firefox, forgather: Forgather, sample_runs: Path, free_port: Callable[[], int]
) -> None:
    tab = firefox.tab
    _sign_in(tab, forgather)
    _start(tab, sample_runs, free_port())
    _wait_state(tab, "running")
    card = tab.find("article", _TITLE)
    assert str(sample_runs) in tab.text(card)

    board = firefox.opened_by(lambda: tab.click("link", f"Open {_TITLE}", card))
    board.wait_for(f"document.title === {_TITLE!r}")
    assert re.fullmatch(rf"{forgather.url}/api/tb/q_\w+/.*", board.url)
    board.goto(f"{board.url.partition('#')[0]}#timeseries")
    board.reload()
    board.wait_for(IS_DRAWN)

    tab.click("link", _TITLE, card)
    tab.click("tab", "TTY")
    tab.wait_text(".xterm-rows", r"TensorBoard 2\.")
    address = tab.url
    assert address.endswith("/tty")
    tab.evaluate(_NOTE_A_LOST_CONNECTION)
    tab.reload()
    assert tab.url == address
    assert tab.evaluate("sessionStorage.getItem('lost')") is None
    tab.wait_text(".xterm-rows", r"TensorBoard 2\.")

    tab.click("button", "Kill")
    _wait_state(tab, "stopped")
    # The stream of the terminal is live: it reports the end.
    tab.wait_text(".xterm-rows", "ended: stopped, killed on request")
    tab.click("button", "Undo")
    _wait_state(tab, "running")
    tab.click("button", f"More for {_TITLE}")
    tab.click("menuitem", "Force kill...")
    tab.click("button", "Force kill")
    _wait_state(tab, "stopped")
    assert firefox.errors(tab) == []
