"""A command imports its own modules, not those of the others."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import sys
from forgather_units.cli.main import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
"""


def imported(*words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", _SCRIPT, *words, "--help"], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("job", "list"), ("sched", "status"), ("config", "show")])
def test_a_command_imports_only_itself(words: tuple[str, str]) -> None:
    modules = imported(*words)
    commands = {"server", "tb", "viewer", "ls", "logs", "job", "sched", "service", "config", "doctor", "demo"}
    assert f"forgather_units.cli.commands.{words[0]}" in modules
    # The verbs of `sched` that end jobs are those of `job`.
    others = commands - {words[0], "job"}
    assert not {f"forgather_units.cli.commands.{name}" for name in others} & modules
    assert "jinja2" not in modules


def test_the_list_of_commands_imports_none() -> None:
    assert not {"requests", "jinja2", "yaml", "forgather_units.cli.commands.job"} & imported()
