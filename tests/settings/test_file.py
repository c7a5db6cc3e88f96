"""The settings file: every mistake with its line, and changes that leave the rest alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.domain.errors import BadSettings, Malformed, NotFound
from forgather_units.domain.service import Service
from forgather_units.kinds.services import args_problems
from forgather_units.settings import edit
from forgather_units.settings.settings import load_all, problems_of

_GOOD = """\
# What the lab has
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


def test_services_and_where_values_come_from(file: Path) -> None:
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
        ("memory_max: plenty\n", 1, "must be a size such as 512M or 2G"),
        ("services: 5\n", 1, "services must be a mapping"),
        ("services:\n  tensorboard: x\n", 2, "services: tensorboard must be a mapping"),
        ("services:\n  tensorboard:\n    Lab: {logdir: /x}\n", 3, "lower-case letters"),
        ("services:\n  tensorboard:\n    q_1_00000000: {logdir: /x}\n", 3, "lower-case letters"),
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
def test_each_mistake_has_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    (problem, *_) = problems_of(file, args_problems)
    assert (problem.line, words in problem.message) == (line, True), problem
    with pytest.raises(BadSettings, match=f"{file}:{line}: "):
        load_all(file, {}, args_problems)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
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
# What the lab has
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
def test_a_text_is_read_as_it_was_written(file: Path, text: str) -> None:
    said = Service("tensorboard", text if text.isalpha() else "x", True, {"logdir": "/runs", "window_title": text})
    edit.declare(file, said)
    assert load_all(file, {}, args_problems).services[1] == said
    edit.switch(file, "tensorboard", said.name, False)
    edit.withdraw(file, "tensorboard", said.name)
    assert [service.name for service in load_all(file, {}, args_problems).services] == ["lab", "docs"]


def test_declaring_anew_replaces_what_was_said(file: Path) -> None:
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/other"}))
    (lab, _) = load_all(file, {}, args_problems).services
    assert lab == Service("tensorboard", "lab", True, {"logdir": "/other"})


def test_an_edit_of_no_file_makes_one_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "below" / "config.yaml"
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/runs"}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_all(file, {}, args_problems).services[0].name == "lab"


def test_comments_alone_stay(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("# nothing yet\n")
    edit.declare(file, Service("tensorboard", "lab", True, {"logdir": "/runs"}))
    assert file.read_text().startswith("# nothing yet\n")


def test_what_is_not_there_and_what_is_no_file(file: Path) -> None:
    with pytest.raises(NotFound, match="no such service: mkdocs lab"):
        edit.switch(file, "mkdocs", "lab", True)
    file.write_text("a: [")
    with pytest.raises(Malformed, match="is not YAML"):
        edit.withdraw(file, "mkdocs", "lab")


def test_the_signature_is_of_what_is_declared() -> None:
    one = Service("tensorboard", "lab", True, {"logdir": "/runs", "port": 6010})
    assert one.signature == Service("tensorboard", "lab", False, {"port": 6010, "logdir": "/runs"}).signature
    assert one.signature != Service("tensorboard", "lab", True, {"logdir": "/runs", "port": 6011}).signature
