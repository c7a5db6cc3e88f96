"""Declared services in the page: created from the dialog, switched, edited, stopped, deleted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser.page_steps import SLOWLY, card, expect_state, field, fill, more, name_service, open_dialog, service
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect
from waiting import wait_until

REFUSED = "status of 4(00|22)"


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], sample_runs: Path) -> Forgather:
    """A server with a declared service; the dialog shows some of its options."""
    declared = {"logdir": str(sample_runs), "idle_timeout": "2h", "tasks_max": 90}
    server = make_forgather(services={"tensorboard": {"lab": declared}})
    server.start()
    return server


def declared(forgather: Forgather, kind: str = "tensorboard") -> dict[str, Any]:
    """The services in the settings file."""
    found: dict[str, Any] = yaml.safe_load(forgather.config.read_text()).get("services", {}).get(kind, {})
    return found


def instance(forgather: Forgather, name: str) -> str | None:
    """The job of a service, without those that have ended or are stopping."""
    jobs = [job for job in forgather.get("/api/jobs").json() if job["service"] == name]
    live = [job for job in jobs if job["alive"] and not job["stop_requested"]]
    assert len(live) < 2
    return str(live[0]["queue_id"]) if live else None


def expect_service(line: Locator, word: str) -> None:
    expect(line.get_by_test_id("service-state")).to_have_text(word, timeout=SLOWLY)


def asleep(forgather: Forgather) -> str:
    """The state of a service on this host before its first visit."""
    return "sleeping" if forgather.get("/api/host").json()["placement"] == "socket" else "running"


def test_the_values_of_the_dialog_become_a_service(
    page: Page, forgather: Forgather, watched: Watched, sample_runs: Path
) -> None:
    watched.expect(REFUSED)
    open_dialog(page)
    fill(page, sample_runs, "", "All models, of us")
    page.get_by_role("button", name="Create service...").click()
    naming = page.get_by_role("dialog", name="Create a service")
    name = naming.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_have_value("all-models-of-us")
    expect(name).to_be_focused()
    name.fill("All Models")
    page.keyboard.press("Enter")
    expect(naming.locator(".field-error")).to_have_text(
        "name must be letters, digits, _ and -, at most 63, and not begin with -"
    )
    assert set(declared(forgather)) == {"lab"}
    name.fill("lab")
    page.keyboard.press("Enter")
    expect(naming.locator(".field-error")).to_have_text("A service named lab already exists.")
    name.fill("all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_service(service(page, "all"), asleep(forgather))
    assert declared(forgather)["all"] == {
        "enabled": True, "logdir": str(sample_runs), "window_title": "All models, of us",
    }  # fmt: skip
    expect(card(page, "All models, of us").get_by_role("link", name="Open")).to_have_attribute("href", "api/tb/all/")
    with page.context.expect_page() as opened:
        more(service(page, "all"), "all", "Open")
    expect(opened.value).to_have_title("All models, of us", timeout=SLOWLY)
    assert opened.value.url.startswith(f"{forgather.url}/api/tb/all/")
    expect_service(service(page, "all"), "running")


def test_an_error_that_does_not_concern_the_name_is_shown_at_its_field(
    page: Page, forgather: Forgather, watched: Watched, sample_runs: Path
) -> None:
    watched.expect(REFUSED)
    open_dialog(page)
    fill(page, sample_runs, "", "limited")
    page.get_by_role("button", name="Advanced").click()
    field(page, "Memory limit").fill("a lot")
    name_service(page, "limited-one")
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(field(page, "Memory limit")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("dialog").locator(".field-error")).to_have_count(1)
    # The typed values are kept.
    expect(field(page, "Window title")).to_have_value("limited")
    field(page, "Memory limit").fill("2G")
    page.get_by_role("button", name="Create service...").click()
    expect(field(page, "Name")).to_have_value("limited-one")
    page.get_by_role("button", name="Create service", exact=True).click()
    expect(service(page, "limited-one")).to_be_visible()
    assert declared(forgather)["limited-one"]["memory_max"] == "2G"
    # A job needs a port where a service needs none.
    open_dialog(page)
    fill(page, sample_runs, "", "a job")
    page.get_by_role("button", name="Start TensorBoard").click()
    expect(field(page, "Port")).to_have_attribute("aria-invalid", "true")


def test_a_service_is_disabled_and_enabled(page: Page, forgather: Forgather) -> None:
    lab = service(page, "lab")
    expect_service(lab, asleep(forgather))
    first = instance(forgather, "lab")
    switch = lab.get_by_role("switch", name="Enable lab")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    expect_service(lab, "off")
    assert declared(forgather)["lab"]["enabled"] is False
    assert instance(forgather, "lab") is None
    switch.click()
    expect_service(lab, asleep(forgather))
    assert instance(forgather, "lab") not in (first, None)
    assert declared(forgather)["lab"]["enabled"] is True


def test_an_edit_changes_only_edited_values(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    lab = service(page, "lab")
    expect_service(lab, asleep(forgather))
    first = instance(forgather, "lab")
    more(lab, "lab", "Edit...")
    expect(page.get_by_role("dialog", name="Edit the service lab")).to_be_visible()
    expect(field(page, "Log directory")).to_have_value(str(sample_runs))
    expect(field(page, "Port")).to_have_value("")
    expect(field(page, "Window title")).to_have_value("")
    # Advanced fields with a value are visible.
    expect(field(page, "Idle timeout")).to_have_value("2h")
    page.get_by_role("button", name="Save service").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Without a change the instance continues.
    assert instance(forgather, "lab") == first
    more(lab, "lab", "Edit...")
    field(page, "Window title").fill("Ours")
    page.get_by_role("button", name="Save service").click()
    expect_state(card(page, "Ours"), asleep(forgather))
    assert instance(forgather, "lab") not in (first, None)
    assert declared(forgather)["lab"] == {
        "enabled": True, "logdir": str(sample_runs), "idle_timeout": "2h", "tasks_max": 90, "window_title": "Ours",
    }  # fmt: skip

    # The open page has the new declaration, a moment after the job's state.
    def shows_the_new_one() -> bool:
        more(lab, "lab", "Edit...")
        title = field(page, "Window title").input_value()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        return title == "Ours"

    wait_until(shows_the_new_one)


def test_a_wrong_edit_is_refused_and_changes_nothing(page: Page, forgather: Forgather, watched: Watched) -> None:
    watched.expect(REFUSED)
    expect_service(service(page, "lab"), asleep(forgather))
    before, first = declared(forgather), instance(forgather, "lab")
    more(service(page, "lab"), "lab", "Edit...")
    field(page, "Log directory").fill("/not/there")
    page.get_by_role("button", name="Save service").click()
    problem = page.get_by_role("dialog").locator(".field-error")
    expect(problem).to_have_text("logdir /not/there does not exist")
    expect(field(page, "Log directory")).to_have_value("/not/there")
    assert (declared(forgather), instance(forgather, "lab")) == (before, first)


def test_stop_start_and_delete(page: Page, forgather: Forgather) -> None:
    lab = service(page, "lab")
    expect_service(lab, asleep(forgather))
    more(lab, "lab", "Stop")
    expect_service(lab, "stopped")
    expect(lab.get_by_role("switch")).to_be_checked()
    more(lab, "lab", "Start")
    expect_service(lab, asleep(forgather))
    more(lab, "lab", "Delete...")
    question = page.get_by_role("dialog", name="Delete the service lab?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    assert set(declared(forgather)) == {"lab"}
    more(lab, "lab", "Delete...")
    question.get_by_role("button", name="Delete service").click()
    expect(lab).to_be_hidden()
    assert declared(forgather) == {}
    assert instance(forgather, "lab") is None


def test_a_service_that_cannot_run_says_why(page: Page, forgather: Forgather, tmp_path: Path) -> None:
    logdir = tmp_path / "mounted-later"
    logdir.mkdir()
    forgather.cli("service", "add", "tensorboard", "late", f"logdir={logdir}", "--disabled")
    late = service(page, "late")
    expect_service(late, "off")
    logdir.rmdir()
    late.get_by_role("switch").click()
    # The message first: it disappears after some seconds.
    expect(page.get_by_role("status", name="Messages")).to_contain_text(f"logdir {logdir} does not exist")
    expect_service(late, "cannot run")
    logdir.mkdir()
    more(late, "late", "Start")
    expect_service(late, asleep(forgather))


def test_a_waiting_service_shows_the_reason_and_can_be_stopped(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: Callable[[], int]
) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as foreign:
        port = foreign.getsockname()[1]
        forgather.cli("service", "add", "tensorboard", "late", f"logdir={sample_runs}", f"port={port}")
        late = service(page, "late")
        expect_service(late, "queued")
        more(late, "late", "Stop")
        expect_service(late, "stopped")
        more(late, "late", "Start")
        expect_service(late, "queued")
    # The port is free again.
    expect_service(late, asleep(forgather))


def test_a_change_by_another_client_is_shown_at_once(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    forgather.cli("service", "add", "tensorboard", "more", f"logdir={sample_runs}")
    expect_service(service(page, "more"), asleep(forgather))
    forgather.cli("service", "remove", "tensorboard", "more")
    expect(service(page, "more")).to_be_hidden()


def test_the_menu_of_a_phone_contains_the_services(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    expect(service(page, "lab")).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(service(page, "lab").get_by_role("switch", name="Enable lab")).to_be_visible()
