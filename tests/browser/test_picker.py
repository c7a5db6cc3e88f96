"""The picker of folders: large ones, hidden ones, an address, the number of runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.page_steps import field, open_dialog
from forgather_server import Forgather
from playwright.sync_api import Page, expect


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], tmp_path: Path) -> Iterator[Forgather]:
    for number in range(2100):
        (tmp_path / "runs" / f"run-{number:04}").mkdir(parents=True)
    server = make_forgather(browse_roots=[str(tmp_path)])
    server.start()
    yield server


def test_a_folder_that_is_too_large_is_searched_by_typing(page: Page, forgather: Forgather, tmp_path: Path) -> None:
    open_dialog(page)
    page.get_by_role("button", name="Browse...").click()
    folders = page.get_by_role("listbox")
    folders.get_by_role("option", name="runs").dblclick()
    expect(page.get_by_text("The first 2000 of 2,100 are shown: type to search.")).to_be_visible()
    expect(folders).to_be_focused()
    page.keyboard.type("2099")
    expect(page.get_by_role("searchbox", name="Search in this folder")).to_have_value("2099")
    expect(folders.get_by_role("option")).to_have_count(1)
    folders.get_by_role("option", name="run-2099").click()
    page.get_by_role("button", name="Choose this folder").click()
    expect(field(page, "Log directory")).to_have_value(str(tmp_path / "runs" / "run-2099"))


def test_the_picker_shows_hidden_folders_and_counts_runs(
    page: Page, forgather: Forgather, tmp_path: Path, sample_runs: Path
) -> None:
    (tmp_path / ".hidden").mkdir()
    shutil.copytree(sample_runs, tmp_path / "samples")
    open_dialog(page)
    page.get_by_role("button", name="Browse...").click()
    picker = page.get_by_role("dialog", name="Choose a folder")
    folders = picker.get_by_role("listbox")
    expect(folders.get_by_role("option", name="samples")).to_contain_text("5 runs")
    expect(folders.get_by_role("option", name=".hidden")).to_have_count(0)
    picker.get_by_role("checkbox", name="Show 1 hidden folder").check()
    expect(folders.get_by_role("option", name=".hidden")).to_be_visible()
    address = picker.get_by_role("textbox", name="Address")
    address.fill(f"{tmp_path}/samples/")
    address.press("Enter")
    expect(folders.get_by_role("option", name="samples")).to_have_count(0)
    expect(address).to_have_value(str(tmp_path / "samples"))
    page.get_by_role("button", name="Choose this folder").click()
    expect(field(page, "Log directory")).to_have_value(str(tmp_path / "samples"))
