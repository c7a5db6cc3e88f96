"""The server's addresses: a failure to listen is one sentence with a hint; disabled authentication is a warning."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from forgather_server import Forgather

from forgather_units.domain.errors import Refused
from forgather_units.http.server.sockets import open_sockets


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Refused) as caught:
            open_sockets("127.0.0.1", port)
    assert caught.value.message == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert "-p takes another port" in caught.value.hint


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        open_sockets("192.0.2.1", 0)
    assert "-H takes another one" in caught.value.hint


def test_a_name_that_does_not_resolve_is_refused() -> None:
    with pytest.raises(Refused, match="cannot listen on no") as caught:
        open_sockets("no.such.host.invalid", 0)
    assert caught.value.hint == ""


def test_disabled_authentication_is_logged_as_a_warning(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather(auth=False)
    server.start()
    assert "warning: authentication is off" in server.log.read_text()
    server.stop()
    server.settings["auth"] = True
    server.start()
    assert "warning" not in server.log.read_text()
