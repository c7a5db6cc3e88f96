"""The pictures of the documents: each view of the page, light and dark, over sample runs.

    make screenshots        into docs/images

Run with tests/ on the path: the server and the names on the page are those of the browser tests.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from browser.page_steps import SLOWLY, card, expect_state, field, open_dialog, open_mkdocs_dialog, service, view
from forgather_server import Forgather
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project

SCHEMES: Final = ("light", "dark")
WIDE: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 780}
_PREFIX: Final = "forgather-pictures"
_ROOT: Final = Path(__file__).parents[1]


@contextmanager
def server(folder: Path) -> Iterator[Forgather]:
    """One with runs, a project, a declared service, and jobs in all states."""
    project = write_project(folder / "tiny_llama")
    runs = write_samples(project)
    handbook = folder / "handbook" / "mkdocs.yml"
    shutil.copytree(_ROOT / "docs", handbook.parent / "docs")
    shutil.copy(_ROOT / "mkdocs.yml", handbook)
    forgather = Forgather(
        folder,
        unit_prefix=_PREFIX,
        browse_roots=[str(folder)],
        search_roots=[str(project)],
        services={
            "tensorboard": {
                "all-models": {"logdir": str(runs), "port": 6008, "idle_timeout": "2h"},
                "last-year": {"logdir": str(runs), "enabled": False},
            },
            "mkdocs": {"handbook": {"config_file": str(handbook)}},
        },
    )
    forgather.prefix = _PREFIX
    try:
        forgather.start()
        running = forgather.submit(runs / "tiny", port=6006, window_title="tiny llama")
        forgather.submit(runs / "tiny_wide", port=6007, lazy=True, window_title="tiny llama, wide")
        over = forgather.submit(runs, port="auto", lazy=True, window_title="a first look")
        forgather.wait_status(over, "sleeping")
        forgather.cli("job", "kill", over)
        forgather.submit(runs / "tiny", port=6006, priority=2, window_title="learning rates")
        forgather.submit(runs / "tiny", port=6006, window_title="long warm-up")
        forgather.wait_status(running, "running")
        yield forgather
    finally:
        forgather.clean()


def jobs(page: Page) -> None:
    view(page, "Jobs")
    expect_state(card(page, "tiny llama"), "running")
    # The first poll sends the usage.
    expect(card(page, "tiny llama").get_by_text("CPU")).to_be_visible()


def tty(page: Page) -> None:
    view(page, "Jobs")
    card(page, "tiny llama").get_by_role("link", name="tiny llama", exact=True).click()
    page.get_by_role("tab", name="TTY").click()
    expect(page.locator(".xterm-rows").get_by_text("TensorBoard 2.").first).to_be_visible()


def queue(page: Page) -> None:
    view(page, "Queue")
    expect(page.get_by_role("list", name="Queued jobs").get_by_role("listitem")).to_have_count(2)


def projects(page: Page) -> None:
    view(page, "Projects")
    page.get_by_role("treeitem", level=2).first.click()
    expect(page.get_by_role("toolbar", name="Config")).to_be_visible()


def dialog(page: Page) -> None:
    view(page, "Jobs")
    logdir = card(page, "tiny llama").locator(".path").inner_text()
    open_dialog(page)
    field(page, "Log directory").fill(logdir)
    field(page, "Port").fill("6006")
    expect(page.get_by_text("Taken by")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("3 event files")).to_be_visible()


def services(page: Page) -> None:
    view(page, "Jobs")
    service(page, "all-models").get_by_role("button", name="More for all-models").click()
    expect(page.get_by_role("menuitem", name="Edit...")).to_be_visible()


def mkdocs(page: Page) -> None:
    view(page, "Jobs")
    config = card(page, "handbook").locator(".path").inner_text()
    open_mkdocs_dialog(page)
    field(page, "Config file").fill(config)
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_role("dialog").get_by_text("free", exact=True)).to_be_visible()


VIEWS: Final[dict[str, Callable[[Page], None]]] = {
    "jobs": jobs,
    "dialog": dialog,
    "tty": tty,
    "queue": queue,
    "projects": projects,
    "services": services,
    "mkdocs": mkdocs,
}


def board(page: Page, forgather: Forgather) -> None:
    """A stock TensorBoard, opened through the server."""
    job = next(job for job in forgather.get("/api/jobs").json() if job["title"] == "tiny llama")
    page.goto(f"{forgather.url}{job['url']}#timeseries")
    page.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)
    page.wait_for_load_state("networkidle")


def take(page: Page, file: Path) -> None:
    # Stop spinners and the blinking cursor.
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    # Flat colours: a palette of 256 is a third of the size and looks the same.
    shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size // 1024} KiB", flush=True)


def take_all(browser: Browser, forgather: Forgather, folder: Path) -> None:
    for scheme in SCHEMES:
        context = browser.new_context(viewport=WIDE, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(SLOWLY)
        page = context.new_page()
        page.goto(f"{forgather.url}/?token={forgather.token}")
        page.get_by_role("button", name="Skip").click()
        for name, show in VIEWS.items():
            show(page)
            take(page, folder / f"{name}-{scheme}.png")
            page.goto(f"{forgather.url}/#/jobs")
            page.reload()
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        jobs(page)
        take(page, folder / f"phone-{scheme}.png")
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        # It has one colour scheme unless the user selects another.
        if scheme == "light":
            board(page, forgather)
            take(page, folder / "tensorboard.png")
        context.close()


def main(folder: Path) -> None:
    expect.set_options(timeout=SLOWLY)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with (
        tempfile.TemporaryDirectory(prefix="forgather-") as temporary,
        server(Path(temporary)) as forgather,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        take_all(browser, forgather, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
