"""Ports and hosts of this machine, with real listeners on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from forgather_units.domain.errors import Refused
from forgather_units.machine.addresses import addresses_overlap, check_host, is_port_free, lowest_free_port


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")


@contextmanager
def listener(address: str, port: int = 0) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen()
        yield int(listening.getsockname()[1])


@pytest.mark.parametrize("asked", ["127.0.0.1", "0.0.0.0", "localhost"])
@pytest.mark.parametrize("held", ["127.0.0.1", "0.0.0.0"])
def test_a_listener_holds_its_port(held: str, asked: str) -> None:
    with listener(held) as port:
        assert not is_port_free(asked, port)
    assert is_port_free(asked, port)


def test_another_address_of_the_same_port_is_free() -> None:
    with listener("127.0.0.1") as port:
        assert is_port_free("127.0.0.2", port)


@needs_ipv6
@pytest.mark.parametrize("held", ["::1", "::"])
def test_all_addresses_means_ipv6_too(held: str) -> None:
    with listener(held) as port:
        assert not is_port_free("0.0.0.0", port)


def test_a_connection_that_lingers_does_not_hold_the_port() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            # Who closes first is left in TIME_WAIT: here that is the server's side.
            accepted.close()
            assert client.recv(1) == b""
    assert is_port_free(*address)


def test_the_lowest_free_port_passes_over_the_taken_and_the_held() -> None:
    with listener("127.0.0.1") as port:
        found = lowest_free_port("127.0.0.1", port, {port + 1})
        assert found > port + 1
        assert is_port_free("127.0.0.1", found)


def test_no_port_is_left() -> None:
    with listener("127.0.0.1", 65535), pytest.raises(Refused, match="no port from 65535 is free"):
        lowest_free_port("127.0.0.1", 65535)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_hosts_of_this_machine(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("no-such-host.invalid", "does not resolve"),
        ("", "does not resolve"),
        ("a" * 300, "does not resolve"),
        ("\ud800", "does not resolve"),
        ("a\0b", "does not resolve"),
        ("192.0.2.1", "is not an address of this machine"),
    ],
)
def test_hosts_that_are_none(host: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        check_host(host)
    assert refusal.value.field == "host"


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("::", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("no-such-host.invalid", "127.0.0.1", False),
        ("no-such-host.invalid", "no-such-host.invalid", True),
    ],
)
def test_overlap(one: str, other: str, overlap: bool) -> None:
    assert addresses_overlap(one, other) is overlap
    assert addresses_overlap(other, one) is overlap
