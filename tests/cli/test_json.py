"""jq reads the output of --json with any text in a record."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command_line import Reply, Shell, SmallServer

ID: Final = "q_1000_0000000a"
HOSTILE: Final = {
    "lone surrogate": "\ud800 and \udfff",
    "pair of surrogates": "\ud83d\ude00",
    "NUL and escapes": "\x00 \\u0000 \\x00 \x1b[2J \x7f",
    "newlines": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "long": "x" * 200_000,
    "JSON": '{"a": "\\"}], null',
    "not a character": "\ufffe\uffff\U0010ffff",
}
_OUTPUTS: Final = (
    ["job", "list"],
    ["job", "status", ID],
    ["job", "wait", ID],
    ["job", "kill", ID],
    ["job", "kill", "--all"],
    ["job", "tail", ID],
    ["job", "dump", ID],
    ["sched", "list"],
    ["sched", "queue"],
    ["sched", "priority", ID, "1"],
    ["service", "list"],
)


def jq(shell: Shell, *words: str) -> list[Any]:
    """The values that jq reads in the output of a command, which must be all of it."""
    printed = subprocess.run(**{**shell.command(*words, "--json"), "text": False}, check=True, timeout=120).stdout
    printed.decode("ascii")
    done = subprocess.run(["jq", "-c", "."], input=printed, capture_output=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def served(server: SmallServer, text: str) -> None:
    job = {"queue_id": ID, "status": "done", "title": text, "error": text, "job_params": {"logdir": text}}
    service = {"type": "tensorboard", "name": "lab", "enabled": True, "args": {"logdir": text}}
    line = {"text": text, "ends": True, "time": 1.0}
    event = "event: line\ndata: " + json.dumps(line) + "\n\nevent: end\ndata: " + json.dumps(job) + "\n\n"
    server.says("GET /api/jobs", [job, {**job, "status": "running"}])
    server.says("GET /api/queue", [job])
    server.says(f"GET /api/jobs/{ID}/status", job)
    server.says(f"POST /api/jobs/{ID}/control/kill", {"message": text, "data": job})
    server.says(f"PATCH /api/queue/{ID}", job)
    server.says("GET /api/services", [{"service": service, "error": text}])
    server.says("GET /api/auth/me", {"user": text})
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda _: Reply(text.encode(errors="surrogatepass"), kind="text/plain")
    server.answers[f"GET /api/jobs/{ID}/tty/stream"] = lambda _: Reply(
        kind="text/event-stream", pieces=iter([event.encode()])
    )


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_jq_reads_each_output(forgather: Shell, server: SmallServer, text: str) -> None:
    served(server, text)
    # JSON has two escapes for one character; jq replaces what is no Unicode text.
    expected = json.loads(json.dumps(text))
    for words in _OUTPUTS:
        values = jq(forgather, *words)
        assert values, words
        if words[:2] in (["job", "list"], ["sched", "list"]):
            title = values[0][0]["title"]
            assert len(title) == len(expected) and (title == expected or "\ufffd" in title), words


def test_jq_reads_names_of_files_that_are_no_text(forgather: Shell) -> None:
    folder = os.fsencode(forgather.folder) + b"/caf\xe9 \n\xff"
    run = folder + b"/model/runs/log_1"
    Path(os.fsdecode(run)).mkdir(parents=True)
    Path(os.fsdecode(run + b"/trainer_logs.json")).write_text('[{"loss": 1.0, "global_step": 1, "epoch": 0.1}]')
    name = os.fsdecode(folder)
    ((listed,),) = jq(forgather, "logs", "list", name)
    assert "caf\ufffd \n\ufffd" in listed["path"]
    ((printed,),) = [forgather("logs", "list", name, "--json").json]
    assert Path(printed["path"]).is_file()
    (summary,) = jq(forgather, "logs", "summary", name)
    assert summary["final_loss"] == 1.0
    (Path(name) / "events.out.tfevents.1.host.1.0").touch()
    assert "--logdir=" in jq(forgather, "tb", "--dry-run", name)[0]["argv"][1]


def test_jq_reads_projects(forgather: Shell) -> None:
    (forgather.folder / "forgather_workspace").mkdir()
    (forgather.folder / "meta.yaml").write_text('name: "a\\u2028b"\ndescription: "\\0"\n')
    (listed,) = jq(forgather, "ls")
    assert [project["name"] for project in listed["projects"]] == ["a\u2028b"]


def test_settings_keep_their_types(forgather: Shell) -> None:
    file = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather", "units.yaml")
    file.parent.mkdir(parents=True)
    file.write_text("port: 9000\nsearch_roots: [/a, /b]\nidle_timeout: never\n")
    (shown,) = jq(forgather, "config", "show")
    values = {name: each["value"] for name, each in shown["settings"].items()}
    assert (values["port"], values["search_roots"], values["idle_timeout"]) == (9000, ["/a", "/b"], "never")
    assert (values["auth"], values["memory_max"], values["programs"]) == (True, None, {})
    assert shown["settings"]["port"]["from"] == f"{file}:1"
