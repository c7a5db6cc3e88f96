"""docs/json.md documents each field that a command prints with --json, and no other; jq reads all of it."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from docs.json_reference import fields, kinds_of_commands, names_in, own_fields, sections, undocumented
from example_workspace import copy_workspace
from forgather_server import Forgather

from forgather_units.cli.main import build_parser
from forgather_units.cli.parser import Parser

# The journal must lose lines or be unreadable, or a program print bytes that are no text.
_NOT_PRODUCED: Final = {("event", "base64"), ("event", "count"), ("event", "detail"), ("event", "hint")} | {
    ("output", "base64")
}
Samples = dict[str, list[dict[str, Any]]]
"""The records that the commands printed, by the section that describes them."""


def with_json(parser: Parser, words: str = "") -> Iterator[str]:
    """The commands that have --json."""
    if "--json" in parser.flags:
        yield words
    for verb, leaf in parser.verbs.items():
        yield from with_json(leaf, f"{words} {verb}".strip())


def test_each_command_with_json_is_in_the_table() -> None:
    assert kinds_of_commands().keys() == set(with_json(build_parser()))
    assert {kind for kinds in kinds_of_commands().values() for kind in kinds} == sections().keys() - {"commands"}


class _Recorder:
    """Runs commands with --json, and keeps what jq reads of their output."""

    def __init__(self, server: Forgather) -> None:
        self._server = server
        self.samples: Samples = defaultdict(list)
        self.commands: set[str] = set()

    def __call__(self, command: str, *words: str, kind: str = "", said: str = "") -> list[dict[str, Any]]:
        """The records that `forgather COMMAND --json WORDS` prints; `kind` is their section if there are several."""
        done = self._server.cli(*command.split(), "--json", *words, check=False, input=said)
        assert "forgather:" not in done.stderr, (command, done.stderr)
        printed = subprocess.run(["jq", "-c", "."], input=done.stdout, capture_output=True, text=True, check=True)
        values = [json.loads(line) for line in printed.stdout.splitlines()]
        records = [each for value in values for each in (value if isinstance(value, list) else [value])]
        self.samples[kind or kinds_of_commands()[command][0]] += records
        self.commands.add(command)
        return records


@pytest.fixture(scope="module")
def recorded(module_forgather: Forgather, sample_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> _Recorder:
    run = _Recorder(module_forgather)
    folder = tmp_path_factory.mktemp("json")
    runs = str(sample_runs)
    site = folder / "mkdocs.yml"
    site.write_text("site_name: x\n")
    (folder / "docs").mkdir()
    (folder / "docs/index.md").write_text("# x\n")
    run("tb", runs, "--dry-run", kind="command-line")
    run("mkdocs", str(site), "--dry-run", kind="command-line")
    one = run("tb", runs, "--enqueue", "--wait", "--port", "auto", kind="job")[0]["queue_id"]
    two = run("mkdocs", str(site), "--enqueue", "--port", "auto", kind="submission")[0]["queue_id"]
    run("sched pause")
    three = run("tb", runs, "--enqueue", "--port", "auto", kind="submission")[0]["queue_id"]
    run("sched status")
    run("sched list")
    run("sched queue")
    run("job scheduler")
    run("sched priority", three, "5")
    run("sched cancel", three)
    run("sched resume")
    run("job list")
    run("job status", one)
    run("job sleep", one)
    run("job wake", one)
    run("job restart", one)
    run("job kill", one, two)
    run("job wait", one, two)
    run("job tail", one)
    run("job dump", one)
    run("job list")
    run("job remove", one)
    last = run("tb", runs, "--enqueue", "--port", "auto", kind="submission")[0]["queue_id"]
    run("job force-kill", "--yes", last)
    run("job wait", last)
    run("job cancel", run("tb", runs, "--enqueue", "--port", "auto", kind="submission")[0]["queue_id"])
    for verb in ("cleanup", "gc"):
        run(f"job {verb}")
        run(f"sched {verb}")
    run("service add", "tensorboard", "lab", "--logdir", runs)
    for verb in ("status", "disable", "enable", "stop", "start", "remove"):
        run("service list")
        run(f"service {verb}", "tensorboard", "lab")
    run("logs list", runs)
    run("logs summary", "--all", runs)
    run("ls", "-r", str(copy_workspace(folder)))
    run("doctor")
    wrong = folder / "wrong.yaml"
    wrong.write_text("prot: 1\n")
    run.samples["problem"] += json.loads(
        module_forgather.cli("config", "check", "--json", "--config", str(wrong), check=False).stdout
    )
    right = folder / "right.yaml"
    right.write_text(f"services:\n  tensorboard:\n    lab: {{logdir: {runs}}}\n")
    run("config check", "--config", str(right))
    run("config show", "--config", str(right))
    run("login", module_forgather.url, said=module_forgather.token)
    run("login", "--forget", module_forgather.url)
    run("login-url")
    run("service-unit status")
    run.samples["unit"].append({"unit": "x.service", "state": "active", "at_login": "enabled", "file": "/x"})
    return run


def test_all_of_them_were_run(recorded: _Recorder) -> None:
    assert recorded.commands == kinds_of_commands().keys()


@pytest.mark.parametrize("kind", sorted(sections().keys() - {"commands"}))
def test_each_printed_field_is_documented(recorded: _Recorder, kind: str) -> None:
    records = recorded.samples[kind]
    assert records
    assert [missing for each in records for missing in undocumented(kind, each)] == []
    seen = {name for each in records for name in names_in(each, kind)}
    produced = {name for name in own_fields(kind) if (kind, name) not in _NOT_PRODUCED}
    assert produced - seen == set(), f"no {kind} has these fields"
    assert fields(kind)


def test_addresses_are_absolute(recorded: _Recorder) -> None:
    found = 0
    for kind, records in recorded.samples.items():
        for record in [*records, *(each["data"] for each in records if "data" in each)]:
            if "url" in fields(kind) and "url" in record:
                assert record["url"].startswith("http://127.0.0.1:"), (kind, record["url"])
                found += 1
    assert found > 20
