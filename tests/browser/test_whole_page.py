"""Every view: accessible by axe-core, at any width, and light to load."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from browser.page_steps import more, open_dialog, open_mkdocs_dialog, service, submit_button
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Page, expect

from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project

FreePort = Callable[[], int]
_MOST_BYTES = 250_000
_STICKS_OUT = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
    [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > window.innerWidth + 1)
        .map(each => each.tagName + '.' + each.className).slice(0, 12)"""


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], tmp_path: Path) -> Forgather:
    """A server with a project and a service."""
    write_samples(write_project(tmp_path / "workspace"))
    server = make_forgather(
        search_roots=[str(tmp_path / "workspace")],
        services={"tensorboard": {"lab": {"enabled": False, "logdir": str(tmp_path)}}},
    )
    server.start()
    return server


def serious(page: Page) -> list[str]:
    """axe-core's serious and critical violations, with their elements."""
    # An element that fades in has other colours until it is opaque.
    page.wait_for_function("document.getAnimations().every(each => each.playState !== 'running' || "
                           "each.effect?.getTiming().iterations === Infinity)")  # fmt: skip
    found = Axe().run(page).response["violations"]
    bad = [each for each in found if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}" for each in bad]


def look(page: Page, what: str) -> None:
    assert serious(page) == [], what
    assert page.evaluate(_STICKS_OUT) == [], what


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_view_is_accessible(
    context: BrowserContext, forgather: Forgather, sample_runs: Path, free_port: FreePort, scheme: str, width: int
) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(forgather.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    look(page, "sign-in")
    page.goto(f"{forgather.url}/?token={forgather.token}")
    expect(page.get_by_role("heading", name="Set a password?")).to_be_visible()
    look(page, "the offer of a password")
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_text("No jobs yet")).to_be_visible()
    look(page, "no jobs")

    alive = forgather.submit(sample_runs, port=free_port(), window_title="seen")
    over = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="over")
    forgather.cli("job", "kill", over)
    forgather.wait_status(alive, "running")
    for address in ("jobs", f"jobs/{alive}", f"jobs/{over}", f"jobs/{alive}/tty", "queue", "projects"):
        page.goto(f"{forgather.url}/#/{address}")
        page.get_by_role("main").get_by_role("heading").first.wait_for()
        look(page, address)
    # The only project is open.
    page.get_by_role("treeitem", level=2).first.click()
    expect(page.get_by_role("toolbar", name="Config")).to_be_visible()
    look(page, "a config")
    forgather.cli("sched", "pause")
    forgather.submit(sample_runs, port="auto", window_title="waits")
    page.goto(f"{forgather.url}/#/queue")
    expect(page.get_by_role("list", name="Queued jobs").get_by_role("listitem")).to_have_count(1)
    look(page, "a paused queue")
    page.goto(f"{forgather.url}/#/jobs")
    page.get_by_role("button", name="Table").click()
    page.get_by_role("checkbox", name="Select waits").check()
    expect(page.get_by_role("toolbar", name="Selected jobs")).to_be_visible()
    look(page, "the table with a selected job")
    page.get_by_role("button", name="Clean completed...").click()
    expect(page.get_by_role("button", name="Remove 1 job")).to_be_visible()
    look(page, "the question before a cleanup")
    page.keyboard.press("Escape")
    if width < 400:
        page.get_by_role("button", name="Menu", exact=True).click()
        expect(page.get_by_role("switch", name="Scheduler")).to_be_visible()
        look(page, "the menu")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_dialog_is_accessible(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.get_by_role("region", name="Services").get_by_role("button", name="TensorBoard...").click()
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("checkbox", name="--bind_all").check()
    submit_button(page).click()
    look(page, "a form that is wrong")
    page.get_by_role("button", name="Browse...").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    look(page, "the folders")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Host capabilities")).click()
    expect(page.get_by_role("region", name="Findings").get_by_role("listitem").first).to_be_visible()
    look(page, "the host")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account").click()
    look(page, "a menu")
    page.get_by_role("menuitem", name="Keyboard shortcuts...").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    look(page, "the keyboard shortcuts")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Set a password...").click()
    look(page, "the password")
    page.keyboard.press("Escape")
    forgather.wait_status(forgather.submit(sample_runs, port=free_port(), window_title="seen"), "running")
    more(page.get_by_role("article", name="seen"), "seen", "Force kill...")
    look(page, "force kill")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_services_are_accessible(page: Page, forgather: Forgather, tmp_path: Path, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    for name, logdir in (("all", tmp_path), ("a-name-that-is-longer-than-the-sidebar", tmp_path / "later")):
        logdir.mkdir(exist_ok=True)
        forgather.cli("service", "add", "tensorboard", name, f"logdir={logdir}")
    forgather.cli("service", "disable", "tensorboard", "a-name-that-is-longer-than-the-sidebar")
    (tmp_path / "later").rmdir()
    forgather.cli("service", "enable", "tensorboard", "a-name-that-is-longer-than-the-sidebar")
    if width < 400:
        page.get_by_role("button", name="Menu", exact=True).click()
    expect(service(page, "a-name-that-is-longer-than-the-sidebar").get_by_text("cannot run")).to_be_visible()
    look(page, "the services")
    service(page, "all").get_by_role("button", name="More for all").click()
    look(page, "a service's menu")
    page.get_by_role("menuitem", name="Edit...").click()
    expect(page.get_by_role("dialog", name="Edit the service all")).to_be_visible()
    look(page, "a service in the dialog")
    page.keyboard.press("Escape")
    more(service(page, "all"), "all", "Delete...")
    expect(page.get_by_role("button", name="Delete service")).to_be_visible()
    look(page, "the question before it is deleted")
    page.keyboard.press("Escape")
    open_dialog(page)
    page.get_by_role("combobox", name="Log directory").fill(str(tmp_path))
    page.get_by_role("button", name="Create service...").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("all")
    page.get_by_role("button", name="Create service", exact=True).click()
    expect(page.get_by_text("A service named all already exists.")).to_be_visible()
    look(page, "a name that is taken")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    open_mkdocs_dialog(page)
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("checkbox", name="--bind_all").check()
    submit_button(page).click()
    expect(page.get_by_text("Choose the mkdocs.yml of the site.")).to_be_visible()
    look(page, "MkDocs")
    page.get_by_role("button", name="Browse...").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    look(page, "the files")


def test_the_first_load_is_small(forgather: Forgather) -> None:
    """The bytes that the browser loads before a click, compressed as they are sent."""

    def sent(path: str) -> tuple[bytes, bytes]:
        """The body as it was sent, and decoded."""
        answer = requests.get(f"{forgather.url}{path}", headers={"Accept-Encoding": "gzip"}, timeout=120, stream=True)
        raw = answer.raw.read(decode_content=False)
        return raw, gzip.decompress(raw) if answer.headers.get("Content-Encoding") == "gzip" else raw

    index, html = sent("/")
    named = re.findall(rb'(?:src|href)="[.](/assets/[^"]+)"', html)
    assert any(name.endswith(b".js") for name in named)
    loaded = {name.decode(): len(sent(name.decode())[0]) for name in named}
    assert len(index) + sum(loaded.values()) < _MOST_BYTES, loaded


def test_its_policy_admits_only_files_of_the_server(forgather: Forgather) -> None:
    policy = requests.get(f"{forgather.url}/", timeout=120).headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert not re.search(r"unsafe|https?:|\*", policy)
