"""The TTY tab: the journal's lines as they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forgather_server import Forgather
from playwright.sync_api import Page, expect

FreePort = Callable[[], int]


@pytest.fixture
def forgather(tmp_path: Path) -> Iterator[Forgather]:
    """A server whose TensorBoard prints what the test writes into a file."""
    program = tmp_path / "printer"
    program.write_text(
        f"#!/bin/sh\nprintf '\\033[31mred line\\033[0m\\n'\nexec tail -n +1 -F {tmp_path}/lines 2>/dev/null\n"
    )
    program.chmod(0o755)
    (tmp_path / "lines").touch()
    server = Forgather(tmp_path, tensorboard=str(program), placement="direct", hardening="off")
    try:
        server.start()
        yield server
    finally:
        server.clean()


def test_lines_come_as_they_are_printed(page: Page, forgather: Forgather, tmp_path: Path, free_port: FreePort) -> None:
    queue_id = forgather.submit(tmp_path, port=free_port(), window_title="printer")
    page.goto(f"{forgather.url}/#/jobs/{queue_id}")
    page.get_by_role("tab", name="TTY").click()
    rows = page.locator(".xterm-rows")
    expect(rows.get_by_text("red line")).to_be_visible()
    assert page.locator(".xterm-rows span", has_text="red line").first.evaluate(
        "line => getComputedStyle(line).color"
    ) != rows.evaluate("rows => getComputedStyle(rows).color")
    for number in range(3):
        with (tmp_path / "lines").open("a") as lines:
            lines.write(f"line number {number}\n")
        expect(rows.get_by_text(f"line number {number}")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name=re.compile("Download")).or_(
            page.get_by_role("link", name=re.compile("Download"))
        ).first.click()
    assert "line number 2" in Path(saved.value.path()).read_text()
