"""Forgather's own client follows a job's output: the WebSocket that it opens, and how it reads it."""

from __future__ import annotations

import json

import pytest
from forgather_server import Forgather
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect


def opened(forgather: Forgather, queue_id: str, *, follow: bool = True, **how: str) -> ClientConnection:
    token = how.pop("token", forgather.token)
    address = f"{forgather.url.replace('http', 'ws', 1)}/api/jobs/{queue_id}/tty"
    return connect(f"{address}?follow={str(follow).lower()}&token={token}", additional_headers=how)


def read(tail: ClientConnection, until: bytes | None = None) -> bytes:
    """The output to its end, or until it contains `until`."""
    output = b""
    while until is None or until not in output:
        try:
            message = tail.recv()
        except ConnectionClosedOK:
            assert until is None, output
            break
        assert isinstance(message, bytes), message
        output += message
    return output


def test_the_output_so_far_then_what_comes_until_the_end(forgather: Forgather, running: str) -> None:
    with opened(forgather, running) as tail:
        output = read(tail, f"/api/tb/{running}/".encode())
        forgather.post(f"/api/jobs/{running}/control/kill")
        output += read(tail)
    assert output == forgather.get(f"/api/jobs/{running}/tty").content
    assert forgather.wait_status(running, "aborted")


def test_without_follow_it_ends_with_the_output_so_far(forgather: Forgather, running: str) -> None:
    so_far = f"/api/tb/{running}/".encode()
    with opened(forgather, running) as tail:
        read(tail, so_far)
    with opened(forgather, running, follow=False) as tail:
        assert so_far in read(tail)
    assert forgather.job(running)["status"] == "running"


def test_an_unknown_job_is_an_error_message(forgather: Forgather) -> None:
    with opened(forgather, "q_1_00000000") as tail:
        error = json.loads(tail.recv())
        with pytest.raises(ConnectionClosedOK):
            tail.recv()
    assert error["type"] == "error"
    assert "q_1_00000000" in error["detail"]


def test_a_wrong_token_is_refused_as_its_client_expects(forgather: Forgather, running: str) -> None:
    """It reports 401 and 403 as a rejected token, and everything else as an internal error."""
    with pytest.raises(InvalidStatus) as refused:
        opened(forgather, running, token="wrong")
    assert refused.value.response.status_code == 401


def test_a_foreign_page_is_refused(forgather: Forgather, running: str) -> None:
    """A browser lets every page open a WebSocket, with the cookies of a session, and read what comes."""
    with pytest.raises(InvalidStatus) as refused:
        opened(forgather, running, Origin="https://evil.example")
    assert refused.value.response.status_code == 403
    with opened(forgather, running, Origin=forgather.url) as tail:
        assert read(tail, f"/api/tb/{running}/".encode())


def test_the_address_without_a_websocket_is_the_output_as_text(forgather: Forgather, running: str) -> None:
    response = forgather.get(f"/api/jobs/{running}/tty", headers={"Upgrade": "websocket"})
    assert response.headers["Content-Type"].startswith("text/plain")
