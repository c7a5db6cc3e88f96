"""The project's own documents, served by MkDocs behind the gate, and the dialog that starts it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from browser.page_steps import (
    SLOWLY,
    card,
    expect_state,
    field,
    more,
    name_service,
    open_job,
    open_mkdocs_dialog,
    service,
    submit_button,
)
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Error, Page, expect
from waiting import wait_until

FreePort = Callable[[], int]
ROOT = Path(__file__).parents[2]
STORAGE_KEY = "forgather-global-mkdocs-v1"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A copy of the project's documents, to write in; its configuration."""
    site = tmp_path / "handbook"
    shutil.copytree(ROOT / "docs", site / "docs")
    shutil.copy(ROOT / "mkdocs.yml", site)
    return site / "mkdocs.yml"


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], tmp_path: Path) -> Forgather:
    server = make_forgather(browse_roots=[str(tmp_path)])
    server.start()
    return server


def stored(page: Page) -> Any:
    return json.loads(page.evaluate(f"localStorage.getItem('{STORAGE_KEY}')"))


def start(page: Page, config: Path, port: int | str) -> None:
    open_mkdocs_dialog(page)
    field(page, "Config file").fill(str(config))
    field(page, "Port").fill(str(port))
    page.get_by_role("button", name="Start MkDocs").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_documents_open_behind_the_sign_in(
    page: Page, forgather: Forgather, watched: Watched, docs: Path, free_port: FreePort
) -> None:
    # MkDocs' own script asks at the root, and its viewer answers.
    watched.expect("/livereload/")
    start(page, docs, free_port())
    mine = card(page, "handbook")
    expect_state(mine, "running")
    with page.context.expect_page() as opened:
        mine.get_by_role("link", name="Open handbook").click()
    site = opened.value
    expect(site.get_by_role("heading", name="Forgather Units")).to_be_visible()
    assert re.fullmatch(rf"{forgather.url}/api/mkdocs/q_\w+/", site.url)

    # Navigation: by the menu, and by a link of the text.
    site.get_by_role("button", name="Use", exact=True).click()
    site.get_by_role("link", name="Services and MkDocs", exact=True).first.click()
    expect(site.get_by_role("heading", name="After a reboot")).to_be_visible()
    assert re.fullmatch(rf"{forgather.url}/api/mkdocs/q_\w+/services.html", site.url)
    site.go_back()
    site.get_by_role("main").get_by_role("link", name="The web page").click()
    picture = site.get_by_role("img", name=re.compile("^Jobs: cards"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    # Search: MkDocs does it in a worker of its own, from an index.
    site.get_by_role("link", name="Search").click()
    search = site.get_by_role("dialog", name="Search").get_by_role("searchbox")
    expect(search).to_be_visible()
    found = site.locator("#mkdocs-search-results").get_by_role("link")

    def finds() -> bool:
        """What was typed before the index was loaded finds nothing."""
        search.fill("")
        search.press_sequentially("enable-linger")
        with suppress(Error):
            found.first.wait_for(timeout=2000)
        return found.count() > 0

    wait_until(finds, what="the search finds a page")
    found.first.click()
    expect(site.get_by_text("loginctl enable-linger").first).to_be_visible()

    # Live reload: the server notifies the page, which reloads.
    site.goto(f"{site.url.partition('#')[0].rpartition('/')[0]}/")
    home = docs.parent / "docs" / "index.md"
    expect(site.get_by_role("heading", name="Forgather Units")).to_be_visible()
    home.write_text(home.read_text() + "\n## Written just now\n")
    expect(site.get_by_role("heading", name="Written just now")).to_be_visible(timeout=SLOWLY)

    # Without a sign-in there are no pages, no index and no long poll.
    base = site.url.partition("#")[0]
    for address in (base, f"{base}services.html", f"{base}search/search_index.json", f"{forgather.url}/livereload/0/0"):
        refused = requests.get(address, headers={"Referer": base}, timeout=120)
        assert (refused.status_code, refused.json()) == (401, {"detail": "authentication required"}), address
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="forgather"'


def test_its_card_and_panel_name_the_config_file(
    page: Page, forgather: Forgather, docs: Path, free_port: FreePort
) -> None:
    open_mkdocs_dialog(page)
    field(page, "Config file").fill(str(docs))
    field(page, "Port").fill(str(free_port()))
    page.get_by_role("checkbox", name="--strict").check()
    page.get_by_role("checkbox", name="--no-livereload").check()
    page.get_by_role("button", name="Advanced").click()
    field(page, "Watch").fill(str(docs.parent))
    page.get_by_role("button", name="Start MkDocs").click()
    mine = card(page, "handbook")
    expect_state(mine, "running")
    expect(mine.get_by_text(str(docs), exact=True)).to_be_visible()
    expect(mine.get_by_text("no event files yet")).to_be_hidden()
    panel = open_job(page, "handbook")
    group = panel.locator("section").filter(has=page.get_by_role("heading", name="MkDocs"))
    for name, value in (
        ("Config file", str(docs)),
        ("Strict", "yes"),
        ("Live reload", "no"),
        ("Watched", str(docs.parent)),
    ):
        expect(group.locator("dl > div").filter(has_text=name)).to_contain_text(value)
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.get_by_text("Documentation built in").first).to_be_visible()
    # Once more, from what the job was made of.
    more(panel, "handbook", "Queue a copy...")
    expect(field(page, "Config file")).to_have_value(str(docs))
    expect(page.get_by_role("checkbox", name="--no-livereload")).to_be_checked()
    expect(field(page, "Watch")).to_have_value(str(docs.parent))


def test_the_file_is_picked_and_kept(page: Page, docs: Path, free_port: FreePort) -> None:
    open_mkdocs_dialog(page)
    page.get_by_role("button", name="Browse...").click()
    picker = page.get_by_role("dialog", name="Choose a file")
    choose = picker.get_by_role("button", name="Choose this file")
    picker.get_by_role("option", name="handbook").click()
    # A folder is no configuration.
    expect(choose).to_be_disabled()
    page.keyboard.press("Enter")
    # The file that MkDocs itself looks for is marked.
    expect(picker.get_by_role("option", name="mkdocs.yml")).to_have_attribute("aria-selected", "true")
    expect(choose).to_be_enabled()
    page.keyboard.press("Enter")
    expect(picker).to_be_hidden()
    expect(field(page, "Config file")).to_have_value(str(docs))
    expect(field(page, "Window title")).to_have_value("handbook")
    port = free_port()
    field(page, "Port").fill(str(port))
    field(page, "Priority").fill("3")
    page.get_by_role("button", name="Start MkDocs").click()
    expect(card(page, "handbook")).to_be_visible()
    assert stored(page) == {
        "configFile": str(docs), "host": "", "port": port, "strict": False, "livereload": True, "watchDirs": "",
    }  # fmt: skip
    page.reload()
    open_mkdocs_dialog(page)
    expect(field(page, "Config file")).to_have_value(str(docs))
    expect(field(page, "Port")).to_have_value(str(port))
    expect(field(page, "Priority")).to_have_value("0")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(field(page, "Config file")).to_have_value("")
    expect(field(page, "Port")).to_have_value("8000")
    assert page.evaluate(f"localStorage.getItem('{STORAGE_KEY}')") is None


def test_an_error_in_the_configuration_is_shown_at_its_field(
    page: Page, watched: Watched, tmp_path: Path, docs: Path, free_port: FreePort
) -> None:
    watched.expect("status of 4(00|22)")
    open_mkdocs_dialog(page)
    submit = submit_button(page)
    submit.click()
    problem = page.get_by_role("dialog").locator(".field-error")
    expect(problem).to_have_text("Choose the mkdocs.yml of the site.")
    field(page, "Port").fill(str(free_port()))
    (tmp_path / "list.yml").write_text("- 1\n")
    for path, words in (
        ("/not/there.yml", "/not/there.yml does not exist"),
        (str(docs.parent), f"{docs.parent} is a folder: name its mkdocs.yml"),
        (str(tmp_path / "list.yml"), f"{tmp_path / 'list.yml'} is no MkDocs configuration"),
    ):
        field(page, "Config file").fill(path)
        expect(problem).to_be_hidden()
        submit.click()
        expect(problem).to_have_text(words)
        expect(field(page, "Config file")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Advanced").click()
    field(page, "Config file").fill(str(docs))
    field(page, "Watch").fill("/not/there")
    page.get_by_role("button", name="Advanced").click()
    submit.click()
    expect(problem).to_have_text("watch: /not/there does not exist")
    expect(field(page, "Watch")).to_be_visible()


def test_a_mkdocs_service_keeps_its_address(page: Page, forgather: Forgather, watched: Watched, docs: Path) -> None:
    watched.expect("/livereload/")
    open_mkdocs_dialog(page)
    field(page, "Config file").fill(str(docs))
    field(page, "Port").fill("")
    page.get_by_role("checkbox", name="--strict").check()
    name_service(page, "docs")
    line = service(page, "docs")
    expect(line).to_be_visible()
    declared = yaml.safe_load(forgather.config.read_text())["services"]["mkdocs"]["docs"]
    assert declared == {"enabled": True, "config_file": str(docs), "window_title": "handbook", "strict": True}
    expect(card(page, "handbook").get_by_text("service docs")).to_be_visible()
    with page.context.expect_page() as opened:
        more(line, "docs", "Open")
    site = opened.value
    expect(site.get_by_role("heading", name="Forgather Units")).to_be_visible(timeout=SLOWLY)
    assert site.url == f"{forgather.url}/api/mkdocs/docs/"
    more(line, "docs", "Edit...")
    expect(field(page, "Config file")).to_have_value(str(docs))
    page.get_by_role("checkbox", name="--strict").uncheck()
    page.get_by_role("button", name="Save service").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Another instance under the same address.
    site.goto(f"{forgather.url}/api/mkdocs/docs/services.html")
    expect(site.get_by_role("heading", name="After a reboot")).to_be_visible(timeout=SLOWLY)
    assert "strict" not in yaml.safe_load(forgather.config.read_text())["services"]["mkdocs"]["docs"]
