"""Look-ups on a file system that stops responding: a real one, by FUSE."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from looked_up import allocate_2_gib, loop_without_end, pids, raise_key_error, refuse, return_a_lambda, stat_both
from waiting import wait_until

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.files import lookups as module
from forgather_units.files.helper_process import HelperProcess
from forgather_units.files.lookups import Lookups
from forgather_units.files.slots import DoesNotAnswer
from forgather_units.viewers.tensorboard.logdir import inspect_logdir


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dead_mount.build(tmp_path_factory.mktemp("fuse"))


@pytest.fixture
def mount(tmp_path: Path, program: Path) -> Iterator[SlowMount]:
    mount = SlowMount(tmp_path)
    with mount.mounted(program):
        yield mount


def test_results_and_errors_are_returned_unchanged(lookups: Lookups, tmp_path: Path) -> None:
    assert lookups.ask("/", os.path.exists, str(tmp_path)) is True
    with pytest.raises(Refused) as refusal:
        lookups.ask("/", refuse)
    assert (refusal.value.message, refusal.value.hint, refusal.value.field) == ("no", "never", "it")
    with pytest.raises(FileNotFoundError) as missing:
        lookups.ask("/no", os.stat, "/no")
    assert missing.value.errno == errno.ENOENT
    with pytest.raises(RuntimeError, match="KeyError: 'a fault'"):
        lookups.ask("/", raise_key_error)
    with pytest.raises(RuntimeError, match="pickle"):
        lookups.ask("/", return_a_lambda)


def test_a_helper_is_reused(lookups: Lookups) -> None:
    assert len({lookups.ask("/", pids) for _ in range(5)}) == 1


def test_spare_helpers_are_started_in_advance_and_while_one_hangs(lookups: Lookups, mount: SlowMount) -> None:
    wait_until(lambda: len(_helpers()) == 2)
    mount.answer_after(NEVER)
    with pytest.raises(DoesNotAnswer):
        lookups.ask(str(mount.point), os.stat, str(mount.point), limit=0.5)
    # The hanging helper gets no further look-up.
    wait_until(lambda: len(_helpers()) == 3)


def _helpers() -> list[str]:
    """The pids of this process's helpers."""
    children = [pid for each in Path("/proc/self/task").glob("*/children") for pid in _content(each).split()]
    return [pid for pid in map(bytes.decode, children) if b"files.helper" in _content(Path(f"/proc/{pid}/cmdline"))]


def _content(file: Path) -> bytes:
    """Nothing for a thread or a process that has just ended."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_a_look_up_waits_for_a_helper_that_starts_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """As right after the start of the server on a busy machine."""
    may_start = threading.Event()

    class Slow(HelperProcess):
        def __init__(self, modules: Sequence[str] = ()) -> None:
            assert may_start.wait(120)
            super().__init__(modules)

    monkeypatch.setattr(module, "HelperProcess", Slow)
    monkeypatch.setattr(module, "HELPER_LIMIT", 0.0)
    with closing(Lookups()) as lookups, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(lookups.ask, "/", os.path.exists, "/", limit=0.2)
        with pytest.raises(TimeoutError):
            answer.result(0.5)
        may_start.set()
        assert answer.result(120) is True


def test_a_helper_that_exceeds_its_limits_is_killed_and_replaced(lookups: Lookups) -> None:
    # On a busy machine the time limit may expire before the CPU limit.
    with pytest.raises(Unavailable):
        lookups.ask("/a", loop_without_end, limit=1)
    wait_until(lambda: not lookups.stuck())
    with pytest.raises(Refused, match="exceeds the memory limit"):
        lookups.ask("/b", allocate_2_gib)
    assert lookups.ask("/", pids)


def test_an_idle_helper_that_was_killed_is_replaced(lookups: Lookups) -> None:
    os.kill(lookups.ask("/", pids), signal.SIGKILL)
    wait_until(lambda: _responds(lookups))


def _responds(lookups: Lookups) -> bool:
    try:
        return lookups.ask("/", pids) > 0
    except Unavailable:
        return False


def test_a_dead_mount_is_an_error_and_delays_no_other_look_up(lookups: Lookups, mount: SlowMount) -> None:
    (mount.source / "runs").mkdir()
    runs = str(mount.point / "runs")
    assert lookups.ask(runs, inspect_logdir, runs).event_files == 0
    mount.answer_after(NEVER)
    with ThreadPoolExecutor(60) as requests:
        submitted = [requests.submit(_result, lookups, f"{runs}/{number}") for number in range(60)]
        assert lookups.ask(str(mount.source), inspect_logdir, str(mount.source)).event_files == 0
        results = {each.result() for each in submitted}
    dead = f"not known: the file system at {mount.point} does not answer (NFS server down?)"
    assert dead in results and all(each == dead or "is slow" in each for each in results)
    wait_until(lambda: lookups.stuck() == {str(mount.point): 2})
    # From now on look-ups there fail at once; otherwise this one would take 100 s.
    with pytest.raises(DoesNotAnswer):
        lookups.ask(runs, inspect_logdir, runs, limit=100)


def _result(lookups: Lookups, path: str) -> str:
    try:
        return str(lookups.ask(path, inspect_logdir, path))
    except Unavailable as why:
        return why.message


def test_helpers_return_when_the_mount_responds_again(lookups: Lookups, mount: SlowMount) -> None:
    back = threading.Event()
    lookups.when_back(back.set)
    mount.answer_after(NEVER)
    with pytest.raises(DoesNotAnswer):
        lookups.ask(str(mount.point), inspect_logdir, str(mount.point), limit=2)
    assert lookups.stuck() and not back.is_set()
    mount.answer_after(0)
    assert back.wait(120)
    assert lookups.stuck() == {}
    assert lookups.ask(str(mount.point), inspect_logdir, str(mount.point)).event_files == 0


def test_a_slow_look_up_is_waited_for(lookups: Lookups, mount: SlowMount) -> None:
    mount.answer_after(60)
    assert lookups.ask(str(mount.point), inspect_logdir, str(mount.point), limit=60).event_files == 0


@pytest.mark.parametrize("route", ["a link to it", "a link above", "..", "a link inside"])
def test_the_error_names_the_dead_mount(lookups: Lookups, mount: SlowMount, tmp_path: Path, route: str) -> None:
    (mount.source / "a/b").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/link").symlink_to(mount.point / "a")
    (mount.source / "a/home").symlink_to(tmp_path / "here")
    path = {
        "a link to it": f"{tmp_path}/here/link",
        "a link above": f"{tmp_path}/here/link/b",
        "..": f"{tmp_path}/here/../here/./link/b",
        "a link inside": f"{tmp_path}/here/link/home",
    }[route]
    mount.answer_after(NEVER)
    with pytest.raises(DoesNotAnswer, match=str(mount.point)):
        lookups.ask(path, os.stat, path, limit=2)
    wait_until(lambda: lookups.stuck() == {str(mount.point): 1})
    assert lookups.ask(f"{tmp_path}/here", os.stat, f"{tmp_path}/here")


def test_the_error_names_the_dead_mount_behind_a_link(lookups: Lookups, mount: SlowMount, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(mount.point)
    mount.answer_after(NEVER)
    for _ in range(2):
        with pytest.raises(DoesNotAnswer, match=str(mount.point)):
            lookups.ask(str(tmp_path), stat_both, str(tmp_path), str(link), limit=2)
    wait_until(lambda: lookups.stuck() == {str(mount.point): 2})
    # From now on the function itself gets the error.
    with pytest.raises(TimeoutError, match="does not answer"):
        lookups.ask(str(tmp_path), stat_both, str(tmp_path), str(link))
    assert lookups.ask(str(tmp_path), os.stat, str(tmp_path))


def test_a_logdir_with_a_part_on_a_dead_mount(lookups: Lookups, mount: SlowMount, tmp_path: Path) -> None:
    """With a dead mount below it, or behind a link in it, the known facts are returned."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/events.out.tfevents.1.host").touch()
    (tmp_path / "runs/link").symlink_to(mount.point)
    mount.answer_after(NEVER)
    for logdir in (tmp_path, tmp_path / "runs"):
        wait_until(lambda logdir=logdir: _facts(lookups, logdir).startswith("LogdirFacts(event_files=1"))  # type: ignore[misc]
    wait_until(lambda: lookups.stuck() == {str(mount.point): 2})


def _facts(lookups: Lookups, logdir: Path) -> str:
    try:
        return str(lookups.ask(str(logdir), inspect_logdir, str(logdir), limit=2))
    except DoesNotAnswer as why:
        return why.message


def test_many_simultaneous_look_ups_on_a_disk_all_succeed(lookups: Lookups, tmp_path: Path) -> None:
    with ThreadPoolExecutor(96) as requests:
        found = list(requests.map(lambda _: lookups.ask(str(tmp_path), pids, limit=60), range(300)))
    assert len(set(found)) <= 12


def test_close_does_not_wait_for_a_hanging_helper(mount: SlowMount) -> None:
    lookups = Lookups()
    mount.answer_after(NEVER)
    with pytest.raises(DoesNotAnswer):
        lookups.ask(str(mount.point), os.stat, str(mount.point), limit=2)
    closed: Future[None] = Future()
    threading.Thread(target=_close, args=(lookups, closed), daemon=True).start()
    closed.result(120)


def _close(lookups: Lookups, closed: Future[None]) -> None:
    lookups.close()
    closed.set_result(None)
