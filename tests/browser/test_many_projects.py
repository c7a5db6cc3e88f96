"""Many projects in the page: those in sight are drawn, and what changes is all that is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import SLOWLY, view
from forgather_server import Forgather
from playwright.sync_api import Page, Request, expect
from waiting import wait_until


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """300 projects of one config each."""
    folder = tmp_path / "many"
    (folder / "forgather_workspace").mkdir(parents=True)
    for number in range(300):
        configs = folder / f"project_{number:03}" / "templates" / "configs"
        configs.mkdir(parents=True)
        (configs.parents[1] / "meta.yaml").write_text(f"name: Project {number:03}\n")
        (configs / "a.yaml").write_text("meta:\n  output_dir: out\n")
    return folder


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], root: Path) -> Forgather:
    server = make_forgather(search_roots=[str(root)])
    server.start()
    return server


def test_the_tree_renders_visible_lines_and_receives_changes(page: Page, root: Path) -> None:
    view(page, "Projects")
    expect(page.get_by_text("300 projects")).to_be_visible(timeout=SLOWLY)
    lines = page.get_by_role("treeitem")
    expect(lines.first).to_have_text(re.compile("^Project 000"))
    assert lines.count() < 80
    lines.first.focus()
    page.keyboard.press("End")
    last = page.get_by_role("treeitem", name=re.compile("^Project 299"))
    expect(last).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(last).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", level=2)).to_be_focused()
    page.keyboard.press("Home")
    first = page.get_by_role("treeitem", name=re.compile("^Project 000"))
    expect(first).to_be_focused()
    sent: list[list[str]] = []

    def note(request: Request) -> None:
        response = request.response()
        if "/api/projects/changes?since=" in request.url and response is not None:
            sent.append([each["name"] for each in response.json()["projects"]])

    page.on("requestfinished", note)
    (root / "project_000/meta.yaml").write_text("name: Renamed\n")
    expect(page.get_by_role("treeitem", name=re.compile("^Renamed"))).to_be_visible()

    def renamed() -> list[list[str]]:
        # The page may show the change before Playwright reports its request.
        page.wait_for_timeout(50)
        return [names for names in sent if "Renamed" in names]

    # An earlier change may have been sent in between.
    assert wait_until(renamed) == [["Renamed"]]
    expect(page.get_by_text("300 projects")).to_be_visible()
