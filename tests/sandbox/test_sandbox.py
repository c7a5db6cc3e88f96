"""A private systemd boots, works for an ordinary user, and leaves no process, mount or file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

ROOT = Path(__file__).parents[2]
SANDBOX = [sys.executable, "-m", "forgather_units.sandbox", "run"]

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="the sandbox needs root; with a systemd of your own you need no sandbox"
)


launchers: list[int] = []
"""The pids of the launchers that the current test has started."""


def start(*command: str, options: tuple[str, ...] = (), **how: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen([*SANDBOX, *options, "--", *command], text=True, cwd=ROOT, **how)
    launchers.append(process.pid)
    return process


def run(*command: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    process = start(*command, options=options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def traces(pid: int) -> set[str]:
    """The processes, mounts, cgroup folders and files that the sandbox of that launcher has left."""
    name = f"forgather-sandbox-{pid}"
    processes = {
        f"process {path.parent} {text}"
        for pattern in ("cmdline", "cgroup")
        for path in Path("/proc").glob(f"[0-9]*/{pattern}")
        if name in (text := _text(path))
    }
    mounts = {f"mount {line}" for line in _text(Path("/proc/mounts")).splitlines() if name in line}
    cgroups = {f"cgroup {path}" for path in _named("/sys/fs/cgroup", name)}
    files = {f"file {path}" for top in ("/tmp", "/run", "/mnt", "/var/lib") for path in _named(top, name)}
    return processes | mounts | cgroups | files


def _named(top: str, part: str) -> Iterator[Path]:
    """Paths with `part` in their names. Skips those that disappear meanwhile."""
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, name) for name in (*folders, *files) if part in name)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.fixture
def no_remains() -> Iterator[None]:
    launchers.clear()
    before = _text(Path("/proc/self/mounts")), sorted(Path("/mnt").iterdir())
    yield
    assert launchers
    for pid in launchers:
        wait_until(lambda pid=pid: not traces(pid), what=f"the remains of the sandbox of {pid} are gone")  # type: ignore[misc]
    assert (_text(Path("/proc/self/mounts")), sorted(Path("/mnt").iterdir())) == before


@needs_root
@pytest.mark.usefixtures("no_remains")
class TestInside:
    def test_an_ordinary_user_has_a_user_manager(self) -> None:
        done = run(
            "sh",
            "-ec",
            "id -u; systemctl --user is-system-running;"
            " systemd-run --user --wait --quiet -u hello echo hello-from-a-unit;"
            # The journal has the line a moment after the unit has ended.
            " timeout 120 sh -c 'until journalctl --user -u hello -o cat | grep -x hello-from-a-unit;"
            " do sleep 0.1; done'",
        )
        assert done.returncode == 0, done.stderr
        uid, state, *lines = done.stdout.splitlines()
        assert int(uid) >= 1000
        assert state == "running"
        assert lines == ["hello-from-a-unit"]

    def test_the_exit_code_and_both_outputs_are_the_command_s(self) -> None:
        done = run("sh", "-c", "echo out; echo err >&2; exit 42")
        assert (done.returncode, done.stdout, done.stderr) == (42, "out\n", "err\n")

    def test_arguments_are_passed_unchanged(self) -> None:
        words = ["a b", "$HOME", "100%", '"', "", "--", "\\n"]
        done = run("printf", "%s\n", *words)
        assert done.stdout == "".join(f"{word}\n" for word in words)

    def test_the_system_option_runs_as_root(self) -> None:
        done = run("systemctl", "is-active", "systemd-logind.service", options=("--system",))
        assert done.stdout == "active\n"

    def test_this_program_and_its_interpreter_can_be_read(self) -> None:
        done = run(sys.executable, "-c", "import forgather_units, os; print(os.geteuid(), forgather_units.__version__)")
        assert done.returncode == 0, done.stderr
        assert not done.stdout.startswith("0 ")

    def test_written_files_stay_inside(self, tmp_path: Path) -> None:
        done = run("touch", "/usr/forgather-was-here", str(ROOT / "forgather-was-here"), options=("--system",))
        assert done.returncode == 0, done.stderr
        assert not Path("/usr/forgather-was-here").exists()
        assert not (ROOT / "forgather-was-here").exists()

    def test_a_bound_folder_is_the_host_s(self, tmp_path: Path) -> None:
        run("touch", str(tmp_path / "written"), options=("--system", "--bind", str(tmp_path)))
        assert (tmp_path / "written").exists()

    def test_user_namespaces_can_be_forbidden(self) -> None:
        unshare = ("systemd-run", "--user", "--wait", "--quiet", "--pipe", "unshare", "--user", "true")
        assert run(*unshare).returncode == 0
        assert run(*unshare, options=("--no-user-namespaces",)).returncode != 0

    def test_two_sandboxes_at_once(self) -> None:
        both = [start("systemctl", "--user", "is-system-running", stdout=subprocess.PIPE) for _ in range(2)]
        assert [each.communicate(timeout=120)[0] for each in both] == ["running\n", "running\n"]


@needs_root
@pytest.mark.usefixtures("no_remains")
@pytest.mark.parametrize("top", ["/tmp", "/run", "/dev/shm", "/mnt"])
def test_a_checkout_three_levels_below(top: str) -> None:
    """These folders are new file systems inside, and the sandbox is set up below /mnt."""
    with tempfile.TemporaryDirectory(dir=top) as folder:
        checkout = Path(folder) / "two" / "three"
        shutil.copytree(
            ROOT / "forgather_units", checkout / "forgather_units", ignore=shutil.ignore_patterns("webpage")
        )
        process = subprocess.Popen(
            [*SANDBOX, "--", "sh", "-c", "pwd; ls"],
            cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        launchers.append(process.pid)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, f"{checkout}\nforgather_units\n"), err


@needs_root
@pytest.mark.parametrize("command", [["run", "--", "true"], ["check"]])
def test_the_error_in_a_container_without_mount_namespaces(command: list[str]) -> None:
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_admin", sys.executable, "-m", "forgather_units.sandbox", *command],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "this container forbids mount namespaces" in done.stderr
    assert "docker run --privileged" in done.stderr


def test_make_checks_the_machine_before_it_installs_anything() -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    steps = plan.splitlines()
    first = next(at for at, step in enumerate(steps) if "sandbox check" in step or step == "true")
    assert first < next(at for at, step in enumerate(steps) if "install" in step)


def start_long_command() -> subprocess.Popen[str]:
    script = "trap 'echo stopping; exit 3' INT TERM; echo up; while :; do sleep 0.05; done"
    process = start("sh", "-c", script, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@needs_root
@pytest.mark.usefixtures("no_remains")
class TestTheEnd:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_reaches_the_command_which_may_end_properly(self, number: signal.Signals) -> None:
        process = start_long_command()
        os.killpg(process.pid, number)
        output, _ = process.communicate(timeout=120)
        assert (output, process.returncode) == ("stopping\n", 3)

    def test_the_sandbox_ends_with_its_killed_launcher(self) -> None:
        process = start_long_command()
        process.kill()
        process.communicate(timeout=120)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user for this test")
def test_other_users_get_one_sentence() -> None:
    done = subprocess.run(
        [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            *("/usr/bin/python3", "-m", "forgather_units.sandbox", "run", "--", "true"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 1
    assert "the sandbox needs root" in done.stderr
    assert "Traceback" not in done.stderr
