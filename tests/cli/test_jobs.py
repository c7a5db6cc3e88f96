"""`forgather job` and `forgather sched`: requests to the server, and the printed responses."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest
from cli.command_line import Shell, SmallServer

ONE, OTHER = "q_1000_0000000a", "q_2000_0000000b"


def job(queue_id: str = ONE, **more: Any) -> dict[str, Any]:
    params = {"logdir": "/runs/tiny", "port": 6006}
    return {"queue_id": queue_id, "status": "running", "priority": 0, "job_params": params, "title": "tiny", **more} | {
        "config": "tensorboard:6006"
    }


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    failed = job(OTHER, status="failed", signal=9, exit_code=None, error="killed\nits last words", title="evil\x1b[2J")
    server.says("GET /api/jobs", [job(port=6006, started_at=time.time() - 200), failed])
    server.says("GET /api/queue", [])
    server.says(f"GET /api/jobs/{ONE}/status", job(path_prefix=f"/api/tb/{ONE}", alive=True))
    server.says(f"GET /api/jobs/{OTHER}/status", failed)
    return server


def test_list(forgather: Shell, jobs: SmallServer) -> None:
    done = forgather("job", "list")
    header, first, second = done.out.splitlines()
    assert header.split() == ["ID", "STATUS", "VIEWER", "AGE", "TITLE", "NOTE"]
    assert first.split() == [ONE, "running", "tensorboard:6006", "3m", "tiny", "-"]
    assert second.split()[:2] == [OTHER, "failed"]
    assert "killed" in second and "last words" not in second
    # What a terminal would obey is shown instead.
    assert r"evil\x1b[2J" in second
    assert header.index("STATUS") == first.index("running") == second.index("failed")


def test_how_jobs_ended_and_how_long_they_ran(forgather: Shell, server: SmallServer) -> None:
    now = time.time()
    ended: dict[str, Any] = {"started_at": now - 7500, "finished_at": now - 300}
    stopped = job(OTHER, status="aborted", exit_code=0, stop_requested=True, error="killed on request", **ended)
    server.says(
        "GET /api/jobs",
        [
            job(stop_requested=True, port=6007, started_at=now - 60, priority=5),
            job(status="done", exit_code=0, **ended),
            stopped,
            job(status="aborted", error="ended by a restart of the machine", **ended),
            job(status="failed", exit_code=3, **ended),
        ],
    )
    header, *lines = forgather("job", "list").out.splitlines()
    assert header.split("  ")[-1] == "NOTE" and "PRIORITY" in header and "RAN FOR" in header
    rows = [line.split(maxsplit=6) for line in lines]
    assert [row[1:4] for row in rows] == [
        ["stopping", "tensorboard:6007", "5"],
        ["done", "tensorboard:6006", "-"],
        ["stopped", "tensorboard:6006", "-"],
        ["stopped", "tensorboard:6006", "-"],
        ["failed", "tensorboard:6006", "-"],
    ]
    assert [line.split("tiny")[1].strip() for line in lines] == [
        "-", "-", "-", "ended by a restart of the machine", "exit code 3"
    ]  # fmt: skip
    assert all(" 5m ago  2h " in line for line in lines[1:])
    server.says(f"GET /api/jobs/{OTHER}/status", stopped)
    shown = forgather("job", "status", OTHER).out
    assert "status:    stopped\n" in shown and "ran for:   2h" in shown
    finished = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now - 300))
    assert f"finished:  {finished} (5m ago)\n" in shown
    # The API's words are in --json.
    assert forgather("job", "status", OTHER, "--json").json["status"] == "aborted"


def test_an_empty_list(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [])
    done = forgather("job", "list")
    assert (done.code, done.out, done.err) == (0, "", "no jobs\n")
    assert forgather("job", "list", "--json").json == []


def test_status(forgather: Shell, jobs: SmallServer) -> None:
    done = forgather("job", "status", OTHER)
    assert done.out.startswith(
        f"id:        {OTHER}\nstatus:    failed, signal 9\nreason:    killed\n           its last"
    )
    assert f"{jobs.url}/api/tb/{ONE}/" in forgather("job", "status", ONE).out
    assert forgather("job", "status", OTHER, "--json").json["signal"] == 9


def test_json_has_whole_addresses(forgather: Shell, server: SmallServer) -> None:
    path = f"/api/tb/{ONE}/"
    server.says("GET /api/jobs", [job(url=path)])
    server.says(f"GET /api/jobs/{ONE}/status", job(url=path, finished_at=1))
    server.says(f"POST /api/jobs/{ONE}/control/kill", {"success": True, "data": job(url=path)})
    whole = f"{server.url}{path}"
    assert forgather("job", "list", "--json").json[0]["url"] == whole
    assert forgather("job", "status", ONE, "--json").json["url"] == whole
    assert forgather("job", "wait", ONE, "--json").json["url"] == whole
    assert forgather("job", "kill", ONE, "--json").json["data"]["url"] == whole


@pytest.mark.parametrize("part", ["0a", "1000", "q_1000_0", ONE])
def test_part_of_an_id_selects_a_job(forgather: Shell, jobs: SmallServer, part: str) -> None:
    assert forgather("job", "status", part, "--json").json["queue_id"] == ONE


def test_part_of_an_id_selects_a_job_that_only_the_queue_lists(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [])
    server.says("GET /api/queue", [job(OTHER)])
    server.says(f"DELETE /api/queue/{OTHER}", {"aborted": OTHER})
    assert forgather("sched", "cancel", "0b").out == f"cancelled: {OTHER}\n"


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("xyz", "no job's id has 'xyz' in it"), ("q_", "'q_' could be any of 2 jobs: "), ("", "no job")],
)
def test_part_of_an_id_must_match_one_job(forgather: Shell, jobs: SmallServer, part: str, sentence: str) -> None:
    done = forgather("job", "kill", part)
    assert done.code == 1
    assert done.err.startswith(f"forgather: {sentence}")
    assert not [request for request in jobs.asked if request.method != "GET"]


@pytest.mark.parametrize(
    ("words", "route", "answer", "said"),
    [
        (["job", "kill", ONE], f"POST /api/jobs/{ONE}/control/kill", {"message": "SIGTERM sent"}, "SIGTERM sent"),
        (
            ["job", "force-kill", "--yes", ONE],
            f"POST /api/jobs/{ONE}/control/force-kill",
            {"success": True},
            f"force-kill: {ONE}",
        ),
        (["job", "cancel", ONE], f"DELETE /api/queue/{ONE}", {"aborted": ONE}, f"cancelled: {ONE}"),
        (["job", "remove", ONE], f"DELETE /api/jobs/{ONE}", {"removed": ONE}, f"removed: {ONE}"),
        (["job", "cleanup"], "POST /api/jobs/cleanup", {"removed": [ONE], "count": 1}, "removed: 1"),
        (["job", "gc"], "POST /api/jobs/gc", {"swept": 2}, "jobs that have changed: 2"),
        (["job", "cleanup", ONE], f"DELETE /api/jobs/{ONE}", {"removed": ONE}, f"removed: {ONE}"),
        (["sched", "cleanup", ONE], f"DELETE /api/jobs/{ONE}", {"removed": ONE}, f"removed: {ONE}"),
        (["sched", "cleanup"], "POST /api/jobs/cleanup", {"removed": [], "count": 0}, "removed: 0"),
        (["sched", "gc"], "POST /api/jobs/gc", {"swept": 0}, "jobs that have changed: 0"),
        (
            ["sched", "priority", ONE, "5"],
            f"PATCH /api/queue/{ONE}",
            {"queue_id": ONE, "priority": 5},
            f"{ONE}: priority 5",
        ),
        (["sched", "resume"], "POST /api/queue/scheduler", {"enabled": True}, "resumed"),
        (["job", "scheduler", "resume"], "POST /api/queue/scheduler", {"enabled": True}, "resumed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_verbs(
    forgather: Shell, server: SmallServer, words: list[str], route: str, answer: dict[str, Any], said: str
) -> None:
    server.says(route, answer)
    done = forgather(*words)
    assert (done.code, done.out, done.err) == (0, f"{said}\n", "")
    assert forgather(*words, "--json").json == answer
    assert [f"{request.method} {request.path}" for request in server.asked] == [route, route]


@pytest.mark.parametrize("command", [("sched",), ("job", "scheduler")])
@pytest.mark.parametrize(("verb", "enabled"), [("pause", False), ("resume", True)])
def test_pause_and_resume(
    forgather: Shell, server: SmallServer, command: tuple[str, ...], verb: str, enabled: bool
) -> None:
    server.says("POST /api/queue/scheduler", {"enabled": enabled})
    assert forgather(*command, verb).code == 0
    assert server.asked[0].body == {"enabled": enabled}


@pytest.mark.parametrize("priority", [7, -3])
def test_priority_changes(forgather: Shell, jobs: SmallServer, priority: int) -> None:
    jobs.says(f"PATCH /api/queue/{OTHER}", {"queue_id": OTHER, "priority": priority})
    assert forgather("sched", "priority", "0b", str(priority)).out == f"{OTHER}: priority {priority}\n"
    assert jobs.asked[-1].body == {"priority": priority}


def test_the_schedulers_status(forgather: Shell, server: SmallServer) -> None:
    status = {"enabled": True, "tick_count": 7, "last_tick_at": time.time() - 90, "running_count": 3}
    server.says("GET /api/queue/scheduler", {**status, "queued_count": 2})
    server.says("GET /api/jobs", [job(), job(), job(status="sleeping")])
    for words in (("sched", "status"), ("job", "scheduler"), ("job", "scheduler", "status")):
        assert forgather(*words).out == "dispatching; 2 running, 1 sleeping, 2 queued\n"
    # Forgather's own server does not count the queue.
    server.says("GET /api/queue/scheduler", {**status, "enabled": False})
    server.says("GET /api/queue", [job()])
    server.says("GET /api/jobs", [])
    assert forgather("sched", "status").out == "paused (forgather sched resume); 0 running, 1 queued\n"


def test_all_jobs_as_forgather_lists_them(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [job(), job(OTHER, status="queued", waits_for="port 6006 is in use")])
    listed = forgather("sched", "list")
    assert listed.out == forgather("job", "list").out
    assert ONE in listed.out
    assert "port 6006 is in use" in listed.out


def test_the_queue(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/queue", [job(waits_for=f"port 6006 is held by {OTHER} (tiny)", priority=5)])
    header, line = forgather("sched", "queue").out.splitlines()
    assert line.endswith(f"/runs/tiny  port 6006 is held by {OTHER} (tiny)")
    assert header.index("WAITS FOR") == line.index("port 6006")


def test_closed_pipe_ends_a_long_list(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [job() for _ in range(20000)])
    with subprocess.Popen(**forgather.command("job", "list", "--json")) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(120) == 141
        assert process.stderr.read() == ""
