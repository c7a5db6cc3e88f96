"""Whose process listens on a port, from the kernel's tables."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from forgather_units.host.listeners import account_of, listening_uids

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PORT = 0x1F90


def line(address: str, state: str, uid: int) -> str:
    zeros = "00000000:00000000 00:00000000 00000000"
    return f"   0: {address}:1F90 00000000:0000 {state} {zeros}  {uid}        0 1 1 0 100 0\n"


@pytest.mark.parametrize(
    ("address", "state", "uid", "uids"),
    [
        ("0100007F", "0A", 1001, {1001}),
        ("00000000", "0A", 1001, {1001}),
        ("00000000000000000000000001000000", "0A", 1001, {1001}),
        ("0000000000000000FFFF00000100007F", "0A", 1001, {1001}),
        # A connection, an address of the network, an account of another namespace.
        ("0100007F", "01", 1001, set()),
        ("0100A8C0", "0A", 1001, set()),
        ("0100007F", "0A", 65534, set()),
    ],
)
def test_a_table(tmp_path: Path, address: str, state: str, uid: int, uids: set[int]) -> None:
    table = tmp_path / "tcp"
    table.write_text(HEAD + line(address, state, uid))
    assert listening_uids(PORT, [table]) == uids
    assert listening_uids(PORT + 1, [table]) == set()


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    assert listening_uids(PORT, [tmp_path / "none"]) == set()


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0")])
def test_one_s_own_listener(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as listener:
        assert listening_uids(listener.getsockname()[1]) == {os.geteuid()}


def test_names() -> None:
    assert account_of(0) == "root"
    assert account_of(3_999_999_999) == "uid 3999999999"
