"""Folders that no viewer may show: the server's own and those of sockets, in any spelling."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from forgather_units.folders.reserved import Reserved
from forgather_units.settings.settings import Settings
from forgather_units.units.hiding import why_not_bound
from forgather_units.viewers.tensorboard.logdir import inspect_logdir

WhyNot = Callable[[str], str]


@pytest.fixture
def why_not(tmp_path: Path) -> WhyNot:
    """For a server with its state in `state` and its secrets in `auth`, with other folders around and in them."""
    settings = Settings(state_dir=tmp_path / "state", auth_dir=tmp_path / "auth")
    for folder in ("state/exits", "state/venv", "auth", "runs"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("forgather.db", "forgather.db-wal"):
        (tmp_path / "state" / file).touch()
    reserved = Reserved(str(settings.state_dir), tuple(map(str, settings.own_paths)))
    return lambda path: reserved.why_not(str(tmp_path / path))


@pytest.mark.parametrize(
    "path", ["state", "auth", "state/exits", "state/forgather.db", "state/forgather.db-wal", "runs/../state", "auth/."]
)
def test_the_server_s_own_folders_are_reserved(why_not: WhyNot, path: str) -> None:
    assert why_not(path) == "belongs to the Forgather server itself"


@pytest.mark.parametrize("path", ["runs", "state/venv", "", "/", "/usr/share", "absent"])
def test_folders_around_and_in_the_state_folder_are_allowed(why_not: WhyNot, path: str) -> None:
    """A folder around the reserved ones is allowed, because the unit mounts over those."""
    assert why_not(path) == ""


def test_reserved_folders_behind_links(why_not: WhyNot, tmp_path: Path) -> None:
    for name, target in (("own", "state"), ("database", "state/forgather.db-wal"), ("around", ".")):
        (tmp_path / name).symlink_to(tmp_path / target)
    assert why_not("own") == why_not("database") == "belongs to the Forgather server itself"
    # The unit mounts nothing over `around/state`.
    assert why_not("around") == f"leads to {tmp_path}, in which {tmp_path / 'state'} lies"
    assert why_not("around/runs") == ""
    (tmp_path / "everything").symlink_to("/")
    assert why_not("everything").startswith("leads to /, in which ")


def test_a_state_folder_behind_a_link(tmp_path: Path) -> None:
    """As with a home that is a link: the unit mounts over both spellings."""
    (tmp_path / "disk" / "state").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    reserved = Reserved(str(tmp_path / "home" / "state"), ())
    assert reserved.why_not(str(tmp_path / "home")) == reserved.why_not(str(tmp_path / "disk")) == ""
    for folder in ("home", "disk"):
        assert reserved.why_not(str(tmp_path / folder / "state")) == "belongs to the Forgather server itself"


def test_links_of_a_logdir_to_a_server_s_files_are_skipped(tmp_path: Path) -> None:
    """Each inspection of the links recognizes a state folder by its files."""
    for folder, name in (("state", "forgather.db"), ("auth", "auth_token"), ("runs", "x")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
        (tmp_path / folder / "events.out.tfevents.1").touch()
    logdir = tmp_path / "logdir"
    logdir.mkdir()
    for name in ("state", "auth", "runs"):
        (logdir / name).symlink_to(tmp_path / name)
    facts = inspect_logdir(str(logdir))
    assert facts.binds == (str(tmp_path / "runs"),)
    assert len(facts.skipped) == 2 and all("which is a Forgather server's own" in why for why in facts.skipped)


@pytest.mark.parametrize("path", ["/run", "/run/dbus", "/var/run", "/run/systemd", f"/run/user/{os.geteuid()}/runs"])
def test_folders_of_sockets_are_reserved(why_not: WhyNot, path: str) -> None:
    if not Path(path).parent.exists():
        pytest.skip(f"this account has no {Path(path).parent}")
    assert why_not(path) == "is where this machine's services have their sockets"


@pytest.mark.parametrize("path", ["/a/line\nfeed", "/a/x /etc", "/a/tab\t/etc", '/a/x "/etc', "/a/x -/etc", "/\x7f"])
def test_paths_that_systemd_would_read_back_differently_are_refused(path: str) -> None:
    assert why_not_bound(path).endswith("in its name")


@pytest.mark.parametrize("path", ["/a/my runs/b", "/a/it's", "/a/100%", "/a/b - c/d", "/a/ü/ß", "/a/x:/b", "/a/$HOME"])
def test_common_names_are_accepted(path: str) -> None:
    assert why_not_bound(path) == ""
