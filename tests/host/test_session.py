"""The variables of a session, without a service manager."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forgather_units.host import lingering, session
from forgather_units.host.session import correct_session, session_fault

OTHER = os.geteuid() + 1


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this account, with a bus."""
    monkeypatch.setattr(session, "RUN_USER", tmp_path)
    folder = tmp_path / str(os.geteuid())
    folder.mkdir()
    (folder / "bus").touch()
    return folder


def test_what_is_right_stays(own: Path, tmp_path: Path) -> None:
    for folder in (own, tmp_path):
        environ = {"XDG_RUNTIME_DIR": str(folder), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/my/bus"}
        before = dict(environ)
        assert session_fault(environ) == ""
        correct_session(environ)
        assert environ == before


def test_a_missing_folder_is_set_if_it_exists(own: Path) -> None:
    environ: dict[str, str] = {}
    assert session_fault(environ) == "XDG_RUNTIME_DIR is not set"
    correct_session(environ)
    assert environ == {"XDG_RUNTIME_DIR": str(own)}


def test_without_a_folder_a_wrong_one_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "RUN_USER", tmp_path)
    environ = {"XDG_RUNTIME_DIR": "/nowhere"}
    assert session_fault(environ) == "XDG_RUNTIME_DIR is /nowhere, which is not yours"
    correct_session(environ)
    assert environ == {}


@pytest.mark.parametrize(
    "address", ["unix:abstract=/tmp/dbus-x,guid=1", "unix:path=/tmp/dbus-x", "unix:path={run}/{other}/bus"]
)
def test_a_bus_without_the_manager_is_not_asked(own: Path, tmp_path: Path, address: str) -> None:
    text = address.format(run=tmp_path, other=OTHER)
    environ = {"XDG_RUNTIME_DIR": str(own), "DBUS_SESSION_BUS_ADDRESS": text}
    assert session_fault(environ) == f"DBUS_SESSION_BUS_ADDRESS is {text}, which is not the manager's"
    correct_session(environ)
    assert environ == {"XDG_RUNTIME_DIR": str(own)}


def test_lingering_needs_root_where_polkit_cannot_permit_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "POLKIT", tmp_path / "none")
    assert lingering.enable_lingering().startswith("sudo loginctl enable-linger ")
    (tmp_path / "none").touch()
    assert lingering.enable_lingering().startswith("loginctl enable-linger ")
