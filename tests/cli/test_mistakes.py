"""Typical mistakes: each is answered with at most three lines, which name the wrong word and the next step."""

from __future__ import annotations

import shlex
from typing import Final

import pytest
from cli.command_line import Shell, SmallServer

# The command line, the sentence, and the command whose help it names.
MISTAKES: Final = (
    ("lst", "unknown command 'lst' (did you mean 'ls'?)", ""),
    ("jbo list", "unknown command 'jbo' (did you mean 'job'?)", ""),
    ("tensorboard --logdir runs", "unknown command 'tensorboard' (did you mean 'tb'?)", ""),
    ("tail q_1", "unknown command 'tail' (did you mean 'job tail'?)", ""),
    ("resume", "unknown command 'resume' (did you mean 'sched resume'?)", ""),
    ("frobnicate", "unknown command 'frobnicate'", ""),
    ("job lst", "unknown verb 'lst' (did you mean 'list'?)", "job"),
    ("service restrt", "unknown verb 'restrt' (did you mean 'start'?)", "service"),
    ("job", "a verb is missing: list, ", "job"),
    ("job list --limt 3", "unknown option '--limt' (did you mean '--limit'?)", "job list"),
    ("job list --limit", "--limit needs a value", "job list"),
    ("job list --all=yes", "--all takes no value, not even 'yes'", "job list"),
    ("job list --limit many", "--limit must be a whole number from 1 to 10000000, not 'many'", "job list"),
    ("job list q_1", "unexpected word 'q_1'", "job list"),
    ("--json job list", "option '--json' goes after 'list'", ""),
    ("job --json list", "option '--json' goes after 'list'", "job"),
    ("tb --enqueue -p project", "option '-p' goes before 'tb'", "tb"),
    ("tb --logdri runs", "unknown option '--logdri' (did you mean '--logdir'?)", "tb"),
    ("tb -logdir runs", "unknown option '-logdir' (did you mean '--logdir'?)", "tb"),
    ("tb runs more", "unexpected word 'more': --logdir is 'runs' already", "tb"),
    ("tb runs --logdir more", "unexpected word 'more': --logdir is 'runs' already", "tb"),
    ("tb runs --port high", "--port must be a whole number, not 'high'", "tb"),
    ("tb runs --wait", "--wait is for a job: add --enqueue", "tb"),
    ("sched priority q_1 high", "N must be a whole number, not 'high'", "sched priority"),
    (
        "service add tensrboard lab a=b",
        "type must be one of tensorboard, mkdocs, not 'tensrboard' (did you mean 'tensorboard'?)",
        "service add",
    ),
    ("logs plot --x-axis km", "--x-axis must be one of step, epoch, time, not 'km'", "logs plot"),
    ("job kill", "id is missing: name a job, or give --all", "job kill"),
    ("job kill --all q_1", "--all and an id exclude each other", "job kill"),
    ("job force-kill q_1", "force-kill lets no process clean up: confirm with --yes", "job force-kill"),
    ("job list --status runing", "--status must be some of queued, ", "job list"),
    ("job tail -n many q_1", "--lines must be a whole number from 0 to 50000, not 'many'", "job tail"),
    ("job dump --since tomorrow q_1", "--since must be a time such as 10m, 2h (ago), 14:05 or", "job dump"),
    ("service add tensorboard lab", "--logdir is missing", "service add"),
    (
        "service add tensorboard lab logdri=/x",
        "'logdri' is no option of TensorBoard (did you mean 'logdir'?)",
        "service add",
    ),
    ("logs plot --terminal -o x.png", "--terminal writes no file: leave out -o, --format and -e", "logs plot"),
    ("completion csh", "SHELL must be one of bash, zsh, fish, not 'csh' (did you mean 'zsh'?)", "completion"),
    ("job list -- more", "nothing may follow -- here, and 'more' does", "job list"),
)


@pytest.mark.parametrize(("typed", "sentence", "command"), MISTAKES, ids=[each[0] for each in MISTAKES])
def test_a_mistake(forgather: Shell, server: SmallServer, typed: str, sentence: str, command: str) -> None:
    done = forgather(*shlex.split(typed))
    assert (done.code, done.out, server.asked) == (2, "", [])
    said, see = done.err.splitlines()
    assert said.startswith(f"forgather: {sentence}")
    assert see == f"see: {' '.join(['forgather', *command.split(), '--help'])}"
    help_page = forgather(*see.split()[2:])
    assert (help_page.code, help_page.out.startswith("usage: forgather")) == (0, True)
