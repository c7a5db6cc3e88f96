"""The queue: its order, the reason why each job waits, and the pause."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import card, expect_state, fill, open_dialog, start, view
from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect
from waiting import wait_until

FreePort = Callable[[], int]


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Queued jobs").get_by_role("listitem")


@pytest.fixture
def queued(page: Page, forgather: Forgather, sample_runs: Path) -> list[str]:
    """Three that wait, in their order; the queue is shown."""
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("one", "two", "three"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    view(page, "Queue")
    expect(rows(page)).to_have_count(3)
    return ["one", "two", "three"]


def expect_order(page: Page, *titles: str) -> None:
    for place, title in enumerate(titles):
        expect(rows(page).nth(place).get_by_test_id("title")).to_have_text(title)


def server_order(forgather: Forgather) -> list[str]:
    return [item["job_params"]["window_title"] for item in forgather.get("/api/queue").json()]


def test_every_view_shows_that_the_queue_is_paused(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    page.get_by_role("switch", name="Scheduler").click()
    port = free_port()
    start(page, sample_runs, port, "waits")
    # On every view.
    for name in ("Projects", "Jobs", "Queue"):
        view(page, name)
        expect(page.get_by_text("The scheduler is paused.")).to_be_visible()
    expect(page.get_by_text("Scheduler paused")).to_be_visible()
    row = rows(page).first
    expect(row.get_by_text(f"tensorboard:{port}")).to_be_visible()
    expect(row.get_by_text("the scheduler is paused")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("The scheduler is paused.", exact=True)).to_be_hidden()
    expect(rows(page)).to_have_count(0)
    view(page, "Jobs")
    expect_state(card(page, "waits"), "running")


def test_a_job_says_which_job_it_waits_for(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    port = free_port()
    forgather.wait_status(
        forgather.submit(sample_runs, port=port, lazy=True, window_title="holder"), "sleeping", "running"
    )
    open_dialog(page)
    fill(page, sample_runs, port, "next")
    page.get_by_role("button", name=f"Wait for {port}").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    view(page, "Queue")
    expect(rows(page).first.get_by_text(re.compile(f"waits: .*{port}.*holder"))).to_be_visible()


@pytest.mark.usefixtures("queued")
def test_the_priority_changes_by_its_field(page: Page, forgather: Forgather) -> None:
    expect_order(page, "one", "two", "three")
    last = rows(page).nth(2).get_by_role("spinbutton", name="Priority")
    last.fill("5")
    last.press("Enter")
    expect_order(page, "three", "one", "two")
    # The page shows it before the server's answer.
    wait_until(lambda: server_order(forgather) == ["three", "one", "two"])


@pytest.mark.usefixtures("queued")
def test_the_priority_changes_by_dragging(page: Page, forgather: Forgather) -> None:
    grip, target = rows(page).nth(2).get_by_role("button", name="Move"), rows(page).nth(0)
    grip.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 4, steps=12)
    page.mouse.up()
    expect_order(page, "three", "one", "two")
    # What the page shows is what the server does. A reload before the server's answer would cancel the request.
    wait_until(lambda: server_order(forgather) == ["three", "one", "two"])
    page.reload()
    expect_order(page, "three", "one", "two")


@pytest.mark.usefixtures("queued")
def test_a_queued_job_is_cancelled(page: Page, forgather: Forgather) -> None:
    rows(page).nth(1).get_by_role("button", name="Cancel").click()
    expect_order(page, "one", "three")
    expect(rows(page)).to_have_count(2)
    assert server_order(forgather) == ["one", "three"]
