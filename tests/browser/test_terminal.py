"""The TTY tab: the journal's lines as they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect
from waiting import wait_until

FreePort = Callable[[], int]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """The job prints the lines of this file."""
    (tmp_path / "lines").touch()
    return tmp_path / "lines"


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], lines: Path) -> Iterator[Forgather]:
    program = lines.with_name("printer")
    program.write_text(f"#!/bin/sh\nprintf '\\033[31mred line\\033[0m\\n'\nexec tail -n +1 -F {lines} 2>/dev/null\n")
    program.chmod(0o755)
    server = make_forgather(tensorboard=str(program), placement="direct", hardening="off")
    server.start()
    yield server


@pytest.fixture
def rows(page: Page, forgather: Forgather, lines: Path, free_port: FreePort) -> Locator:
    queue_id = forgather.submit(lines.parent, port=free_port(), window_title="printer")
    page.goto(f"{forgather.url}/#/jobs/{queue_id}")
    page.get_by_role("tab", name="TTY").click()
    shown = page.locator(".xterm-rows")
    expect(shown.get_by_text("red line")).to_be_visible()
    return shown


def say(lines: Path, *said: str) -> None:
    with lines.open("a") as file:
        file.writelines(f"{each}\n" for each in said)


def test_lines_appear_as_they_are_printed_with_their_colours(page: Page, rows: Locator, lines: Path) -> None:
    red = rows.locator("span", has_text="red line").first
    assert red.evaluate("line => getComputedStyle(line).color") != rows.evaluate("rows => getComputedStyle(rows).color")
    for number in range(3):
        say(lines, f"line number {number}")
        expect(rows.get_by_text(f"line number {number}")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    assert re.fullmatch(r"q_\w+\.log", saved.value.suggested_filename)
    assert "line number 2" in Path(saved.value.path()).read_text()
    say(lines, "after the download")
    expect(rows.get_by_text("after the download")).to_be_visible()


def test_a_search_stops_following(page: Page, rows: Locator, lines: Path) -> None:
    say(lines, "the needle", *(f"hay {number}" for number in range(500)))
    expect(rows.get_by_text("hay 499")).to_be_visible()
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.get_by_role("searchbox", name="Search").fill("the needle")
    page.keyboard.press("Enter")
    expect(rows.get_by_text("the needle")).to_be_visible()
    # New lines do not scroll the view away from older ones.
    expect(follow).to_have_attribute("aria-pressed", "false")
    say(lines, "news")
    page.get_by_role("searchbox", name="Search").fill("not there")
    page.keyboard.press("Enter")
    expect(page.get_by_text("not found")).to_be_visible()
    expect(rows.get_by_text("the needle")).to_be_visible()
    follow.click()
    expect(rows.get_by_text("news")).to_be_visible()


def test_the_output_is_copied(page: Page, rows: Locator, lines: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    say(lines, "to be copied")
    expect(rows.get_by_text("to be copied")).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied the whole output: 2 lines.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").splitlines()[:2] == ["red line", "to be copied"]


def test_output_is_shown_as_text_only(page: Page, rows: Locator, lines: Path) -> None:
    say(lines, "<img src=x onerror=document.title='gone'>", "\x1b]2;title\x07\x1b[2Jkept")
    expect(rows.get_by_text("kept")).to_be_visible()
    # The title of the job, not of the escape sequence.
    assert page.title() == "printer - Forgather"
    assert rows.locator("img").count() == 0


def test_a_long_output_is_shown_from_its_end_and_copied_whole(page: Page, rows: Locator, lines: Path) -> None:
    """4000 lines of eight rows each are more than the terminal holds."""
    filler = "x" * 1000
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    say(lines, *(f"line {number} {filler}" for number in range(1, 4001)))
    expect(rows.get_by_text("line 4000 ")).to_be_visible()
    page.reload()
    expect(rows.get_by_text("line 4000 ")).to_be_visible()
    state = page.get_by_role("toolbar", name="TTY").get_by_role("status")
    expect(state).to_have_text("live")
    page.locator(".xterm-helper-textarea").focus()

    def at_the_top() -> bool:
        page.keyboard.press("Home")
        page.wait_for_timeout(100)
        return rows.get_by_text("red line").is_visible()

    wait_until(at_the_top, what="the first line")
    expect(rows.get_by_text("line 1 ")).to_be_visible()
    # The newest lines had to go.
    expect(state).to_have_text("older output")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied the whole output: 4,001 lines.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied == ["red line", *(f"line {number} {filler}" for number in range(1, 4001))]

    def at_the_end() -> bool:
        page.keyboard.press("End")
        page.wait_for_timeout(100)
        return rows.get_by_text("line 4000 ").is_visible()

    page.locator(".xterm-helper-textarea").focus()
    wait_until(at_the_end, what="the last line")
    expect(state).to_have_text("live")
    page.keyboard.press("Home")
    wait_until(at_the_top, what="the first line")
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "false")
    say(lines, "news")
    follow.click()
    expect(state).to_have_text("live")
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(rows.get_by_text("news")).to_be_visible()
