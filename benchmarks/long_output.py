"""Measures the page's terminal of a job with a long output: `python -m benchmarks.long_output`.

    forgather sandbox run --system -- .venv/bin/python -m benchmarks.long_output [LINES...]

A booted systemd of its own, as root: journald's rate limit is switched off there. For each number of lines the script
opens the job's terminal in Chromium and measures what is sent until the last line is visible, how long that takes, the
heap of the tab, a jump to the first loaded line and back, and a download of the whole output.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from forgather_server import Forgather
from playwright.sync_api import CDPSession, Page, expect, sync_playwright
from waiting import wait_until

_LINES: Final = (1_000, 100_000, 1_000_000)
_LIMIT: Final = Path("/run/systemd/journald.conf.d/no-limit.conf")
_PATIENCE: Final = 120_000
_SCRIPT: Final = """#!/bin/sh
seq -f 'step %.0f: loss 0.123456789, learning rate 0.0001, 12345 tokens/s, eta 01:02:03' {lines}
sleep 3600
"""


@dataclass(slots=True)
class Sent:
    """Bytes of all responses of a page, by DevTools."""

    count: float = 0
    session: CDPSession | None = field(default=None, repr=False)

    def watch(self, page: Page) -> None:
        """Count from now on."""
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.session.send("Performance.enable")
        self.session.on("Network.dataReceived", lambda event: self._received(event))

    def _received(self, event: dict[str, Any]) -> None:
        self.count += event["dataLength"]

    def heap(self) -> float:
        """Bytes of the tab's JavaScript heap after a garbage collection."""
        assert self.session is not None
        self.session.send("HeapProfiler.collectGarbage")
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "JSHeapUsedSize")


def _unlimited() -> None:
    _LIMIT.parent.mkdir(parents=True, exist_ok=True)
    _LIMIT.write_text("[Journal]\nRateLimitIntervalSec=0\nSystemMaxUse=4G\n")
    subprocess.run(["systemctl", "restart", "systemd-journald"], check=True)


def measure(folder: Path, page: Page, lines: int) -> list[str]:
    """One row."""
    folder.mkdir()
    program = folder / "printer"
    program.write_text(_SCRIPT.format(lines=lines))
    program.chmod(0o755)
    forgather = Forgather(folder, tensorboard=str(program), placement="direct", hardening="off", start_timeout=3600)
    forgather.start()
    try:
        queue_id = forgather.submit(folder, port=18100)
        tty = f"/api/jobs/{queue_id}/tty"

        def is_whole() -> bool:
            count = forgather.get(f"{tty}/lines?count=1").json()["pieces"]
            return bool(count) and count[-1].get("text", "").startswith(f"step {lines}:")

        wait_until(is_whole, 900, "journald has all lines")
        sent = Sent()
        page.goto(f"{forgather.url}/?token={forgather.token}")
        page.get_by_role("button", name="Skip").click()
        page.goto(f"{forgather.url}/#/jobs/{queue_id}")
        tab = page.get_by_role("tab", name="TTY")
        expect(tab).to_be_visible()
        sent.watch(page)
        began = time.perf_counter()
        tab.click()
        rows = page.locator(".xterm-rows")
        expect(rows.get_by_text(f"step {lines}:")).to_be_visible()
        shown, received = time.perf_counter() - began, sent.count
        page.locator(".xterm-helper-textarea").focus()
        began = time.perf_counter()
        page.keyboard.press("Home")
        expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
        scrolled = time.perf_counter() - began
        heap = sent.heap()
        began = time.perf_counter()
        whole = forgather.get(tty, stream=True)
        size = count = 0
        for piece in whole.iter_content(1 << 20):
            size += len(piece)
            count += piece.count(b"\n")
        downloaded = time.perf_counter() - began
        assert count == lines, f"{count} of {lines} lines were downloaded"
        return [
            f"{lines:,}",
            f"{received / 1e3:.0f} kB",
            f"{shown:.2f} s",
            f"{heap / 1e6:.0f} MB",
            f"{scrolled:.2f} s",
            f"{size / 1e6:.0f} MB in {downloaded:.1f} s, all lines",
        ]
    finally:
        forgather.post(f"/api/jobs/{queue_id}/kill")
        forgather.stop()


def main() -> None:
    """Print the table."""
    if os.getuid() != 0:
        raise SystemExit("as root in a sandbox: forgather sandbox run --system -- ...")
    _unlimited()
    expect.set_options(timeout=_PATIENCE)
    heads = ["lines of output", "sent", "last line visible after", "heap of the tab", "scrolled after", "download"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    counts = [int(word) for word in sys.argv[1:]] or _LINES
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for lines in counts:
            page = chromium.new_page()
            page.set_default_timeout(_PATIENCE)
            print(f"| {' | '.join(measure(Path(name) / str(lines), page, lines))} |", flush=True)
            page.close()
        chromium.close()
    print(f"\n{os.cpu_count()} cores ({platform.machine()}), load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
