"""The host panel: what needs attention comes first, and the command lines of the fixes can be copied."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

_LINGER = "loginctl enable-linger alice"
_FIX = f"log in as yourself, or {_LINGER}; without systemd: forgather sandbox run -- CMD (as root)"
_EDIT = "systemctl edit user@.service"
_FINDINGS = [
    {"name": "a protection", "verdict": "ok", "detail": "enforced", "fix": ""},
    {"name": "a limit", "verdict": "warn", "detail": "not enforced", "fix": f"{_EDIT}: [Service] Delegate=pids"},
    {"name": "lingering", "verdict": "bad", "detail": "off", "fix": _FIX},
]


@pytest.fixture
def panel(page: Page) -> Locator:
    """The panel of a host with one finding of each verdict."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "findings": _FINDINGS})

    page.route("**/api/host", answer)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.reload()
    page.get_by_role("button", name=re.compile("^Host capabilities")).click()
    return page.get_by_role("region", name="Findings")


def test_findings_that_need_attention_come_first(panel: Locator) -> None:
    expect(panel.get_by_role("heading")).to_have_text(["Missing (1)", "Needs attention (1)", "Good (1)"])
    for name, colour in (("Missing", "Red: "), ("Needs attention", "Amber: "), ("Good", "Green: ")):
        group = panel.locator("section").filter(has=panel.page.get_by_role("list", name=name))
        expect(group.get_by_text(colour)).to_be_visible()


def test_the_commands_of_a_fix_are_copied_without_the_sentence_around_them(panel: Locator) -> None:
    copied = "navigator.clipboard.readText()"
    fix = panel.get_by_role("list", name="Missing")
    expect(fix.get_by_text("Fix: log in as yourself, or")).to_be_visible()
    fix.get_by_role("button", name="Copy the command").first.click()
    panel.page.wait_for_function(f"{copied}.then(text => text === {_LINGER!r})")
    edit = panel.get_by_role("list", name="Needs attention")
    edit.get_by_role("button", name="Copy the command").click()
    panel.page.wait_for_function(f"{copied}.then(text => text === {_EDIT!r})")
    edit.get_by_role("button", name="Copy the setting").click()
    panel.page.wait_for_function(f"{copied}.then(text => text === '[Service] Delegate=pids')")
