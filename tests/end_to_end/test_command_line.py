"""Commands about several jobs, and about a part of the output, with a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]


def test_the_exit_status_and_a_part_of_the_output(
    make_forgather: Callable[..., Forgather], tmp_path: Path, free_port: FreePort
) -> None:
    program = tmp_path / "printer"
    program.write_text("#!/bin/bash\necho one; sleep 0.5; echo two; sleep 0.5; echo three; exit 3\n")
    program.chmod(0o755)
    logdir = tmp_path / "logdir"
    logdir.mkdir()
    forgather = make_forgather(tensorboard=str(program))
    forgather.start()
    queue_id = forgather.submit(logdir, port=free_port())
    done = forgather.cli("job", "wait", queue_id, check=False)
    assert (done.returncode, done.stdout) == (3, f"{queue_id}: failed, exit code 3\n")

    def printed(*words: str) -> list[str]:
        return forgather.cli("job", *words, queue_id).stdout.splitlines()

    assert wait_until(lambda: printed("dump") == ["one", "two", "three"])
    events = [json.loads(line) for line in printed("tail", "--json")]
    times = {event["text"]: datetime.fromtimestamp(event["time"]).isoformat() for event in events[:-1]}
    for verb in ("dump", "tail"):
        assert printed(verb, "--since", "1h") == ["one", "two", "three"]
        assert printed(verb, "--since", times["two"]) == ["two", "three"]
        assert printed(verb, "--since", "2030-01-01") == []
        assert printed(verb, "-n", "1") == ["three"]
        assert printed(verb, "-n", "2") == ["two", "three"]
        assert printed(verb, "-n", "0") == []
    assert [json.loads(line).get("text") for line in printed("tail", "--json", "-n", "1")] == ["three", None]
    wrong = forgather.get(f"/api/jobs/{queue_id}/tty?since=yesterday")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "since")


def test_several_jobs_at_once(emptied_forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    forgather = emptied_forgather
    forgather.cli("sched", "pause")
    queued = [forgather.submit(sample_runs, port=free_port()) for _ in range(4)]
    assert sorted(forgather.cli("job", "list", "-q").stdout.split()) == sorted(queued)
    one, other, *rest = queued
    done = forgather.cli("job", "kill", one, "q_nothing", other, check=False)
    assert (done.returncode, done.stderr) == (1, "forgather: no job's id has 'q_nothing' in it\n")
    assert len(done.stdout.splitlines()) == 2
    assert set(forgather.cli("job", "list", "-q", "--status", "stopped").stdout.split()) == {one, other}
    left = forgather.cli("job", "list", "-q", "--status", "queued", "--kind", "tensorboard").stdout.split()
    assert sorted(left) == sorted(rest)
    assert forgather.cli("job", "list", "-q", "--kind", "mkdocs").stdout == ""
    assert forgather.cli("job", "kill", "--all", "--kind", "mkdocs").stderr == "no active jobs of yours match\n"
    assert len(forgather.cli("job", "kill", "--all").stdout.splitlines()) == 2
    assert {job["status"] for job in forgather.cli_json("job", "list")} == {"aborted"}
    assert forgather.cli("job", "wait", *queued, check=False).returncode == 143
    forgather.cli("job", "rm", *queued)
    forgather.cli("sched", "resume")
    assert forgather.cli("job", "list").stderr == "no jobs\n"
