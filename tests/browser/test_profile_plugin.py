"""The profile plugin (XProf), which keeps files beside the logs: empty where it may not, whole where it may."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather
from playwright.sync_api import Browser, FrameLocator, expect
from waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]
TENSORBOARD = ROOT / ".venv-profile" / "bin" / "tensorboard"
TRACE = Path(__file__).with_name("profile_trace")

pytestmark = pytest.mark.skipif(
    not TENSORBOARD.exists(), reason="the profile plugin is not installed: make .venv-profile/.complete"
)


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather]) -> Forgather:
    server = make_forgather(tensorboard=str(TENSORBOARD))
    server.start()
    return server


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TRACE, tmp_path / "trace"))


def run_job(forgather: Forgather, logdir: Path, **params: Any) -> dict[str, Any]:
    queue_id = forgather.submit(logdir, port="auto", **params)
    job = forgather.wait_status(queue_id, "running", "failed")
    assert job["status"] == "running", job["error"]
    return job


def open_plugin(browser: Browser, forgather: Forgather, job: dict[str, Any]) -> FrameLocator:
    """Its page, which asks the network for Google's charts: the shared fixtures allow none of that."""
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{forgather.url}/?token={forgather.token}")
    expect(page.get_by_role("button", name="Skip")).to_be_visible()
    page.goto(f"{forgather.url}{job['url']}#profile")
    return page.frame_locator("iframe")


def test_a_read_only_logdir_hides_its_tools_and_the_job_says_why(
    browser: Browser, forgather: Forgather, logdir: Path
) -> None:
    job = run_job(forgather, logdir)
    assert any("--writable-logdir" in notice for notice in job["notices"])
    expect(open_plugin(browser, forgather, job).get_by_text("No profile data was found.")).to_be_visible()
    assert sorted(path.name for path in logdir.rglob("*") if path.is_file()) == ["README", "host.xplane.pb"]
    # The output reveals an unknown plugin.
    forgather.cli("job", "sleep", job["queue_id"])
    notice = "TensorBoard tried to write where it may only read: some plugins need --writable-logdir"
    wait_until(lambda: notice in forgather.job(job["queue_id"])["notices"])


def test_a_writable_logdir_shows_its_tools(browser: Browser, forgather: Forgather, logdir: Path) -> None:
    job = run_job(forgather, logdir, writable_logdir=True)
    assert not any("--writable-logdir" in notice for notice in job["notices"])
    expect(open_plugin(browser, forgather, job).get_by_text(re.compile(r"Tools \([1-9]\d*\)"))).to_be_visible()
    made = [path for path in logdir.rglob("*") if path.name == ".cached_tools.json"]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o644]
