"""More ended jobs than a page of the list: the page loads them as it scrolls, and the server filters and sorts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import card, clean_up
from forgather_server import Forgather
from jobs import make_job
from playwright.sync_api import Page, expect
from waiting import wait_until

from forgather_units.domain.job import Ended, Outcome
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS

COUNT = 1250


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], tmp_path: Path) -> Forgather:
    server = make_forgather(history_days=0)
    store = JobStore(open_database(server.folder / "state" / "forgather.db"), KINDS)
    for number in range(1, COUNT + 1):
        store.save(make_job(number, logdir=f"/runs/model{number:04}", state=Ended(Outcome.DONE, 1000.0 + number)))
    store.close()
    server.start()
    return server


def test_the_list_is_loaded_page_by_page(page: Page, forgather: Forgather) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_text(f"{COUNT} jobs")).to_be_visible()
    expect(card(page, f"model{COUNT}")).to_be_visible()
    assert page.get_by_role("article").count() <= 20
    # By the keyboard: the button moves while the cards above it are measured.
    page.get_by_role("button", name=f"Show all {COUNT:,} ended jobs").press("Enter")
    expect(page.get_by_role("button", name=f"Ended {COUNT}")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("list", name="Jobs").hover()

    def scrolled_far() -> bool:
        page.mouse.wheel(0, 100_000)
        page.wait_for_timeout(50)
        return page.get_by_role("article", name=re.compile("^model(0|10|11[0-4])")).first.is_visible()

    wait_until(scrolled_far, what="older jobs are loaded while the page scrolls")
    read = [url for url in asked if "before=" in url]
    assert 0 < len(read) < COUNT / 100, "only as far as the page was scrolled"
    page.get_by_role("searchbox", name="Filter").fill("model0007")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(card(page, "model0007")).to_be_visible()
    page.get_by_role("searchbox", name="Filter").fill("")
    page.get_by_role("combobox", name="Sort").select_option("Oldest first")
    expect(page.get_by_role("article").first).to_have_attribute("aria-label", "model0001")
    card(page, "model0001").get_by_role("button", name="Remove").click()
    expect(card(page, "model0001")).to_have_count(0)
    expect(page.get_by_text(f"{COUNT - 1} jobs")).to_be_visible()
    page.goto(f"{forgather.url}/#/jobs/{make_job(5).queue_id}")
    expect(page.get_by_role("region", name="Job model0005")).to_be_visible()
    clean_up(page, f"{COUNT - 1:,} done", f"Remove {COUNT - 1} jobs")
    expect(page.get_by_text(re.compile("No jobs yet"))).to_be_visible()
    page.get_by_role("status").get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text(f"{COUNT - 1} jobs restored.")).to_be_visible()
    expect(card(page, f"model{COUNT}")).to_be_visible()
