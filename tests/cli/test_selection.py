"""Selecting jobs, acting on several, waiting for them, watching them."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cli.command_line import Reply, Request, Shell, SmallServer
from waiting import wait_until

ENDED = 25


def queue_id(number: int) -> str:
    return f"q_1000_{number:08x}"


def job(number: int, status: str = "running", **more: Any) -> dict[str, Any]:
    ended = {"finished_at": time.time()} if status in ("done", "failed", "aborted") else {}
    kind = {"config": "tensorboard:6006", "job_type": "tensorboard"}
    return {"queue_id": queue_id(number), "status": status, "title": f"job {number}", **kind, **ended, **more}


ACTIVE = [
    job(1),
    job(2, "sleeping", owner="another-user"),
    job(3, "queued", job_type="mkdocs", config="mkdocs:8000"),
    job(4, stop_requested=True),
]
OVER = [job(100 + at, "failed" if at % 5 == 0 else "aborted" if at % 5 == 1 else "done") for at in range(ENDED)]


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    """Lists jobs as the server does: in pages of `limit`."""

    def listed(request: Request) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        first, limit = int(query.get("before", 0)), min(int(query.get("limit", 100)), 10)
        present = [] if first or query.get("state") == "ended" else ACTIVE
        following = {**query, "before": str(first + limit)}
        more = "&".join(f"{name}={value}" for name, value in following.items())
        headers = {"X-Total-Count": str(len(ACTIVE) + ENDED)}
        if first + limit < ENDED and limit:
            headers["Link"] = f'</api/jobs?{more}>; rel="next"'
        return Reply([*present, *OVER[first : first + limit]], headers=headers)

    server.answers["GET /api/jobs"] = listed
    server.says("GET /api/queue", [])
    server.says("GET /api/auth/me", {"user": "me", "is_admin": True})
    for each in (*ACTIVE, *OVER):
        server.says(f"GET /api/jobs/{each['queue_id']}/status", each)
        server.says(f"POST /api/jobs/{each['queue_id']}/control/kill", {"message": f"{each['queue_id']} is stopped"})
    return server


def ids(forgather: Shell, *words: str) -> list[int]:
    done = forgather("job", "list", "-q", *words)
    assert (done.code, done.err) == (0, "")
    return [int(line.rpartition("_")[2], 16) for line in done.out.splitlines()]


def test_active_jobs_and_the_last_ten_by_default(forgather: Shell, jobs: SmallServer) -> None:
    assert ids(forgather) == [1, 2, 3, 4, *range(100, 110)]
    assert ids(forgather, "--limit", "3") == [1, 2, 3, 4, 100, 101, 102]
    assert ids(forgather, "--limit", "12") == [1, 2, 3, 4, *range(100, 112)]
    assert ids(forgather, "--all") == ids(forgather, "-a") == [1, 2, 3, 4, *range(100, 125)]
    assert forgather("job", "list").err == "14 of 29 jobs: --all, or --limit N, shows more\n"
    assert len(forgather("job", "list", "--json").json) == 14


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--status", "running"], [1]),
        (["--status", "running,sleeping"], [1, 2]),
        (["--status", "stopping, queued"], [3, 4]),
        (["--kind", "mkdocs"], [3]),
        (["--kind", "tensorboard", "--status", "queued"], []),
        (["--status", "failed", "--limit", "2"], [100, 105]),
        (["--status", "stopped", "--all"], [101, 106, 111, 116, 121]),
        (["--status", "aborted", "--limit", "4"], [101, 106, 111, 116]),
        (["--status", "queued,failed"], [3, 100, 105, 110, 115, 120]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_a_selection(forgather: Shell, jobs: SmallServer, words: list[str], numbers: list[int]) -> None:
    assert ids(forgather, *words) == numbers


def test_selection_without_a_match(forgather: Shell, jobs: SmallServer) -> None:
    done = forgather("job", "list", "--status", "starting")
    assert (done.code, done.out, done.err) == (0, "", "no jobs match\n")
    said = forgather("job", "list", "--status", "done", "--limit", "1").err
    assert said == "older jobs may match too: --all, or --limit N, shows more\n"


def killed(jobs: SmallServer) -> list[int]:
    paths = [request.path.split("/")[3] for request in jobs.asked if request.method == "POST"]
    return [int(path.rpartition("_")[2], 16) for path in paths]


def test_several_ids(forgather: Shell, jobs: SmallServer) -> None:
    done = forgather("job", "kill", queue_id(1), "xyz", queue_id(3), queue_id(1))
    assert (done.code, done.out) == (1, f"{queue_id(1)} is stopped\n{queue_id(3)} is stopped\n")
    assert done.err == "forgather: no job's id has 'xyz' in it\n"
    assert killed(jobs) == [1, 3]
    assert len(forgather("job", "kill", queue_id(1), queue_id(3), "--json").json) == 2
    assert forgather("job", "kill", queue_id(1), "--json").json == {"message": f"{queue_id(1)} is stopped"}


def test_options_may_be_between_ids(forgather: Shell, jobs: SmallServer) -> None:
    assert len(forgather("job", "kill", "--json", queue_id(1), "--server", jobs.url, queue_id(3)).json) == 2
    assert killed(jobs) == [1, 3]


def test_all_selects_own_active_jobs(forgather: Shell, jobs: SmallServer) -> None:
    assert forgather("job", "kill", "--all").code == 0
    # The second one is of another account.
    assert killed(jobs) == [1, 3, 4]
    jobs.asked.clear()
    forgather("job", "kill", "--all", "--status", "running", "--kind", "tensorboard")
    assert killed(jobs) == [1]
    jobs.asked.clear()
    assert forgather("job", "kill", "--all", "--status", "starting").err == "no active jobs of yours match\n"
    assert killed(jobs) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["kill"], "id is missing: name a job, or give --all"),
        (["kill", "--all", "q_1"], "--all and an id exclude each other"),
        (["kill", "--kind", "mkdocs"], "--kind needs --all"),
        (["force-kill", "--all"], "force-kill lets no process clean up: confirm with --yes"),
        (["remove"], "id is missing"),
        (["list", "--status", "runing"], "--status must be some of queued, "),
        (["list", "--watch", "--json"], "--watch is for a person: without --json"),
        (["tail", "-n", "1", "--since", "1h", "q_1000_00000001"], "-n, --since and --since-cursor exclude each other"),
        (["dump", "-n", "1", "--since", "1h", "q_1000_00000001"], "-n and --since exclude each other"),
        (["dump", "--since", "tomorrow", "q_1"], "--since must be a time such as 10m, 2h (ago), 14:05 or"),
        (["tail", "-n", "-1", "q_1"], "--lines must be a whole number from 0 to 50000, not '-1'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake(forgather: Shell, jobs: SmallServer, words: list[str], sentence: str) -> None:
    done = forgather("job", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"forgather: {sentence}")
    assert done.err.splitlines()[1:] == [f"see: forgather job {words[0]} --help"]
    assert killed(jobs) == []


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        ({"status": "done", "exit_code": 0}, 0, "done"),
        ({"status": "failed", "exit_code": 3}, 3, "failed, exit code 3"),
        ({"status": "failed", "signal": 9}, 137, "failed, signal 9"),
        ({"status": "failed", "error": "could not start"}, 1, "failed"),
        ({"status": "aborted", "exit_code": 0, "stop_requested": True}, 143, "stopped"),
    ],
)
def test_wait_follows_the_job(forgather: Shell, jobs: SmallServer, ended: dict[str, Any], code: int, said: str) -> None:
    states = iter([{"status": "queued"}, {"status": "running"}])
    jobs.answers[f"GET /api/jobs/{queue_id(1)}/status"] = lambda request: Reply(next(states, ended))
    done = forgather("job", "wait", queue_id(1))
    assert (done.code, done.out, done.err) == (code, f"{queue_id(1)}: {said}\n", "")
    jobs.says(f"GET /api/jobs/{queue_id(2)}/status", {"status": "done"})
    done = forgather("job", "wait", queue_id(2), queue_id(1))
    assert (done.code, len(done.out.splitlines())) == (code, 2)
    assert forgather("job", "wait", queue_id(1), "--json").json == ended


def test_watch_shows_each_change(forgather: Shell, jobs: SmallServer) -> None:
    with subprocess.Popen(**forgather.command("job", "list", "--watch", "-q", "--status", "running")) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() == f"{queue_id(1)}\n"
            seen = len(jobs.asked)
            wait_until(lambda: len(jobs.asked) > seen + 1)
            jobs.says("GET /api/jobs", [job(7)])
            # Nothing was printed while nothing changed.
            assert [process.stdout.readline() for _ in range(2)] == ["\n", f"{queue_id(7)}\n"]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        assert process.stderr.read() == ""


def test_lines_and_since_request_a_part_of_the_output(forgather: Shell, jobs: SmallServer) -> None:
    end = b'event: end\ndata: {"status": "done"}\n\n'
    stream = f"/api/jobs/{queue_id(1)}/tty/stream"
    jobs.answers[f"GET {stream}"] = lambda request: Reply(kind="text/event-stream", pieces=iter([end]))
    jobs.answers[f"GET /api/jobs/{queue_id(1)}/tty"] = lambda request: Reply(b"", kind="text/plain")
    jobs.says(f"GET /api/jobs/{queue_id(1)}/tty/lines", {"pieces": [{"text": "last\n"}], "last": "c9"})

    def asked(*words: str) -> Request:
        done = forgather("job", *words, queue_id(1))
        assert done.code == 0, done.err
        return jobs.asked[-1]

    assert asked("tail", "-n", "5").path == f"{stream}?joined=1&tail=5"
    assert asked("tail", "-n", "0").headers["last-event-id"] == "c9"
    # As numbers of the epoch: the server may be in another time zone.
    before = time.time()
    path, _, query = asked("tail", "--since", "2h").path.partition("?")
    assert path == stream and -1 < float(parse_qs(query)["since"][0]) - (before - 7200) < 60
    local = time.mktime((2026, 1, 31, 14, 5, 0, 0, 0, -1))
    for text in ("2026-01-31 14:05", "2026-01-31T14:05:00"):
        assert asked("dump", "--since", text).path.endswith(f"/tty?since={local}")
    assert forgather("job", "dump", "-n", "1", queue_id(1)).out == "last\n"
