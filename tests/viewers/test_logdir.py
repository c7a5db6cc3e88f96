"""Valid and invalid log directories on a real file system."""

from __future__ import annotations

import json
import os
import pickle
import pwd
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from forgather_units.domain.errors import Refused
from forgather_units.viewers.tensorboard import logdir
from forgather_units.viewers.tensorboard.linked_runs import MOST_BINDS
from forgather_units.viewers.tensorboard.logdir import inspect_logdir, links_note, logdir_warnings

# The uid with which root runs a check as an ordinary user.
_NOBODY = 65534


def test_event_files_are_counted_and_the_newest_is_found(tmp_path: Path) -> None:
    for number, run in enumerate(("a/runs/log_1", "b/runs/log_2", "b/runs/log_2/deep")):
        folder = tmp_path / run
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"events.out.tfevents.{number}.host.1.0"
        file.touch()
        os.utime(file, (1000 + number, 1000 + number))
        (folder / "trainer_logs.json").touch()
    facts = inspect_logdir(str(tmp_path))
    assert (facts.event_files, facts.newest, facts.whole) == (3, 1002.0, True)


def test_a_logdir_without_event_files(tmp_path: Path) -> None:
    (tmp_path / "tfevents").mkdir()
    facts = inspect_logdir(str(tmp_path))
    assert (facts.event_files, facts.newest) == (0, None)


def test_link_loops_end(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(tmp_path)
    (tmp_path / "tfevents").symlink_to("tfevents")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "up").symlink_to(tmp_path)
    assert inspect_logdir(str(tmp_path)).whole


def test_a_giant_tree_is_not_walked_completely_and_not_called_empty(tmp_path: Path) -> None:
    for folder in range(21):
        (tmp_path / str(folder)).mkdir()
        for number in range(1000):
            os.mknod(tmp_path / str(folder) / str(number))
    facts = inspect_logdir(str(tmp_path))
    assert not facts.whole
    warnings = " ".join(logdir_warnings(str(tmp_path), facts))
    assert "too many entries" in warnings and "no event files yet" not in warnings


def test_a_slow_file_system_is_not_called_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "runs" / "one")
    monkeypatch.setattr(logdir, "MOST_SECONDS", 0.0)
    facts = inspect_logdir(str(tmp_path))
    assert (facts.event_files, facts.whole) == (0, False)
    assert "no event files yet" not in " ".join(logdir_warnings(str(tmp_path), facts))


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result for these small trees must not depend on the load of the machine."""
    monkeypatch.setattr(logdir, "MOST_SECONDS", 60.0)
    monkeypatch.setattr(logdir, "MOST_SECONDS_OF_LINKS", 60.0)


def make_run(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1").write_bytes(b"12345")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A logdir without entries."""
    folder = tmp_path / "logdir"
    folder.mkdir()
    return folder


def test_links_to_runs_and_event_files_are_followed(tmp_path: Path, runs: Path) -> None:
    run, several = make_run(tmp_path / "a" / "run"), make_run(tmp_path / "several" / "one").parent
    make_run(several / "two")
    file = make_run(tmp_path / "b" / "run") / "events.out.tfevents.1"
    for name, target in (("run", run), ("several", several), ("events.out.tfevents.1", file)):
        (runs / name).symlink_to(target)
    facts = inspect_logdir(str(runs))
    assert set(facts.binds) == {str(run), str(several), str(file)}
    assert (facts.links_followed, facts.links_skipped, facts.whole) == (3, 0, True)
    assert (facts.event_files, facts.runs, facts.size) == (4, 4, 20)
    assert logdir_warnings(str(runs), facts) == ()
    assert links_note(str(runs), facts).startswith(f"3 links lead out of {runs}: visible too are /")


@pytest.mark.parametrize("target", ["/", "/proc", "/proc/self/fd", "/etc", "/dev", "{home}", "{home}/.ssh", "{above}"])
def test_links_to_other_folders_are_not_followed(
    target: str, tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_run(tmp_path / "home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_rsa").touch()
    monkeypatch.setenv("HOME", str(home))
    (runs / "link").symlink_to(target.format(home=home, above=runs.parent))
    facts = inspect_logdir(str(runs))
    assert (facts.binds, facts.links_followed, facts.links_skipped) == ((), 0, 1)
    assert facts.skipped[0].startswith("link leads to /")
    assert any("1 link out of" in each and facts.skipped[0] in each for each in logdir_warnings(str(runs), facts))


def test_only_the_runs_of_a_linked_folder_are_visible(tmp_path: Path, runs: Path) -> None:
    model = tmp_path / "output" / "model"
    make_run(model / "runs" / "one")
    make_run(model / "runs" / "two")
    (model / ".env").touch()
    (runs / "output").symlink_to(tmp_path / "output")
    assert inspect_logdir(str(runs)).binds == (str(model / "runs"),)


@pytest.mark.parametrize("name", ["caf\udce9", "new\nline", "\ufdd0"])
def test_a_target_with_a_name_that_systemd_refuses_is_skipped(name: str, tmp_path: Path, runs: Path) -> None:
    (runs / "link").symlink_to(make_run(tmp_path / name))
    facts = inspect_logdir(str(runs))
    assert (facts.binds, facts.links_skipped) == ((), 1)
    (warning,) = [each for each in logdir_warnings(str(runs), facts) if "followed" in each]
    assert "not UTF-8" in warning
    assert warning.isprintable() and warning.encode()


def test_many_runs_of_one_folder_are_one_bind(tmp_path: Path, runs: Path) -> None:
    for number in range(300):
        (runs / str(number)).symlink_to(make_run(tmp_path / "all" / str(number)))
    facts = inspect_logdir(str(runs))
    assert (facts.binds, facts.links_followed, facts.event_files) == ((str(tmp_path / "all"),), 300, 300)


def test_a_parent_with_other_files_is_not_bound(tmp_path: Path, runs: Path) -> None:
    for number in range(MOST_BINDS + 5):
        (runs / str(number)).symlink_to(make_run(tmp_path / "all" / str(number)))
    (tmp_path / "all" / "password").touch()
    facts = inspect_logdir(str(runs))
    assert len(facts.binds) == MOST_BINDS and str(tmp_path / "all") not in facts.binds
    assert (facts.links_followed, facts.links_skipped) == (MOST_BINDS, 5)
    assert f"5 links out of {runs} will not be followed" in " ".join(logdir_warnings(str(runs), facts))


def test_uninspected_links_leave_the_facts_incomplete(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / "link").symlink_to(make_run(tmp_path / "run"))
    monkeypatch.setattr(logdir, "MOST_SECONDS_OF_LINKS", 0.0)
    facts = inspect_logdir(str(runs))
    assert (facts.whole, facts.links_skipped) == (False, 1)


def test_facts_are_plain_values(tmp_path: Path, runs: Path) -> None:
    (runs / "link").symlink_to(make_run(tmp_path / "caf\udce9"))
    facts = inspect_logdir(str(runs))
    assert pickle.loads(pickle.dumps(facts)) == facts
    plain = asdict(facts)
    assert json.loads(json.dumps(plain)) == {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}


@pytest.mark.parametrize("name", ["$HOME", "100%", "--x", "with space", "new\nline", "näm", "\udcff"])
def test_special_characters_in_names_are_accepted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert inspect_logdir(str(tmp_path / name)).event_files == 0


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "logdir is empty"),
        ("runs", "not an absolute path"),
        ("~/runs", "not an absolute path"),
        ("name:/tmp", "must be one folder of this machine"),
        ("/a\0b", "NUL"),
        ("/no/such/folder", "does not exist"),
        ("/proc/version", "is a file"),
        ("/proc/version/below", "cannot be used"),
        ("/" + "a" * 300, "cannot be used"),
        ("/tmp/\ud800", "cannot be used"),
    ],
)
def test_invalid_logdirs_are_refused(path: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        inspect_logdir(path)
    assert refusal.value.field == "logdir"
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(
    ("name", "sentence"), [("closed", "closed cannot be read by {us}"), ("closed/below", "closed is closed to {us}")]
)
def test_an_inaccessible_logdir_is_refused_with_a_hint(name: str, sentence: str) -> None:
    owner = pwd.getpwuid(os.geteuid()).pw_name
    us = pwd.getpwuid(os.geteuid() or _NOBODY).pw_name
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        closed = Path(folder, "closed")
        (closed / "below").mkdir(parents=True)
        closed.chmod(0)
        # No hint changes another user's folder.
        way = f"setfacl -m u:{us}:x {closed} && " if name != "closed" else ""
        granted = f"its owner ({owner}) can grant it: {way}setfacl -R -m u:{us}:rX,d:u:{us}:rX {folder}/{name}"
        hint = f"it is yours: chmod u+rX {closed}" if owner == us else granted
        try:
            message = _refusal_without_rights(f"{folder}/{name}")
            assert sentence.format(us=us) in message and message.endswith(f"; {hint}")
        finally:
            closed.chmod(0o700)


def test_unreadable_subfolders_and_event_files_are_a_warning() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        make_run(Path(folder, "open"))
        closed = make_run(Path(folder, "closed"))
        closed.chmod(0)
        file = make_run(Path(folder, "half")) / "events.out.tfevents.1"
        file.chmod(0)
        try:
            warnings = _without_rights(lambda: "; ".join(logdir_warnings(folder, inspect_logdir(folder))))
        finally:
            closed.chmod(0o700)
    us = pwd.getpwuid(os.geteuid() or _NOBODY).pw_name
    assert f"2 folders or files below {folder} cannot be read by {us}" in warnings
    assert "closed" in warnings and "half/events.out.tfevents.1" in warnings


def _refusal_without_rights(path: str) -> str:
    def refusal() -> str:
        with pytest.raises(Refused) as caught:
            inspect_logdir(path)
        return f"{caught.value.message}; {caught.value.hint}"

    return _without_rights(refusal)


def _without_rights(text: Callable[[], str]) -> str:
    """The text for an ordinary user: as root, who may read every file, a child process drops its privileges first."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            os.write(writing, text().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer
