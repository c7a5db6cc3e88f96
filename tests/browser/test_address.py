"""The address of the page: it contains the filter, the order and the selection."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser.page_steps import card, open_job, view
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Page, expect

from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project


@pytest.fixture
def queued(page: Page, forgather: Forgather, sample_runs: Path) -> Page:
    """The page with three jobs in a paused queue and one that was cancelled."""
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("beta", "alpha", "gamma"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    forgather.cli("job", "kill", forgather.submit(sample_runs, port="auto", window_title="over"))
    expect(page.get_by_role("article")).to_have_count(4)
    return page


def test_filter_and_order_survive_a_reload_and_a_view(queued: Page) -> None:
    queued.get_by_role("button", name=re.compile("^Queued")).click()
    queued.get_by_role("combobox", name="Sort").select_option("By name")
    queued.get_by_role("searchbox", name="Filter").fill("a")
    expect(queued).to_have_url(re.compile(r"\?state=queued&sort=name&filter=a#?"))
    queued.reload()
    expect(queued.get_by_role("searchbox", name="Filter")).to_have_value("a")
    expect(queued.get_by_role("combobox", name="Sort")).to_have_value("name")
    expect(queued.get_by_role("article")).to_have_count(3)
    expect(queued.get_by_role("article").first).to_have_attribute("aria-label", "alpha")
    view(queued, "Queue")
    view(queued, "Jobs")
    expect(queued.get_by_role("article")).to_have_count(3)
    queued.get_by_role("searchbox", name="Filter").fill("")
    queued.get_by_role("combobox", name="Sort").select_option("Active first")
    queued.get_by_role("button", name=re.compile("^All")).click()
    expect(queued).to_have_url(re.compile(r"/#/jobs$"))


def test_a_shared_address_shows_the_same(queued: Page, context: BrowserContext, forgather: Forgather) -> None:
    queued.get_by_role("button", name=re.compile("^Ended")).click()
    open_job(queued, "over")
    expect(queued).to_have_url(re.compile(r"\?state=ended#/jobs/q_"))
    other = context.new_page()
    other.goto(queued.url)
    expect(other.get_by_role("region", name="Job over")).to_be_visible()
    expect(other.get_by_role("article")).to_have_count(1)
    other.goto(f"{forgather.url}/?state=nonsense&sort=nonsense#/jobs/%")
    expect(other.get_by_text("This job no longer exists")).to_be_visible()
    expect(other.get_by_role("article")).to_have_count(4)


def test_the_title_names_the_job_or_counts_as_the_sidebar(queued: Page) -> None:
    expect(queued).to_have_title("Jobs - Forgather")
    view(queued, "Queue")
    expect(queued).to_have_title("Queue (3 waiting) - Forgather")
    view(queued, "Jobs")
    card(queued, "beta").get_by_role("link", name="beta", exact=True).click()
    expect(queued).to_have_title("beta - Forgather")


class TestProjects:
    @pytest.fixture
    def forgather(self, forgather: Forgather, tmp_path: Path) -> Forgather:
        write_samples(write_project(tmp_path / "workspace"))
        forgather.post("/api/search-roots", {"path": str(tmp_path / "workspace")})
        return forgather

    def test_the_selected_config_survives_a_reload(self, page: Page) -> None:
        view(page, "Projects")
        page.get_by_role("treeitem", level=2).first.click()
        name = page.get_by_role("region", name=re.compile("^Config ")).get_attribute("aria-label")
        assert name is not None
        page.evaluate("localStorage.clear()")
        page.reload()
        expect(page.get_by_role("region", name=name)).to_be_visible()
        expect(page.get_by_role("treeitem", level=2, selected=True)).to_have_count(1)
        page.get_by_role("button", name="Close the config").click()
        expect(page).to_have_url(re.compile("#/projects$"))
