"""TensorBoard's fonts, which its style sheet requests at the root, whatever its prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from forgather_server import Forgather


@pytest.fixture
def opened(forgather: Forgather, sample_runs: Path) -> Iterator[str]:
    """The URL of a running TensorBoard."""
    queue_id = forgather.submit(sample_runs, port="auto")
    forgather.wait_status(queue_id, "running")
    yield f"{forgather.url}/api/tb/{queue_id}/"
    forgather.cli("job", "kill", queue_id)


def test_the_fonts_are_served(forgather: Forgather, opened: str) -> None:
    page = forgather.session.get(opened, timeout=120).text
    requested = set(re.findall(r"url\((/font-roboto/[^)]+)\)", page + forgather.session.get(f"{opened}index.js").text))
    assert requested, "this TensorBoard requests no fonts: remove this module"
    for path in requested:
        answer = forgather.session.get(forgather.url + path, headers={"Referer": opened}, timeout=120)
        assert (answer.status_code, answer.content[:4]) == (200, b"wOF2"), path


@pytest.mark.parametrize(
    "referer",
    [
        None,
        "",
        "{url}/",
        "{url}/api/jobs",
        "http://elsewhere.example/api/tb/q_1_00000000/",
        "{url}//elsewhere.example/",
    ],
)
def test_no_request_is_redirected_to_another_site(forgather: Forgather, referer: str | None) -> None:
    headers = {} if referer is None else {"Referer": referer.format(url=forgather.url)}
    answer = requests.get(f"{forgather.url}/font-roboto/a.woff2", headers=headers, timeout=120, allow_redirects=False)
    assert answer.status_code == 404


def test_fonts_require_authentication(forgather: Forgather) -> None:
    headers = {"Referer": f"{forgather.url}/api/tb/q_1_00000000/"}
    answer = requests.get(f"{forgather.url}/font-roboto/a.woff2", headers=headers, timeout=120)
    assert answer.history[0].headers["Location"] == "../api/tb/q_1_00000000/font-roboto/a.woff2"
    assert answer.status_code == 401
