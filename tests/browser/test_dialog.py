"""The TensorBoard dialog: what it keeps, what it says before it is sent, and where it says what was wrong."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather
from page_steps import STORAGE_KEY, card, expect_state, field, fill, open_dialog, start, submit, view
from playwright.sync_api import Page, Route, expect
from watched_page import Watched

from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project

FreePort = Callable[[], int]
THE_REFERENCES_NAMES = {
    "logdir", "port", "bindAll", "windowTitle", "reloadInterval", "reloadMultifile", "samplesPerPlugin", "host",
}  # fmt: skip


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
    # An urgency of yesterday is no default of today.
    expect(field(page, "Priority")).to_have_value("0")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(field(page, "Port")).to_have_value("6006")
    expect(field(page, "Log directory")).to_have_value("")
    assert stored(page) is None


def test_what_is_not_sent_is_not_kept(page: Page) -> None:
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
        page.get_by_role("button", name=re.compile(r"^Use \d+$")).click()
        expect(field(page, "Port")).not_to_have_value(str(port))
        expect(page.get_by_text("free", exact=True)).to_be_visible()
    holder = forgather.submit(sample_runs, port=free_port(), lazy=True, window_title="who came first")
    forgather.wait_status(holder, "sleeping", "running")
    field(page, "Port").fill(str(forgather.job(holder)["port"]))
    expect(page.get_by_text("Taken by who came first.")).to_be_visible()


def test_what_is_found_out_moves_no_button_away(page: Page, sample_runs: Path) -> None:
    """Else the click of who presses it at that moment is lost."""
    held: list[Route] = []
    for address in ("**/api/ports*", "**/api/logdir*"):
        page.route(address, lambda route: held.append(route))
    open_dialog(page)
    button = page.get_by_role("button", name="Start TensorBoard")
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        before = button.bounding_box()
        port = foreign.getsockname()[1]
        with (
            page.expect_request(f"**/api/ports?port={port}*"),
            page.expect_request(f"**/api/logdir*{sample_runs.name}"),
        ):
            fill(page, sample_runs, port, "next")
        assert button.bounding_box() == before
        for route in held:
            route.continue_()
        expect(page.get_by_text("Taken by another process.")).to_be_visible()
        expect(page.get_by_text("5 runs")).to_be_visible()
        assert button.bounding_box() == before


def test_a_bad_logdir_is_told_at_its_field(page: Page, tmp_path: Path, free_port: FreePort) -> None:
    open_dialog(page)
    fill(page, "/not/there", free_port(), "nothing")
    expect(page.get_by_text("does not exist").first).to_be_visible()
    submit(page)
    problem = page.get_by_role("dialog").locator(".field-error")
    expect(problem).to_have_text("logdir /not/there does not exist")
    expect(field(page, "Log directory")).to_have_attribute("aria-invalid", "true")
    assert problem.get_attribute("id") in (field(page, "Log directory").get_attribute("aria-describedby") or "").split()
    # It is said of the old value alone.
    field(page, "Log directory").fill(str(tmp_path))
    expect(problem).to_be_hidden()
    expect(page.get_by_text("no event files yet")).to_be_visible()


def test_what_the_server_refuses_stands_at_the_field_that_it_concerns(
    page: Page, watched: Watched, sample_runs: Path, free_port: FreePort
) -> None:
    watched.expect("status of 400")
    open_dialog(page)
    fill(page, sample_runs, free_port(), "limited")
    page.get_by_role("button", name="Advanced").click()
    field(page, "Memory limit").fill("a lot")
    # Hidden, it would hide what is wrong with it.
    page.get_by_role("button", name="Advanced").click()
    expect(field(page, "Memory limit")).to_be_hidden()
    submit(page)
    expect(field(page, "Memory limit")).to_have_attribute("aria-invalid", "true")
    field(page, "Memory limit").fill("2G")
    submit(page)
    expect(card(page, "limited")).to_be_visible()


def test_bind_all_warns_and_takes_the_host_away(page: Page) -> None:
    open_dialog(page)
    page.get_by_role("button", name="Advanced").click()
    expect(field(page, "Host")).to_be_visible()
    page.get_by_role("checkbox", name="--bind_all").check()
    expect(page.get_by_text("This bypasses the gate")).to_be_visible()
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
        each for each in forgather.get("/api/projects").json()["projects"][0]["configs"] if each["output_dir"]
    )
    own = request.getfixturevalue("browser").new_context()
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
    # Neither read nor written.
    assert stored(page) == {"windowTitle": "of another"}
    # The same by the toolbar of the config.
    view(page, "Projects")
    page.get_by_role("treeitem", name=re.compile(re.escape(config["name"]))).first.click()
    page.get_by_role("toolbar", name="Config").get_by_role("button", name="TensorBoard...").click()
    expect(field(page, "Log directory")).to_have_value(config["output_dir"])
    own.close()
    assert watched.unexpected() == []


def test_the_same_again(page: Page, sample_runs: Path, free_port: FreePort) -> None:
    start(page, sample_runs, free_port(), "once more")
    card(page, "once more").get_by_role("button", name="More for once more").click()
    page.get_by_role("menuitem", name="Queue again...").click()
    expect(field(page, "Window title")).to_have_value("once more")
    expect(field(page, "Log directory")).to_have_value(str(sample_runs))
