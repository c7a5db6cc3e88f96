"""The settings file: errors with their lines, and edits that preserve the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.domain.declaration import Service
from forgather_units.domain.errors import BadSettings, Malformed, NotFound
from forgather_units.settings import edit
from forgather_units.settings.settings import load_all, problems_of
from forgather_units.viewers.declaration_args import args_problems

_GOOD = """\
# Settings of the lab
port: 9000  # the usual one is taken

services:
  tensorboard:
    # all runs
    lab: {enabled: true, logdir: /runs, port: 6010}
  mkdocs:
    docs:
      config_file: /site/mkdocs.yml
      enabled: false
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "config.yaml"
    written.write_text(_GOOD)
    return written


def test_services_and_the_sources_of_values(file: Path) -> None:
    loaded = load_all(file, {"host": "127.0.0.2"}, args_problems)
    assert (loaded.sources["port"], loaded.sources["host"], loaded.sources["auth"]) == (f"{file}:2", "flag", "default")
    assert loaded.services == (
        Service("tensorboard", "lab", True, {"logdir": "/runs", "port": 6010}),
        Service("mkdocs", "docs", False, {"config_file": "/site/mkdocs.yml"}),
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("port: x\n", 1, "port must be a whole number from 0 to 65535, not 'x'"),
        ("port: 1\nprot: 4\n", 2, "unknown setting 'prot'"),
        ("port: 1\nport: 2\n", 2, "port is given twice"),
        ("host: [\n", 2, "is not YAML"),
        ("- a\n", 1, "must be a mapping"),
        ("hardening: some\n", 1, "must be one of off, standard, strict"),
        ("idle_timeout: 0\n", 1, "must be 1 second or more"),
        ("port: 1%s\n" % ("0" * 5000), 1, "port must be a whole number"),
        ("start_timeout: 0x1%s\n" % ("0" * 5000), 1, "start_timeout must be a number of seconds"),
        ("idle_timeout: 1%s\n" % ("0" * 400), 1, "idle_timeout must be 1 second or more"),
        ("hardening: 2026-02-31\n", 1, "hardening must be one of"),
        ('tensorboard: "\\ud800"\n', 1, "tensorboard is not valid Unicode"),
        ('browse_roots: ["/a\\0b"]\n', 1, "browse_roots cannot hold a NUL character"),
        ('services:\n  tensorboard:\n    lab:\n      logdir: "/\\ud800"\n', 4, "logdir is not valid Unicode"),
        ("memory_max: plenty\n", 1, "must be a size such as 512M or 2G"),
        ("services: 5\n", 1, "services must be a mapping"),
        ("services:\n  tensorboard: x\n", 2, "services: tensorboard must be a mapping"),
        ("services:\n  tensorboard:\n    la b: {logdir: /x}\n", 3, "must be letters, digits, _ and -"),
        ("services:\n  tensorboard:\n    q_1_00000000: {logdir: /x}\n", 3, "must be letters, digits"),
        (
            "services:\n  tensorboard:\n    lab:\n      logdir: /x\n      port: 99999\n",
            5,
            "port must be from 1 to 65535",
        ),
        ("services:\n  tensorboard:\n    lab:\n      logdir: /x\n      colour: red\n", 5, "unknown key 'colour'"),
        ("services:\n  tensorboard:\n    lab:\n      port: 6010\n", 3, "logdir is missing"),
        ("services:\n  tensorboard:\n    lab:\n      logdir: /x\n      enabled: maybe\n", 5, "enabled must be true"),
        ("services:\n  jupyter:\n    lab: {}\n    more: {}\n", 2, "unknown type 'jupyter'"),
    ],
)
def test_each_error_has_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    (problem, *_) = problems_of(file, args_problems)
    assert (problem.line, words in problem.message) == (line, True), problem
    with pytest.raises(BadSettings, match=f"{file}:{line}: "):
        load_all(file, {}, args_problems)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("port: x\nauth: 1\nnothing: 2\n")
    assert [problem.line for problem in problems_of(file)] == [1, 2, 3]


def test_an_edit_keeps_comments_order_and_quotes(file: Path) -> None:
    edit.declare(file, Service("tensorboard", "new", True, {"logdir": "/new", "lazy": False}))
    edit.switch(file, "tensorboard", "lab", False)
    edit.withdraw(file, "mkdocs", "docs")
    assert (
        file.read_text()
        == """\
# Settings of the lab
port: 9000  # the usual one is taken

services:
  tensorboard:
    # all runs
    lab: {enabled: false, logdir: /runs, port: 6010}
    new:
      enabled: true
      logdir: /new
      lazy: false
"""
    )


@pytest.mark.parametrize(
    "text", ["off", "no", "12:30", "1_000", "0x1f", "null", "2026-10-27", "1e3", "a: b", "# x", "'"]
)
def test_a_written_text_is_read_back_unchanged(file: Path, text: str) -> None:
    declared = Service("tensorboard", text if text.isalpha() else "x", True, {"logdir": "/runs", "window_title": text})
    edit.declare(file, declared)
    assert load_all(file, {}, args_problems).services[1] == declared
    edit.switch(file, "tensorboard", declared.name, False)
    edit.withdraw(file, "tensorboard", declared.name)
    assert [service.name for service in load_all(file, {}, args_problems).services] == ["lab", "docs"]


def test_declaring_again_replaces_the_declaration(file: Path) -> None:
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/other"}))
    (lab, _) = load_all(file, {}, args_problems).services
    assert lab == Service("tensorboard", "lab", True, {"logdir": "/other"})


def test_an_edit_creates_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "below" / "config.yaml"
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/runs"}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_all(file, {}, args_problems).services[0].name == "lab"


def test_a_file_with_only_comments_keeps_them(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("# nothing yet\n")
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/runs"}))
    assert file.read_text().startswith("# nothing yet\n")


def test_edits_of_an_unknown_service_or_an_invalid_file_are_refused(file: Path) -> None:
    with pytest.raises(NotFound, match="no such service: mkdocs lab"):
        edit.switch(file, "mkdocs", "lab", True)
    file.write_text("a: [")
    with pytest.raises(Malformed, match="is not YAML"):
        edit.withdraw(file, "mkdocs", "lab")


def test_the_signature_depends_on_the_args_only() -> None:
    one = Service("tensorboard", "lab", True, {"logdir": "/runs", "port": 6010})
    assert one.signature == Service("tensorboard", "lab", False, {"port": 6010, "logdir": "/runs"}).signature
    assert one.signature != Service("tensorboard", "lab", True, {"logdir": "/runs", "port": 6011}).signature
