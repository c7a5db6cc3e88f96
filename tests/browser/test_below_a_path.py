"""The page, a TensorBoard and its output at the root of nginx, and below a path, which nginx removes or keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.below_a_path import nginx
from browser.page_steps import SLOWLY
from browser.tour import Front, WatchedBelow, services, tour
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, expect
from waiting import wait_until

BASE = "/lab/tensorboards"


@pytest.fixture(params=["root", "stripped", "kept"])
def lab(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sample_runs: Path,
    make_forgather: Callable[..., Forgather],
    free_port: Callable[[], int],
) -> Iterator[Front]:
    port = free_port()
    base = "" if request.param == "root" else BASE
    url = f"http://127.0.0.1:{port}{base}"
    server = make_forgather(public_url=url, trusted_proxy="127.0.0.1", services=services(tmp_path, sample_runs))
    server.start()
    # Until then a visit gets 503, which the browser notes.
    wait_until(lambda: all(each["queue_id"] for each in server.get("/api/services").json()))
    with nginx(tmp_path / "nginx", port, base, server.url, strips=request.param != "kept"):
        yield Front(url, server)


@pytest.fixture
def watched(lab: Front) -> Iterator[Watched]:
    noted = WatchedBelow(lab)
    yield noted
    assert noted.unexpected_below() == []


def test_a_tour_below_a_path(
    context: BrowserContext, lab: Front, sample_runs: Path, free_port: Callable[[], int], watched: Watched
) -> None:
    tour(context, lab, sample_runs, free_port(), watched)


def test_mkdocs_reloads_a_changed_page(context: BrowserContext, lab: Front, tmp_path: Path, watched: Watched) -> None:
    page = context.new_page()
    page.goto(f"{lab.url}/?token={lab.server.token}")
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    page.goto(f"{lab.url}/api/mkdocs/handbook/")
    expect(page.get_by_role("heading", name="Handbook", exact=True)).to_be_visible(timeout=SLOWLY)
    if not lab.base:
        watched.expect("/livereload/")
    (tmp_path / "handbook" / "docs" / "index.md").write_text("# Written just now\n")
    expect(page.get_by_role("heading", name="Written just now")).to_be_visible(timeout=SLOWLY)


def test_tensorboard_gets_its_fonts_at_the_root(context: BrowserContext, lab: Front, watched: Watched) -> None:
    page = context.new_page()
    page.goto(f"{lab.url}/?token={lab.server.token}")
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    with page.expect_response(re.compile("/api/tb/lab/font-roboto/"), timeout=SLOWLY) as font:
        page.goto(f"{lab.url}/api/tb/lab/")
    assert (font.value.status, font.value.headers["content-type"]) == (200, "font/woff2")
