"""`forgather config`: each mistake with its line and reason, the settings and their sources, an edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command_line import Shell, SmallServer

# Each line that is wrong, and what is said of it.
_MISTAKES = [
    ("prot: 4", "unknown setting 'prot' (did you mean 'port'?)"),
    ("port: http", "port must be a whole number from 0 to 65535, not 'http'"),
    ("host:", "host must be text, not nothing"),
    ("host: 127.0.0.2", "host is given twice"),
    ("auth: perhaps", "auth must be true or false, not 'perhaps'"),
    ("start_timeout: soon", "start_timeout must be a number of seconds above 0, not 'soon'"),
    ("idle_timeout: 0", "idle_timeout must be 1 second or more, at most 1e9, such as 90, 15min or 2h, or never, not 0"),
    ("memory_max: plenty", "memory_max must be a size such as 512M or 2G, not 'plenty'"),
    ("hardening: some", "hardening must be one of off, standard, strict, not 'some'"),
    ("state_dir: here", "state_dir must be an absolute path, not 'here'"),
    ("services:", None),
    ("  jupyter: {lab: {}, more: {}}", "services: unknown type 'jupyter' (known: tensorboard, mkdocs)"),
    ("  tensorbord: {lab: {}}", "services: unknown type 'tensorbord' (did you mean 'tensorboard'?)"),
    ("  tensorboard:", None),
    ("    la.b: {logdir: /x}", "service tensorboard la.b: its name must be letters, digits, _ and -"),
    ("    bare: /x", "service tensorboard bare must be a mapping"),
    ("    none: {port: 6010}", "none: logdir is missing: an absolute path, or one that begins with ~/"),
    ("    near: {logdir: runs}", "logdir must be an absolute path, or begin with ~/, not 'runs'"),
    ("    lab:", None),
    ("      logdir: ~/runs", None),
    ("      port: 99999", "service tensorboard lab: port must be from 1 to 65535, or auto, not 99999"),
    ("      idle_timout: 2h", "service tensorboard lab: unknown key 'idle_timout' (did you mean 'idle_timeout'?)"),
    ("      private: 1", "service tensorboard lab: private must be true or false, not 1"),
    ("      priority: high", "service tensorboard lab: priority must be a whole number, not 'high'"),
    ("    rest:", None),
    ("      enabled: maybe", "service tensorboard rest: enabled must be true or false, not 'maybe'"),
    ("  mkdocs:", None),
    ("    docs: {config_file: /x.yml, watch: src}", "watch must be a list of absolute paths, not 'src'"),
]  # fmt: skip


@pytest.fixture
def file(forgather: Shell) -> Path:
    """Where the settings are looked for."""
    written = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather", "units.yaml")
    written.parent.mkdir(parents=True)
    return written


def test_check_reports_each_kind_of_mistake(forgather: Shell, file: Path) -> None:
    file.write_text("\n".join(text for text, _ in _MISTAKES) + "\n")
    done = forgather("config", "check")
    assert (done.code, done.out) == (2, "")
    said = done.err.splitlines()
    expected = [(number, words) for number, (_, words) in enumerate(_MISTAKES, 1) if words]
    for number, words in expected:
        assert any(line.startswith(f"{file}:{number}: ") and words in line for line in said), (number, words, done.err)
    assert len(said) == len(expected), done.err
    # The same as JSON; a server that is to start with it says the first of them.
    asked = forgather("config", "check", "--json")
    assert (asked.code, {problem["line"] for problem in asked.json}) == (2, {number for number, _ in expected})
    started = forgather("server", "--port", "0")
    assert started.code == 2
    assert f"{file}:" in started.err and "more: forgather config check" in started.err


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"port: 1\nhost: [\n", 3, "is not YAML"),
        (b"port: 1\n\thost: x\n", 2, "is not YAML"),
        (b"host: *nobody\n", 1, "is not YAML (found undefined alias 'nobody')"),
        (b"- port\n", 1, "must be a mapping of settings"),
        (b"\xff\xfe", 0, "is not YAML"),
        (b"services: all\n", 1, "services must be a mapping"),
    ],
)
def test_check_reports_an_unusable_settings_file(
    forgather: Shell, file: Path, text: bytes, line: int, words: str
) -> None:
    file.write_bytes(text)
    done = forgather("config", "check")
    (said,) = done.err.splitlines()
    assert (done.code, said.startswith(f"{file}:{line}: " if line else f"{file}: "), words in said) == (2, True, True)


def test_check_accepts_a_valid_and_a_missing_file(forgather: Shell, file: Path) -> None:
    assert forgather("config", "check").out == f"{file}: not there: every setting has its default\n"
    file.write_text("port: 9000\n")
    done = forgather("config", "check")
    assert (done.code, done.out) == (0, f"{file}: no mistakes\n")
    assert forgather("config", "check", "--config", str(file.with_name("other.yaml"))).code == 2
    assert forgather("config", "check", "--config", str(file.parent)).code == 2


def test_show_prints_the_source_of_each_value(forgather: Shell, file: Path) -> None:
    file.write_text("# ours\nport: 9000\nservices:\n  tensorboard:\n    lab: {logdir: /x, enabled: false}\n")
    done = forgather("config", "show")
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines()}
    assert (rows["port"], rows["host"]) == (["9000", f"{file}:2"], ["127.0.0.1", "default"])
    assert done.out.splitlines()[-1] == "service tensorboard lab (disabled): logdir=/x"


def test_edit_rejects_invalid_settings(forgather: Shell, file: Path) -> None:
    file.write_text("port: 9000\n")
    done = forgather("config", "edit", EDITOR="sed -i s/port/prot/", VISUAL="")
    assert (done.code, file.read_text()) == (2, "port: 9000\n")
    kept = file.with_name("units.yaml.rejected")
    assert kept.read_text() == "prot: 9000\n"
    assert f"{kept}:1: unknown setting 'prot'" in done.err
    done = forgather("config", "edit", EDITOR="sed -i s/9000/9001/", VISUAL="")
    assert (done.code, file.read_text()) == (0, "port: 9001\n")
    assert forgather("config", "edit", EDITOR="true", VISUAL="").out == f"{file}: unchanged\n"
    assert forgather("config", "edit", EDITOR="false", VISUAL="").code == 1


def test_forgather_s_own_settings_disturb_no_command(forgather: Shell, server: SmallServer) -> None:
    folder = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather")
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("eval:\n  search_paths: [/evaluations]\n")
    server.says("GET /api/jobs", [])
    for words, said in ((("job", "list"), "no jobs\n"), (("config", "show"), ""), (("config", "check"), "")):
        done = forgather(*words)
        assert (done.code, done.err) == (0, said), words
    (folder / "config.yaml").write_text("max_running: 3\n")
    done = forgather("config", "show", "--json")
    assert done.json["settings"]["max_running"] == {"value": 3, "from": f"{folder}/units.yaml:1"}
    assert done.err == f"{folder}/config.yaml is {folder}/units.yaml now: Forgather's own settings have the old name\n"
