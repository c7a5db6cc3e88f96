"""A hostile program in TensorBoard's place connects to every socket, starts units and reads secrets."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
from forgather_server import Forgather, submission

from forgather_units.sandbox.plan import DATA

MakeForgather = Callable[..., Forgather]
FreePort = Callable[[], int]

RUNTIME = f"/run/user/{os.geteuid()}"
NOTIFY = f"{RUNTIME}/systemd/notify"
"""The only socket that a unit may reach: Type=notify needs it."""

pytestmark = pytest.mark.usefixtures("needs_socket_placement")


@pytest.fixture
def decoys(tmp_path: Path) -> Iterator[list[str]]:
    """Listening sockets outside the unit, in the places of agents, displays and buses."""
    folders = [Path(RUNTIME) / f"decoy-{os.getpid()}", Path("/tmp/.X11-unix"), Path(f"/var/tmp/decoy-{os.getpid()}")]
    with ExitStack() as held:
        listening = [f"@forgather-decoy-{os.getpid()}"]
        for folder in folders:
            if not folder.exists():
                folder.mkdir()
                held.callback(shutil.rmtree, folder)
            listening.append(str(folder / f"X{os.getpid()}"))
        for address in listening:
            server = held.enter_context(socket.socket(socket.AF_UNIX))
            server.bind("\0" + address[1:] if address.startswith("@") else address)
            server.listen(64)
            if not address.startswith("@"):
                held.callback(Path(address).unlink)
        yield listening


@pytest.fixture
def home(home_folder: Path) -> Path:
    """A folder in the home for the server's state and the logdir, because a viewer's /tmp is empty anyway."""
    (home_folder / "runs").mkdir()
    return home_folder


def try_all(forgather: Forgather, home: Path, queue_id: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """The job, and the report of the hostile program in it."""
    queue_id = queue_id or forgather.submit(home / "runs", port="auto")
    if forgather.job(queue_id)["status"] == "sleeping":
        forgather.cli("job", "wake", queue_id)
    job = forgather.wait_status(queue_id, "running", "failed")
    assert job["status"] == "running", job["error"]
    files = [path for folder in ("state", "auth") for path in (home / folder).rglob("*") if path.is_file()]
    assert {"forgather.db", "forgather.db-wal", "auth_token"} <= {path.name for path in files}
    query = quote(json.dumps({"secrets": [*map(str, files)], "witness": str(home / "witness")}))
    answer = forgather.get(f"/api/tb/{queue_id}/escape?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return job, found


@pytest.mark.parametrize("placement", ["socket", "direct"])
@pytest.mark.parametrize("level", ["standard", "strict"])
def test_a_hardened_viewer_reaches_nothing(
    make_forgather: MakeForgather, stand_in: str, home: Path, decoys: list[str], level: str, placement: str
) -> None:
    forgather = make_forgather(tensorboard=stand_in, hardening=level, placement=placement, **folders(home))
    forgather.start()
    # Bait: links in the logdir to the state folder, which looks like a folder of runs.
    (home / "state" / "events.out.tfevents.1").touch()
    (home / "runs" / "state").symlink_to(home / "state")
    (home / "runs" / "database").symlink_to(home / "state" / "forgather.db-wal")
    job, found = try_all(forgather, home)
    assert (found["ran"], (home / "witness").exists()) == ([], False)
    held = set(job["protections"])
    assert {"hidden sockets", "read-only system"} <= held
    assert found["read"] == []
    if job["placement"] == "socket":
        # The program sees the same socket through the roots of the other processes of its unit.
        assert {re.sub(r"^/proc/\d+/root", "", path) for path in found["connected"]} == {NOTIFY}
    else:
        assert "no unix sockets" in held and found["connected"] == []


def test_an_unhardened_viewer_reaches_all(
    make_forgather: MakeForgather, stand_in: str, home: Path, decoys: list[str]
) -> None:
    """Proves that the program's attempts work."""
    forgather = make_forgather(tensorboard=stand_in, hardening="off", placement="direct", **folders(home))
    forgather.start()
    job, found = try_all(forgather, home)
    assert {*decoys, f"{RUNTIME}/bus"} <= set(found["connected"])
    assert (home / "witness").exists() and "systemd-run --user --quiet" in found["ran"]
    assert {"auth_token", "forgather.db-wal"} <= {Path(path).name for path in found["read"]}
    assert job["protections"] == []


def folders(home: Path) -> dict[str, str]:
    """The server's folders, as settings."""
    return {"state_dir": str(home / "state"), "auth_dir": str(home / "auth")}


@pytest.mark.parametrize("kind", ["linked", "spaced"])
def test_an_unusual_home_stays_hidden_after_a_daemon_reload(
    make_forgather: MakeForgather, stand_in: str, monkeypatch: pytest.MonkeyPatch, free_port: FreePort, kind: str
) -> None:
    """A home outside /home that contains the server's folders; systemd reads each unit again at the reload."""
    if not os.access(DATA, os.W_OK):
        pytest.skip(f"this machine has no {DATA} that this account may write to: the sandbox has")
    with TemporaryDirectory(dir=DATA) as folder:
        real = Path(folder) / ("al ice" if kind == "spaced" else "alice")
        (real / ".ssh").mkdir(parents=True)
        (real / ".ssh" / "id_rsa").write_text("secret")
        (real / "runs").mkdir()
        home = Path(folder) / "home"
        home.symlink_to(real)
        home = home if kind == "linked" else real
        monkeypatch.setenv("HOME", str(home))
        forgather = make_forgather(tensorboard=stand_in, **folders(home))
        forgather.start()
        # systemd 252 cannot read back a bound path with a space.
        logdir = home / "runs" if kind == "linked" else Path(stand_in).parent
        queue_id = forgather.submit(logdir, port=free_port(), idle_timeout="never", lazy=True)
        forgather.systemctl("daemon-reload")
        job, found = try_all(forgather, home, queue_id)
        assert found["read"] == []
        assert {re.sub(r"^/proc/\d+/root", "", path) for path in found["connected"]} == {NOTIFY}
        # An empty folder cannot cover a home with a space in its name: a notice says so.
        assert ("hidden home" in job["protections"]) is (kind == "linked")
        assert any("hidden home does not hold" in notice for notice in job["notices"]) is (kind == "spaced")
        seen = forgather.get(f"/api/tb/{queue_id}/facts?{quote(str(home))}&1").json()["home entries"]
        assert (".ssh" in seen) is (kind == "spaced")


def test_folders_with_secrets_or_sockets_are_refused_as_logdirs(forgather: Forgather, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path / "state")
    (tmp_path / "line\nfeed").mkdir()
    for logdir, words in (
        (tmp_path / "linked", "belongs to the Forgather server itself"),
        (RUNTIME, "is where this machine's services have their sockets"),
        (tmp_path / "line\nfeed", "has a control character in its name"),
    ):
        answer = forgather.post("/api/queue", submission(logdir))
        assert (answer.status_code, answer.json().get("field")) == (400, "logdir"), answer.text
        assert words in answer.json()["detail"]
