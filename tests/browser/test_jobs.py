"""The cards: the state of a job, the reason of its end, and its actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import card, clean_up, expect_state, more, open_job, start
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Page, expect

FreePort = Callable[[], int]


def test_a_job_sleeps_wakes_restarts_ends_and_is_removed(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    if forgather.get("/api/host").json()["placement"] != "socket":
        pytest.fail("this host has no socket placement: no job can sleep")
    start(page, sample_runs, free_port(), "tired")
    mine = card(page, "tired")
    expect_state(mine, "running")
    more(mine, "tired", "Sleep")
    expect_state(mine, "sleeping")
    expect(mine.get_by_text("wakes when it is opened")).to_be_visible()
    more(mine, "tired", "Wake")
    expect_state(mine, "running")
    before = forgather.get("/api/jobs").json()[0]["invocation_id"]
    more(mine, "tired", "Restart")
    expect(mine.get_by_test_id("state")).not_to_have_text("running")
    expect_state(mine, "running")
    assert forgather.get("/api/jobs").json()[0]["invocation_id"] != before
    mine.get_by_role("button", name="Kill", exact=True).click()
    expect_state(mine, "stopped")
    mine.get_by_role("button", name="Remove").click()
    expect(mine).to_have_count(0)
    expect(page.get_by_text("No jobs yet")).to_be_visible()


def test_the_list_is_filtered_sorted_and_cleaned_up(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for title in ("beta", "alpha", "gamma"):
        forgather.submit(sample_runs, port="auto", window_title=title)
    over = forgather.submit(sample_runs, port="auto", window_title="over")
    forgather.cli("job", "kill", over)
    page.get_by_role("button", name=re.compile("^Ended")).click()
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^All")).click()
    page.get_by_role("combobox", name="Sort").select_option("By name")
    expect(page.get_by_role("article").first).to_have_attribute("aria-label", "alpha")
    page.get_by_role("searchbox", name="Filter").fill("gam")
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_role("searchbox", name="Filter").fill("nothing at all")
    expect(page.get_by_text("No job matches the filter")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    clean_up(page, "1 stopped", "Remove 1 job")
    expect(card(page, "over")).to_have_count(0)
    expect(page.get_by_role("article")).to_have_count(3)


def test_the_list_renders_few_of_three_hundred_jobs(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    for number in range(300):
        forgather.submit(sample_runs, port="auto", window_title="needle" if number == 7 else f"run {number}")
    expect(page.get_by_text("300 jobs")).to_be_visible()
    # Only visible cards are rendered.
    assert 0 < page.get_by_role("article").count() < 60
    page.get_by_role("list", name="Jobs").hover()
    page.mouse.wheel(0, 100_000)
    expect(card(page, "run 0")).to_be_visible()
    assert page.get_by_role("article").count() < 60
    page.get_by_role("searchbox", name="Filter").fill("needle")
    expect(page.get_by_role("article")).to_have_count(1)


def test_a_job_of_mkdocs_has_a_card(
    page: Page, forgather: Forgather, watched: Watched, tmp_path: Path, free_port: FreePort
) -> None:
    # The script of MkDocs sends requests below the root, which its viewer answers.
    watched.expect("/livereload/")
    (tmp_path / "site" / "docs").mkdir(parents=True)
    (tmp_path / "site" / "docs" / "index.md").write_text("# Of this project\n")
    (tmp_path / "site" / "mkdocs.yml").write_text("site_name: Handbook\ntheme: {name: mkdocs, highlightjs: false}\n")
    forgather.cli("mkdocs", "-f", str(tmp_path / "site" / "mkdocs.yml"), "--enqueue", "--port", str(free_port()))
    mine = card(page, "site")
    expect_state(mine, "running")
    expect(mine.get_by_text(str(tmp_path / "site"))).to_be_visible()
    link = mine.get_by_role("link", name="Open site")
    expect(link).to_have_attribute("href", re.compile(r"^api/mkdocs/q_\w+/$"))
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", name="Of this project")).to_be_visible()
    panel = open_job(page, "site")
    expect(panel.get_by_role("heading", name="MkDocs")).to_be_visible()
    expect(panel.get_by_text("mkdocs.yml").first).to_be_visible()
