"""The probe's results on this host, and that it claims only what it verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forgather_units.domain.host import Capabilities
from forgather_units.domain.placement import Hardening, Placement
from forgather_units.domain.scope import Scope
from forgather_units.host.this_machine import this_machine
from forgather_units.units.hardening import Hidden, Situation, harden
from forgather_units.units.hiding import covered, homes_to_cover
from forgather_units.units.probe import probe
from forgather_units.units.service_unit import bindable

ROOT = Path(__file__).parents[2]

MACHINE = this_machine()
SCOPE = MACHINE.scope
ISOLATING = Capabilities(
    user_namespaces=True,
    network_namespace=True,
    mount_sandbox=True,
    hidden_sockets=True,
    hidden_home=True,
    no_unix_sockets=True,
    socket_proxy=True,
)

Probe = Callable[..., Capabilities]


@pytest.fixture
def probed(tmp_path: Path) -> Probe:
    found = probe(MACHINE, tmp_path / "probe")
    if not found.mount_sandbox:
        pytest.skip(f"the socket placement does not work on this host: {found.reason}")
    return lambda *homes: probe(replace(MACHINE, homes=homes), tmp_path / "probe")


def test_home_folders_in_any_place_are_hidden(probed: Probe, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The checkout represents a folder that neither ProtectHome= nor PrivateTmp= covers."""
    found = probed(str(Path.home()), str(ROOT / "docs"), str(ROOT / "tests"))
    assert (found.hidden_home, found.hidden_sockets, found.no_unix_sockets) == (True, True, True)


@pytest.mark.parametrize("home", ["/", "/usr", "/var", "/usr/sbin", "/etc"])
def test_a_home_that_contains_system_folders_is_not_announced_as_hidden(probed: Probe, home: str) -> None:
    found = probed(home)
    assert (found.hidden_home, found.hidden_sockets, found.mount_sandbox) == (False, True, True)


@pytest.mark.parametrize(
    ("home", "covered"),
    [
        ("/srv/people/alice", True),
        ("/data/alice", True),
        ("/export/home/alice", True),
        ("/var/lib/forgather", True),
        # ProtectHome= covers these.
        ("/home/alice", False),
        ("/root", False),
        ("/", False),
        ("/var", False),
        ("/usr/sbin", False),
        # systemd 252 would read it back as another path.
        ("/srv/al ice", False),
    ],
)
def test_which_homes_an_empty_folder_covers(home: str, covered: bool) -> None:
    assert homes_to_cover([home]) == ([home] if covered else [])


def situation(host: Capabilities, placement: Placement = Placement.SOCKET) -> Situation:
    return Situation(Scope.USER, placement, Hardening.STRICT, host)


def test_a_protection_that_the_probe_refuted_is_announced() -> None:
    seen = Capabilities(**{**{name: getattr(ISOLATING, name) for name in ISOLATING.__slots__}, "hidden_home": False})
    hardened = harden(situation(seen), (), Hidden(homes=("/srv/alice",)))
    assert "hidden home" not in hardened.holds
    assert hardened.notices == ("hidden home does not hold on this host: a unit saw through it",)
    assert harden(situation(ISOLATING), (), Hidden()).notices == ()


def test_without_namespaces_only_the_filter_is_announced() -> None:
    filters = Capabilities(no_unix_sockets=True)
    hardened = harden(situation(filters, Placement.DIRECT), ["/runs"], Hidden(("/state",), ("/auth",), ("/srv/alice",)))
    assert set(hardened.holds) == {"no new privileges", "fewer system calls", "no unix sockets", "no writable code"}
    assert not {"TemporaryFileSystem", "InaccessiblePaths", "BindReadOnlyPaths"} & set(hardened.properties)


def test_state_folders_are_hidden_and_unbindable_paths_are_announced() -> None:
    hidden = Hidden(("/var/lib/x", "/odd state"), ("/auth",), ("/srv/alice",))
    properties = harden(situation(ISOLATING), ["/var/lib/x/venv", "/var/lib/x"], hidden).properties
    assert [bind[0] for bind in properties["BindReadOnlyPaths"]] == [b"/var/lib/x/venv"]
    assert properties["TemporaryFileSystem"] == [("/srv/alice", "ro")]
    assert properties["InaccessiblePaths"][:2] == ["-/auth", "-/odd state"]
    assert "-/run/dbus" in properties["InaccessiblePaths"]
    assert not {"-/run", "-/run/user"} & set(properties["InaccessiblePaths"])
    system = replace(situation(ISOLATING), scope=Scope.SYSTEM)
    properties = harden(system, ["/var/lib/x/venv", "/var/lib/x"], hidden).properties
    assert properties["TemporaryFileSystem"] == [("/run", "ro"), ("/var/lib/x", "ro"), ("/srv/alice", "ro")]
    # Nothing can be bound below these.
    assert properties["InaccessiblePaths"] == ["-/auth", "-/odd state"]
    good, sentences = bindable(["/runs", "/runs/a\nExecStartPre=/bin/evil"])
    assert (good, [sentence.rpartition(": ")[2] for sentence in sentences]) == (
        ["/runs"],
        ["it has a control character in its name"],
    )


def test_a_hidden_folder_keeps_only_the_needed_paths(tmp_path: Path) -> None:
    for name in ("a/b/needed", "a/b/other", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/dev")
    top = str(tmp_path)
    assert covered(top, []) == [top]
    assert covered(top, [f"{top}/a/b/needed"]) == [f"{top}/a/b/other", f"{top}/a/c", f"{top}/d"]
    assert covered(top, [top]) == []
