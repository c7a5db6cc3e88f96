"""Every view: usable by everybody, light to load, and closed to whoever may not."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Page, expect
from watched_page import Watched

FreePort = Callable[[], int]
_MOST_BYTES = 250_000


_STICKS_OUT = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
    [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > window.innerWidth + 1)
        .map(each => each.tagName + '.' + each.className).slice(0, 12)"""


def serious(page: Page) -> list[str]:
    """axe-core's serious and critical violations."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']}" for each in found if each["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_view_shuts_anybody_out(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    forgather.submit(sample_runs, port=free_port(), window_title="seen")
    failed = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="over")
    forgather.cli("job", "kill", failed)
    for view in ("jobs", "queue", "projects", f"jobs/{failed}"):
        page.goto(f"{forgather.url}/#/{view}")
        expect(page.get_by_role("main")).to_be_visible()
        page.get_by_role("heading").first.wait_for()
        assert serious(page) == [], view
        # Nothing sticks out to the side.
        assert page.evaluate(_STICKS_OUT) == [], view


def test_the_dialog_shuts_nobody_out(page: Page) -> None:
    page.get_by_role("region", name="Services").get_by_role("button", name="TensorBoard...").click()
    page.get_by_role("button", name="Advanced").click()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_sign_in_page(context: BrowserContext, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of 401")
    page = context.new_page()
    page.goto(forgather.url)
    secret = page.get_by_role("textbox").first
    expect(secret).to_be_visible()
    assert serious(page) == []
    secret.fill("wrong")
    secret.press("Enter")
    expect(
        page.get_by_role("alert").or_(page.get_by_text(re.compile("wrong|not|no such", re.IGNORECASE))).first
    ).to_be_visible()
    secret.fill(forgather.token)
    secret.press("Enter")
    expect(page.get_by_role("link", name="Jobs").or_(page.get_by_role("button", name="Skip")).first).to_be_visible()


def test_the_first_load_is_light(forgather: Forgather) -> None:
    """What the browser loads before anything is clicked, compressed as it is sent."""
    index = requests.get(f"{forgather.url}/", headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert index.headers["Content-Encoding"] == "gzip"
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', index.text)
    assert any(name.endswith(".js") for name in named)
    total = len(gzip.compress(index.content))
    for name in named:
        sent = requests.get(f"{forgather.url}{name}", headers={"Accept-Encoding": "gzip"}, timeout=10, stream=True)
        assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        total += len(sent.raw.read(decode_content=False))
    assert total < _MOST_BYTES


def test_its_policy_admits_no_inline_script(forgather: Forgather) -> None:
    policy = requests.get(f"{forgather.url}/", timeout=10).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert requests.get(f"{forgather.url}/assets/../../auth/token", timeout=10).status_code in (400, 404)
