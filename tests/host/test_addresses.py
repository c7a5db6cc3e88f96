"""Ports and hosts of this machine, with real listeners."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import PortState
from forgather_units.host.addresses import (
    addresses_overlap,
    check_host,
    check_port,
    is_port_free,
    lowest_free_port,
    port_state,
)


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


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "localhost"])
@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_a_listener_holds_its_port(bound: str, address: str) -> None:
    with listener(bound) as port:
        assert not is_port_free(address, port)
    assert is_port_free(address, port)


def test_another_address_of_the_same_port_is_free() -> None:
    with listener("127.0.0.1") as port:
        assert is_port_free("127.0.0.2", port)


@needs_ipv6
@pytest.mark.parametrize("bound", ["::1", "::"])
def test_all_addresses_means_ipv6_too(bound: str) -> None:
    with listener(bound) as port:
        assert not is_port_free("0.0.0.0", port)


def test_a_connection_in_time_wait_does_not_hold_the_port() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            # The side that closes first, here the server's, stays in TIME_WAIT.
            accepted.close()
            assert client.recv(1) == b""
    assert is_port_free(*address)


def test_the_lowest_free_port_skips_used_and_reserved_ones() -> None:
    with listener("127.0.0.1") as port:
        found = lowest_free_port("127.0.0.1", port, {port + 1})
        assert found > port + 1
        assert is_port_free("127.0.0.1", found)


def test_no_free_port_is_an_error() -> None:
    with listener("127.0.0.1", 65535), pytest.raises(Refused, match="no port from 65535 is free"):
        lowest_free_port("127.0.0.1", 65535)


def test_a_privileged_port_is_forbidden_and_not_taken() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if os.geteuid() == 0 or first <= 80:
        pytest.skip("this account may listen on port 80")
    assert port_state("127.0.0.1", 80) is PortState.FORBIDDEN
    with pytest.raises(Refused, match=f"below {first}, .*net.ipv4.ip_unprivileged_port_start is {first}") as refusal:
        check_port("127.0.0.1", 80)
    assert refusal.value.field == "port"
    assert refusal.value.hint.endswith("sysctl net.ipv4.ip_unprivileged_port_start=80")
    check_port("127.0.0.1", first)


def test_a_missing_address_is_not_a_taken_port() -> None:
    assert port_state("192.0.2.1", 6006) is PortState.NO_ADDRESS
    assert port_state("no-such-host.invalid", 6006) is PortState.NO_ADDRESS
    with listener("127.0.0.1") as port:
        assert port_state("127.0.0.1", port) is PortState.TAKEN
        check_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_hosts_of_this_machine_are_accepted(host: str) -> None:
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
def test_other_hosts_are_refused(host: str, sentence: str) -> None:
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
def test_which_addresses_overlap(one: str, other: str, overlap: bool) -> None:
    assert addresses_overlap(one, other) is overlap
    assert addresses_overlap(other, one) is overlap
