"""A tour of the page, a TensorBoard and its output, at any address of the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from browser.charts import IS_DRAWN
from browser.page_steps import SLOWLY, card, expect_state, open_job, start, view
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, expect

PASSWORD = "correct horse battery"


def services(folder: Path, sample_runs: Path) -> dict[str, object]:
    """The setting `services` for the tour: a TensorBoard, and a site that is written into `folder`."""
    pages = folder / "handbook" / "docs"
    pages.mkdir(parents=True)
    (pages / "index.md").write_text("# Handbook\n")
    (pages / "second.md").write_text("# Second page\n")
    config = pages.parent / "mkdocs.yml"
    config.write_text("{site_name: The lab, theme: {name: mkdocs, highlightjs: false}}\n")
    return {"tensorboard": {"lab": {"logdir": str(sample_runs)}}, "mkdocs": {"handbook": {"config_file": str(config)}}}


@dataclass(frozen=True)
class Front:
    """The address of the page (without a final slash), and the server behind it."""

    url: str
    server: Forgather

    @property
    def base(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path


class WatchedBelow(Watched):
    """Every request stays below the front's path, but for TensorBoard's own at the root."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.url)
        self.base = front.base
        self.expect(r"/(favicon\.ico|font-roboto/)")

    def unexpected_below(self) -> list[str]:
        # `Watched` knows the paths of a server at the root.
        ours = re.compile(rf"request to http://[^/]+{re.escape(self.base)}/(assets/|api/|$|\?)")
        return [each for each in self.unexpected() if not ours.search(each)]


def tour(context: BrowserContext, lab: Front, sample_runs: Path, port: int, watched: Watched) -> None:
    """Sign in by a link, start a TensorBoard, look at its charts and output, kill it, and sign out.

    Then sign in with a password, and visit a declared service, MkDocs and an address that does not exist.
    """
    watched.expect("status of (401|404)")
    page = context.new_page()
    assert lab.server.cli_json("login-url")["url"].startswith(f"{lab.url}/?token=")
    page.goto(f"{lab.url}/?token={lab.server.token}")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page).to_have_url(f"{lab.url}/")
    start(page, sample_runs, port, "below")
    mine = card(page, "below")
    expect_state(mine, "running")
    queue_id = lab.server.get("/api/jobs").json()[0]["queue_id"]

    with page.context.expect_page() as opened:
        mine.get_by_role("link", name="Open below").click()
    board = opened.value
    expect(board).to_have_url(re.compile(re.escape(f"{lab.url}/api/tb/{queue_id}/")))
    board.goto(f"{lab.url}/api/tb/{queue_id}/#timeseries")
    board.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)
    board.wait_for_function(IS_DRAWN, timeout=SLOWLY)
    # The policy confines the viewer's page to its own path.
    assert not board.evaluate(f"fetch('{lab.base}/api/jobs').then(() => true, () => false)")
    watched.expect("Content Security Policy")
    board.close()

    panel = open_job(page, "below")
    panel.get_by_role("tab", name="TTY").click()
    expect(panel.get_by_text(re.compile(r"TensorBoard 2\.")).first).to_be_visible()
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download").click()
    assert download.value.url == f"{lab.url}/api/jobs/{queue_id}/tty"
    panel.get_by_role("button", name="Kill", exact=True).click()
    expect_state(panel, "stopped")
    view(page, "Jobs")

    # A viewer asks for a sign-in, which leads back to it.
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{lab.url}/api/tb/{queue_id}/")
    page.get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(re.escape(f"{lab.url}/?next=")))
    page.get_by_label("Password or token", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{lab.url}/api/tb/{queue_id}/")
    page.get_by_role("link", name="Forgather's page").click()
    expect(page).to_have_url(f"{lab.url}/")

    # A declared service has an address of its own, and its first visit wakes it.
    page.goto(f"{lab.url}/api/tb/lab/#timeseries")
    page.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)

    # MkDocs' own script asks at the root.
    watched.expect("/livereload/")
    page.goto(f"{lab.url}/api/mkdocs/handbook/")
    expect(page.get_by_role("heading", name="Handbook", exact=True)).to_be_visible(timeout=SLOWLY)
    page.get_by_role("link", name="Next").first.click()
    expect(page).to_have_url(f"{lab.url}/api/mkdocs/handbook/second/")
    expect(page.get_by_role("heading", name="Second page")).to_be_visible()

    page.goto(f"{lab.url}/api/tb/q_1700000000000_00000000/")
    page.get_by_role("link", name="Forgather's page").click()
    expect(page).to_have_url(f"{lab.url}/")
