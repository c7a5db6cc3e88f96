"""From a config to its TensorBoard, and how far its runs have come, in the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.page_steps import SLOWLY, card, expect_state, field, submit, view
from forgather_server import Forgather
from playwright.sync_api import Locator, Page, expect
from waiting import wait_until

from forgather_units.samples.collection import STEPS
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run


@pytest.fixture
def output_dir(dialect: Path) -> Path:
    """Of the default config of the project `Dialect`: it has one run."""
    return dialect / "output_models/default_model"


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], output_dir: Path) -> Forgather:
    server = make_forgather(search_roots=[str(output_dir.parents[2])])
    server.start()
    return server


def config(page: Page, file: str) -> Locator:
    """Its line in the tree."""
    view(page, "Projects")
    project = page.get_by_role("treeitem", name=re.compile("^Dialect"))
    expect(project).to_be_visible()
    if project.get_attribute("aria-expanded") != "true":
        project.click()
    line = page.get_by_role("treeitem", level=2, name=re.compile(f"^{re.escape(file)}"))
    expect(line).to_be_visible()
    return line


def test_from_a_config_to_its_tensorboard(
    page: Page, forgather: Forgather, output_dir: Path, free_port: Callable[[], int]
) -> None:
    line = config(page, "plain.yaml")
    line.click(button="right")
    page.get_by_role("menuitem", name="TensorBoard...").click()
    expect(field(page, "Log directory")).to_have_value(str(output_dir))
    title = field(page, "Window title").input_value()
    (known,) = [each for each in forgather.get("/api/projects/changes").json()["projects"] if each["name"] == "Dialect"]
    assert title in {each["config_name"] or each["name"] for each in known["configs"] if each["name"] == "plain.yaml"}
    field(page, "Port").fill(str(free_port()))
    submit(page)
    view(page, "Jobs")
    expect_state(card(page, title), "running")
    with page.expect_popup() as opened:
        card(page, title).get_by_role("link", name=re.compile("^Open")).click()
    viewer = opened.value
    expect(viewer).to_have_title(title, timeout=SLOWLY)
    expect(viewer.get_by_text(re.compile("runs/log_1")).first).to_be_visible(timeout=SLOWLY)


def test_a_config_before_its_first_training(
    page: Page, forgather: Forgather, output_dir: Path, free_port: Callable[[], int]
) -> None:
    later = output_dir.with_name("later")
    output_dir.rename(later)
    config(page, "plain.yaml").click(button="right")
    page.get_by_role("menuitem", name="TensorBoard...").click()
    expect(field(page, "Log directory")).to_have_value(str(output_dir))
    expect(page.get_by_text("not there yet: TensorBoard will be empty until a training creates it")).to_be_visible()
    title = field(page, "Window title").input_value()
    field(page, "Port").fill(str(free_port()))
    submit(page)
    expect(page.get_by_text(f"{output_dir} does not exist yet").first).to_be_visible()
    view(page, "Jobs")
    expect_state(card(page, title), "running")
    (job,) = forgather.get("/api/jobs").json()
    later.rename(output_dir)
    # A request with a body gets 503 while the viewer restarts.
    wait_until(lambda: forgather.job(job["queue_id"])["pid"] not in (None, job["pid"]))
    forgather.wait_status(job["queue_id"], "running")
    with page.expect_popup() as opened:
        card(page, title).get_by_role("link", name=re.compile("^Open")).click()
    expect(opened.value.get_by_text(re.compile("runs/log_1")).first).to_be_visible(timeout=SLOWLY)


def test_projects_stay_open_or_closed_over_a_reload(page: Page) -> None:
    config(page, "plain.yaml")
    page.reload()
    view(page, "Projects")
    expect(page.get_by_role("treeitem", name=re.compile("^Dialect"))).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("treeitem", name=re.compile("^Small"))).to_have_attribute("aria-expanded", "false")
    page.get_by_role("treeitem", name=re.compile("^Dialect")).click()
    page.reload()
    view(page, "Projects")
    expect(page.get_by_role("treeitem", name=re.compile("^Dialect"))).to_have_attribute("aria-expanded", "false")


def test_a_run_that_is_written_is_followed(page: Page, output_dir: Path) -> None:
    config(page, "plain.yaml").click()
    panel = page.get_by_role("region", name=re.compile("^Config"))
    expect(panel.get_by_text(str(output_dir))).to_be_visible()
    runs = panel.get_by_role("list", name="Runs").get_by_role("listitem")
    expect(runs).to_have_count(1)
    expect(runs.first).to_contain_text(f"step {STEPS}")
    drawn = runs.first.locator("svg path").get_attribute("d")
    assert drawn is not None and drawn.count("L") > 50
    with open_run(output_dir / "runs/log_2", Shape("x", 3.0, 4.0, 1e-3, 3000), 1.7e9) as run:
        for _ in range(5):
            point = run.step(1.7e9)
        expect(runs).to_have_count(2)
        newest = runs.filter(has_text="log_2")
        expect(newest).to_contain_text(f"step {point.step}")
        before = newest.locator("svg path").get_attribute("d")
        for _ in range(1500):
            point = run.step(1.7e9)
        expect(newest).to_contain_text(f"step {point.step:,}")
        expect(newest).to_contain_text(f"loss {point.loss:.4g}"[:9])
        assert newest.locator("svg path").get_attribute("d") != before
