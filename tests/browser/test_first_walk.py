"""The main path of the page: from its address to a TensorBoard, its output and its end."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.charts import IS_DRAWN
from browser.page_steps import SLOWLY, card, expect_state, field, open_dialog, open_job, submit, view
from forgather_server import Forgather
from playwright.sync_api import Page, expect


@pytest.fixture
def home_runs(tmp_path: Path, sample_runs: Path) -> Path:
    """The sample runs, two folders below the only one that may be looked at."""
    return Path(shutil.copytree(sample_runs, tmp_path / "home" / "my models" / "output_models"))


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], home_runs: Path) -> Iterator[Forgather]:
    server = make_forgather(browse_roots=[str(home_runs.parents[1])])
    server.start()
    yield server


def test_from_the_address_to_the_end(
    page: Page, forgather: Forgather, home_runs: Path, free_port: Callable[[], int]
) -> None:
    # The history does not contain the token.
    assert page.url == f"{forgather.url}/"
    page.go_back()
    assert forgather.token not in page.url
    page.go_forward()

    open_dialog(page)
    page.get_by_role("button", name="Browse...").click()
    folders = page.get_by_role("listbox")
    folders.get_by_role("option", name="my models").dblclick()
    # By the mouse or by keys.
    expect(folders.get_by_role("option", name="output_models")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("dialog", name="Choose a folder").get_by_text("5 runs, 5 event files")).to_be_visible()
    page.get_by_role("button", name="Choose this folder").click()
    expect(field(page, "Log directory")).to_have_value(str(home_runs))
    # The page derives the title from the folder.
    expect(field(page, "Window title")).to_have_value("my models")
    field(page, "Port").fill(str(free_port()))
    expect(page.get_by_text("free", exact=True)).to_be_visible()
    submit(page)

    mine = card(page, "my models")
    expect(mine.get_by_test_id("state")).to_have_text(re.compile("^(starting|running)$"))
    expect_state(mine, "running")
    expect(mine.get_by_text(str(home_runs))).to_be_visible()
    expect(mine.get_by_text(re.compile("^last event .* ago$"))).to_be_visible()
    expect(mine.get_by_text("CPU")).to_be_visible()
    link = mine.get_by_role("link", name="Open my models")
    queue_id = forgather.get("/api/jobs").json()[0]["queue_id"]
    expect(link).to_have_attribute("href", f"api/tb/{queue_id}/")
    expect(mine.get_by_text(forgather.unit(queue_id))).to_have_count(0)

    with page.context.expect_page() as opened:
        link.click()
    board = opened.value
    board.goto(f"{board.url}#timeseries")
    expect(board).to_have_title("my models")
    board.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)
    board.wait_for_function(IS_DRAWN, timeout=SLOWLY)
    assert board.evaluate("window.opener") is None
    board.close()

    panel = open_job(page, "my models")
    expect(panel.get_by_text(forgather.unit(queue_id), exact=True)).to_be_visible()
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.get_by_text(re.compile(r"TensorBoard 2\.")).first).to_be_visible()
    panel.get_by_role("button", name="Kill", exact=True).click()
    expect_state(panel, "stopped")
    # Once visible, and once for screen readers.
    expect(panel.get_by_text(re.compile("ended: stopped, killed on request")).first).to_be_visible()
    view(page, "Jobs")
    expect(mine.get_by_text("killed on request")).to_be_visible()
    expect(link).to_be_hidden()
