"""The page that a person keeps open: from queueing a TensorBoard to reading its log, in a real browser."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect
from watched_page import Watched

FreePort = Callable[[], int]
KEY = "forgather-global-tensorboard-v1"


def open_dialog(page: Page) -> None:
    page.get_by_role("region", name="Services").get_by_role("button", name="TensorBoard...").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def fill(page: Page, logdir: Path | str, port: int, title: str) -> None:
    page.get_by_role("textbox", name="Log directory").fill(str(logdir))
    page.get_by_role("textbox", name="Port", exact=True).fill(str(port))
    page.get_by_role("textbox", name="Window title").fill(title)


def start(page: Page, logdir: Path | str, port: int, title: str) -> None:
    open_dialog(page)
    fill(page, logdir, port, title)
    page.get_by_role("button", name="Start TensorBoard").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=title)


def test_from_the_address_to_the_end(page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    assert "token" not in page.url
    assert page.evaluate("history.length") <= 3
    open_dialog(page)
    # By the picker, folder by folder, from the home.
    home_runs = Path.home() / "picked runs"
    home_runs.mkdir(exist_ok=True)
    page.get_by_role("button", name="Browse...").click()
    page.get_by_text("picked runs").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").last.wait_for()
    fill(page, sample_runs, free_port(), "tiny llama")
    expect(page.get_by_text(re.compile("5 runs, 5 event files"))).to_be_visible()
    page.get_by_role("button", name="Start TensorBoard").click()
    mine = card(page, "tiny llama")
    expect(mine.get_by_text(re.compile("^(starting|running)"))).to_be_visible()
    expect(mine.get_by_text("running", exact=True)).to_be_visible(timeout=30_000)
    expect(mine.get_by_text(str(sample_runs))).to_be_visible()
    link = mine.get_by_role("link", name="Open tiny llama")
    assert re.fullmatch(r"/api/tb/q_\w+/", link.get_attribute("href") or "")
    assert "noopener" in (link.get_attribute("rel") or "")
    home_runs.rmdir()

    with page.context.expect_page() as opened:
        link.click()
    board = opened.value
    board.goto(f"{board.url}#timeseries")
    expect(board).to_have_title("tiny llama")
    chart = board.locator("scalar-card line-chart").first
    chart.wait_for(timeout=60_000)
    # Drawn: paths of the vector chart, or pixels of the canvas.
    board.wait_for_function(
        """() => [...document.querySelectorAll('line-chart')].some(chart =>
            chart.querySelector('svg path[d*="L"]') || chart.querySelector('canvas')?.width > 50)""",
        timeout=60_000,
    )
    board.close()

    mine.get_by_role("link", name="tiny llama", exact=True).click()
    page.get_by_role("tab", name="TTY").click()
    expect(page.get_by_text(re.compile("TensorBoard 2\\.")).first).to_be_visible()
    panel = page.get_by_role("region", name="Job tiny llama")
    panel.get_by_role("button", name="Kill", exact=True).click()
    page.goto(f"{forgather.url}/#/jobs")
    expect(card(page, "tiny llama").get_by_text("killed on request")).to_be_visible()


def test_settings_are_kept_and_reset(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    start(page, sample_runs, port, "kept")
    expect(card(page, "kept")).to_be_visible()
    stored = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))
    assert (stored["logdir"], str(stored["port"]), stored["windowTitle"]) == (str(sample_runs), str(port), "kept")
    assert set(stored) <= {
        "logdir", "port", "bindAll", "windowTitle", "reloadInterval", "reloadMultifile", "samplesPerPlugin", "host",
    }  # fmt: skip
    page.reload()
    open_dialog(page)
    expect(page.get_by_role("textbox", name="Window title")).to_have_value("kept")
    expect(page.get_by_role("textbox", name="Priority")).to_have_value("0")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(page.get_by_role("textbox", name="Port", exact=True)).to_have_value("6006")
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None


def test_a_taken_port_names_its_holder_and_the_next(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as foreign:
        port = foreign.getsockname()[1]
        open_dialog(page)
        fill(page, sample_runs, port, "late")
        expect(page.get_by_text(re.compile("another process"))).to_be_visible()
        page.get_by_role("button", name=re.compile(r"\d{4,5}")).click()
        expect(page.get_by_role("textbox", name="Port", exact=True)).not_to_have_value(str(port))


def test_a_bad_logdir_is_told_at_its_field(page: Page, free_port: FreePort) -> None:
    open_dialog(page)
    fill(page, "/not/there", free_port(), "nothing")
    expect(page.get_by_text(re.compile("does not exist")).first).to_be_visible()
    page.get_by_role("button", name="Start TensorBoard").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_paused_queue_is_impossible_to_miss(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    page.get_by_role("switch", name="Scheduler").click()
    start(page, sample_runs, free_port(), "waits")
    page.get_by_role("link", name="Queue").click()
    expect(page.get_by_text(re.compile("paused", re.IGNORECASE)).first).to_be_visible()
    row = page.get_by_role("list", name="Queued jobs").get_by_role("listitem").first
    expect(row.get_by_text("the scheduler is paused")).to_be_visible()
    page.get_by_role("switch", name="Scheduler").click()
    expect(page.get_by_role("list", name="Queued jobs").get_by_role("listitem")).to_have_count(0)
    page.get_by_role("link", name="Jobs").click()
    expect(card(page, "waits").get_by_text("running", exact=True)).to_be_visible(timeout=30_000)


def test_a_server_that_is_killed_is_told_and_comes_back(
    page: Page, forgather: Forgather, watched: Watched, sample_runs: Path, free_port: FreePort
) -> None:
    watched.expect("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE")
    forgather.kill()
    expect(page.get_by_text(re.compile("Connection to the server is lost"))).to_be_visible()
    forgather.start()
    forgather.submit(sample_runs, port=free_port(), window_title="meanwhile")
    expect(page.get_by_text(re.compile("Connection to the server is lost"))).to_be_hidden(timeout=30_000)
    expect(card(page, "meanwhile")).to_be_visible()


def test_three_hundred_jobs_stay_quick(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for number in range(300):
        forgather.submit(sample_runs, port="auto", window_title="needle" if number == 150 else f"run {number}")
    everything = page.get_by_role("list", name="Jobs")
    expect(everything).to_be_visible()
    expect(page.get_by_text("300 jobs")).to_be_visible()
    # Cards out of sight are not there.
    assert page.get_by_role("article").count() < 60
    page.get_by_role("searchbox", name="Filter").fill("needle")
    expect(page.get_by_role("article")).to_have_count(1)
