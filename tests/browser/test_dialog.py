"""The TensorBoard dialog: stored values, facts before it is sent, and errors at their fields."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser.page_steps import (
    SLOWLY,
    STORAGE_KEY,
    card,
    expect_state,
    field,
    fill,
    open_dialog,
    start,
    submit,
    submit_button,
    view,
)
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Page, Route, expect

from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project

FreePort = Callable[[], int]
THE_REFERENCES_NAMES = {
    "logdir", "port", "bindAll", "windowTitle", "reloadInterval", "reloadMultifile", "samplesPerPlugin", "host",
}  # fmt: skip


class Held:
    """Requests that the server receives after `release`, and later ones at once."""

    def __init__(self, page: Page, *addresses: str) -> None:
        self._routes: list[Route] = []
        self._released = False
        for address in addresses:
            page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if self._released:
            route.continue_()
        else:
            self._routes.append(route)

    def release(self) -> None:
        self._released = True
        for route in self._routes:
            route.continue_()


def stored(page: Page) -> Any:
    return page.evaluate(f"JSON.parse(localStorage.getItem('{STORAGE_KEY}'))")


def test_settings_are_kept_over_a_reload_and_reset(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    open_dialog(page)
    fill(page, sample_runs, port, "kept")
    field(page, "Priority").fill("7")
    submit(page)
    expect(card(page, "kept")).to_be_visible()
    kept = stored(page)
    assert set(kept) == THE_REFERENCES_NAMES
    assert (kept["logdir"], kept["port"], kept["windowTitle"]) == (str(sample_runs), port, "kept")
    page.reload()
    open_dialog(page)
    expect(field(page, "Window title")).to_have_value("kept")
    expect(field(page, "Log directory")).to_have_value(str(sample_runs))
    # The priority is not stored.
    expect(field(page, "Priority")).to_have_value("0")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(field(page, "Port")).to_have_value("6006")
    expect(field(page, "Log directory")).to_have_value("")
    assert stored(page) is None


def test_a_derived_title_does_not_mix_with_typing(page: Page, sample_runs: Path) -> None:
    held = Held(page, "**/api/title?*")
    open_dialog(page)
    with page.expect_request("**/api/title?*"):
        field(page, "Log directory").fill(str(sample_runs))
    title = field(page, "Window title")
    title.focus()
    with page.expect_response("**/api/title?*"):
        held.release()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.keyboard.type("kept")
    expect(title).to_have_value("kept")


def test_a_derived_name_does_not_mix_with_typing(page: Page, sample_runs: Path) -> None:
    """The page asks for the name of a service once it has the title."""
    held = Held(page, "**/api/title?*")
    open_dialog(page)
    with page.expect_request("**/api/title?*"):
        field(page, "Log directory").fill(str(sample_runs))
    page.get_by_role("button", name="Create service...").click()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.get_by_role("dialog")).to_have_count(1)
    held.release()
    name = page.get_by_role("dialog", name="Create a service").get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_focused()
    assert name.input_value()
    name.fill("mine")
    expect(name).to_have_value("mine")


def test_the_stored_address_is_not_used_without_a_click(page: Page) -> None:
    """A viewer's page runs on our origin and could have written it."""
    page.evaluate(
        f"localStorage.setItem('{STORAGE_KEY}', JSON.stringify({{bindAll: true, host: '0.0.0.0', port: 6010}}))"
    )
    open_dialog(page)
    dialog = page.get_by_role("dialog")
    expect(field(page, "Port")).to_have_value("6010")
    expect(dialog.get_by_label("--bind_all")).not_to_be_checked()
    expect(dialog.get_by_role("status")).to_contain_text("listened on all addresses of this machine")
    dialog.get_by_role("button", name="Listen on all addresses of this machine").click()
    expect(dialog.get_by_label("--bind_all")).to_be_checked()
    expect(dialog.get_by_text("This bypasses authentication")).to_be_visible()


def test_values_are_stored_only_when_they_are_sent(page: Page) -> None:
    open_dialog(page)
    fill(page, "/somewhere", 7000, "never")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert stored(page) is None
    expect(page.get_by_role("button", name="TensorBoard...")).to_be_focused()


def test_a_taken_port_names_its_holder_and_the_next(
    page: Page, forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    open_dialog(page)
    with socket.create_server(("127.0.0.1", free_port())) as foreign:
        port = foreign.getsockname()[1]
        fill(page, sample_runs, port, "late")
        expect(page.get_by_text("Taken by another process.")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile(rf"^Wait for {port}$"))).to_be_visible()
        page.get_by_role("button", name=re.compile(r"^Start on \d+$")).click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect_state(card(page, "late"), "running")
        assert forgather.get("/api/jobs").json()[0]["port"] != port
        open_dialog(page)
    holder = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="who came first")
    forgather.wait_status(holder, "sleeping", "running")
    field(page, "Port").fill(str(forgather.job(holder)["port"]))
    expect(page.get_by_text("Taken by who came first.")).to_be_visible()
    field(page, "Window title").fill("patient")
    page.get_by_role("button", name=re.compile("^Wait for ")).click()
    expect_state(card(page, "patient"), "queued")


def test_late_facts_do_not_move_the_button(page: Page, sample_runs: Path) -> None:
    """A click at that moment would be lost."""
    held = Held(page, "**/api/ports*", "**/api/logdir*")
    open_dialog(page)
    button = page.locator("footer .button-main")
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        before = button.bounding_box()
        port = foreign.getsockname()[1]
        with (
            page.expect_request(f"**/api/ports?port={port}*"),
            page.expect_request(f"**/api/logdir*{sample_runs.name}"),
        ):
            fill(page, sample_runs, port, "next")
        assert button.bounding_box() == before
        held.release()
        expect(page.get_by_text("Taken by another process.")).to_be_visible()
        expect(page.get_by_text("5 runs")).to_be_visible()
        assert button.bounding_box() == before


def test_a_missing_logdir_is_reported_at_its_field(page: Page, tmp_path: Path, free_port: FreePort) -> None:
    open_dialog(page)
    fill(page, "/not/there", free_port(), "nothing")
    expect(page.get_by_text("does not exist").first).to_be_visible()
    submit(page)
    problem = page.get_by_role("dialog").locator(".field-error")
    expect(problem).to_have_text("logdir /not/there does not exist")
    expect(field(page, "Log directory")).to_have_attribute("aria-invalid", "true")
    assert problem.get_attribute("id") in (field(page, "Log directory").get_attribute("aria-describedby") or "").split()
    # A new value clears the error.
    field(page, "Log directory").fill(str(tmp_path))
    expect(problem).to_be_hidden()
    expect(page.get_by_text("no event files yet")).to_be_visible()


def test_a_wrong_field_is_scrolled_into_view(page: Page) -> None:
    open_dialog(page)
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("checkbox", name="--writable-logdir").scroll_into_view_if_needed()
    expect(field(page, "Log directory")).not_to_be_in_viewport()
    submit_button(page).click()
    expect(field(page, "Log directory")).to_be_focused()
    expect(page.get_by_text("Choose the folder that holds the runs.")).to_be_in_viewport()


def test_an_error_of_the_server_is_shown_at_its_field(
    page: Page, watched: Watched, sample_runs: Path, free_port: FreePort
) -> None:
    watched.expect("status of 400")
    open_dialog(page)
    fill(page, sample_runs, free_port(), "limited")
    page.get_by_role("button", name="Advanced").click()
    field(page, "Memory limit").fill("a lot")
    # The hidden field would hide its error.
    page.get_by_role("button", name="Advanced").click()
    expect(field(page, "Memory limit")).to_be_hidden()
    submit(page)
    expect(field(page, "Memory limit")).to_have_attribute("aria-invalid", "true")
    field(page, "Memory limit").fill("2G")
    submit(page)
    expect(card(page, "limited")).to_be_visible()


def test_bind_all_warns_and_hides_the_host(page: Page) -> None:
    open_dialog(page)
    page.get_by_role("button", name="Advanced").click()
    expect(field(page, "Host")).to_be_visible()
    page.get_by_role("checkbox", name="--bind_all").check()
    expect(page.get_by_text("This bypasses authentication")).to_be_visible()
    expect(field(page, "Host")).to_be_hidden()


def test_every_field_has_its_name(page: Page) -> None:
    open_dialog(page)
    page.get_by_role("button", name="Advanced").click()
    for name in ("Log directory", "Port", "Priority", "Window title", "Reload interval", "Samples per plugin", "Host",
                 "Idle timeout", "Memory limit"):  # fmt: skip
        expect(field(page, name)).to_be_visible()
    for name in ("--bind_all", "--reload_multifile", "Private"):
        expect(page.get_by_role("checkbox", name=name, exact=True)).to_be_visible()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A Forgather project that has written its runs."""
    write_samples(write_project(tmp_path / "workspace"))
    return tmp_path / "workspace"


def test_from_a_config_to_its_tensorboard(
    make_forgather: Callable[..., Forgather], workspace: Path, request: pytest.FixtureRequest, free_port: FreePort
) -> None:
    forgather = make_forgather(search_roots=[str(workspace)])
    forgather.start()
    config = next(
        each for each in forgather.get("/api/projects/changes").json()["projects"][0]["configs"] if each["output_dir"]
    )
    own = request.getfixturevalue("browser").new_context()
    own.set_default_timeout(SLOWLY)
    watched = Watched(forgather.url)
    page = own.new_page()
    page.on("console", watched.console)
    page.on("request", watched.request)
    page.goto(f"{forgather.url}/?token={forgather.token}")
    page.get_by_role("button", name="Skip").click()
    page.evaluate(f"localStorage.setItem('{STORAGE_KEY}', JSON.stringify({{windowTitle: 'of another'}}))")
    view(page, "Projects")
    page.get_by_role("treeitem", name=re.compile(re.escape(config["name"]))).first.click(button="right")
    page.get_by_role("menuitem", name="TensorBoard...").click()
    expect(field(page, "Log directory")).to_have_value(config["output_dir"])
    title = field(page, "Window title").input_value()
    assert title == (config["config_name"] or config["name"])
    expect(page.get_by_role("button", name="Reset to defaults")).to_be_hidden()
    field(page, "Port").fill(str(free_port()))
    submit(page)
    expect_state(card(page, title), "running")
    # The stored values are neither read nor written.
    assert stored(page) == {"windowTitle": "of another"}
    # The toolbar of the config opens the same dialog.
    view(page, "Projects")
    page.get_by_role("treeitem", name=re.compile(re.escape(config["name"]))).first.click()
    page.get_by_role("toolbar", name="Config").get_by_role("button", name="TensorBoard...").click()
    expect(field(page, "Log directory")).to_have_value(config["output_dir"])
    own.close()
    assert watched.unexpected() == []


def test_a_copy_of_a_job_has_its_values(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    start(page, sample_runs, free_port(), "once more")
    card(page, "once more").get_by_role("button", name="More for once more").click()
    page.get_by_role("menuitem", name="Queue a copy...").click()
    expect(field(page, "Window title")).to_have_value("once more")
    expect(field(page, "Log directory")).to_have_value(str(sample_runs))


def test_a_path_is_completed_and_gets_hints(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    open_dialog(page)
    logdir = field(page, "Log directory")
    logdir.fill("output_models")
    expect(page.get_by_text("Type the full path, from /.")).to_be_visible()
    logdir.fill("/")
    expect(page.get_by_text("/ is the whole machine")).to_be_visible()
    (Path.home() / "typed-runs").mkdir(exist_ok=True)
    logdir.fill("~/typed")
    expect(logdir).to_have_value(f"{Path.home()}/typed")
    options = page.locator(f"datalist option[value='{Path.home()}/typed-runs']")
    expect(options).to_have_count(1)


def test_recent_folders_are_suggested(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    start(page, sample_runs, free_port(), "recent")
    expect(card(page, "recent")).to_be_visible()
    open_dialog(page)
    field(page, "Log directory").fill("")
    expect(page.locator(f"datalist option[value='{sample_runs}']")).to_have_count(1)


def test_the_new_service_shows_its_address(page: Page, forgather: Forgather, sample_runs: Path) -> None:
    open_dialog(page)
    field(page, "Log directory").fill(str(sample_runs))
    page.get_by_role("button", name="Create service...").click()
    asked = page.get_by_role("dialog", name="Create a service")
    asked.get_by_role("textbox", name="Name", exact=True).fill("lab")
    expect(asked.get_by_text(f"{forgather.url}/api/tb/lab/")).to_be_visible()
