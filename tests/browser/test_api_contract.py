"""The types of the page (web/src/shared/api/types.ts) are those of the server's responses, field by field."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from forgather_server import Forgather

from forgather_units.api.live.tty_json import output_of
from forgather_units.cli.connection.events import parse
from forgather_units.journal.reader import Line, LineKind
from forgather_units.samples.collection import write_samples
from forgather_units.samples.project import write_project

WEB: Final = Path(__file__).parents[2] / "web"
TYPES: Final = WEB / "src" / "shared" / "api" / "types.ts"
# The types of fields that are objects, or lists of objects.
_PARTS: Final = {
    "ControlResult": {"data": "Job"},
    "Folder": {"entries": "FolderEntry"},
    "Host": {"findings": "Finding"},
    "Job": {"job_params": "JobParams", "usage": "Usage"},
    "ListingUpdate": {"projects": "Project"},
    "Project": {"configs": "ProjectConfig"},
    "Runs": {"runs": "Run"},
    "Service": {"service": "DeclaredService"},
    "TtyOutput": {"pieces": "TtyPiece"},
}
# What the page makes of the updates.
_NOT_SENT: Final = {"Listing"}
# The server may send fields that the page does not read.
_PRELUDE: Final = f"""
import type * as api from "{TYPES.with_suffix("")}";
type Sent<T> = T extends readonly unknown[]
  ? {{ [K in keyof T]: Sent<T[K]> }}
  : T extends object ? {{ [K in keyof T]: Sent<T[K]> }} & {{ [other: string]: unknown }} : T;
type Fields<T> = Record<keyof T, true> & Record<string, true>;
"""

Samples = dict[str, list[dict[str, Any]]]
"""By the name of a type: responses, and parts of responses, that have to be of it."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    """Of a server with jobs in several states, a project, and services."""
    folder = tmp_path_factory.mktemp("contract")
    project = write_project(folder / "tiny")
    runs = write_samples(project)
    site = folder / "mkdocs.yml"
    site.write_text("site_name: Tiny\n")
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").touch()
    forgather = Forgather(
        folder,
        search_roots=[str(project)],
        browse_roots=[str(folder)],
        services={"tensorboard": {"off": {"logdir": str(folder / "missing"), "enabled": False}}},
    )
    found: Samples = defaultdict(list)
    try:
        forgather.start()
        for name, response in _responses(forgather, project, runs, site):
            for each in response if isinstance(response, list) else [response]:
                _add(found, name, each)
    finally:
        forgather.clean()
    yield found


def _add(found: Samples, name: str, response: dict[str, Any]) -> None:
    found[name].append(response)
    for field, part in _PARTS.get(name, {}).items():
        inner = response[field]
        for each in inner if isinstance(inner, list) else [inner]:
            if each is not None:
                _add(found, part, each)


def _responses(forgather: Forgather, project: Path, runs: Path, site: Path) -> Iterator[tuple[str, Any]]:
    def get(path: str, /, **query: Any) -> Any:
        return forgather.get(path, params=query).json()

    def post(path: str, body: object = None) -> Any:
        return forgather.post(path, body).json()

    running = forgather.submit(runs / "tiny", port="auto")
    other = forgather.submit(runs, port="auto", lazy=True)
    params = {"config_file": str(site), "lazy": True}
    body = {"project_dir": str(site.parent), "config": "mkdocs", "job_type": "mkdocs", "job_params": params}
    yield "QueueItem", post("/api/queue", body)
    port = forgather.wait_status(other, "sleeping")["port"]
    forgather.submit(runs, port=port)
    with forgather.get("/api/events", stream=True) as stream:
        events = ((event.name, json.loads(event.data)) for event in parse(stream.iter_content(None)))
        yield "Hello", _first(events, "hello")
        yield "LogdirFacts", _first(events, "logdir")
        yield "ControlResult", post(f"/api/jobs/{other}/control/kill")
        yield "Job", _first(events, "job")
        forgather.wait_status(other, "aborted")
        yield "Job", get("/api/jobs", state="ended")
        yield "CleanupPreview", get("/api/jobs/cleanup")
        cleanup = post("/api/jobs/cleanup")
        yield "Cleanup", cleanup
        yield "Removed", _first(events, "removed")
        yield "Restored", post("/api/jobs/restore", {"queue_ids": cleanup["removed"]})
        yield "Scheduler", post("/api/queue/scheduler", {"enabled": False})
        yield "Scheduler", _first(events, "scheduler")
    yield "Scheduler", get("/api/queue/scheduler")
    yield "AuthStatus", get("/api/auth/status")
    yield "Me", get("/api/auth/me")
    yield "Login", requests.post(f"{forgather.url}/api/auth/login", json={"token": forgather.token}, timeout=120).json()
    yield "Host", get("/api/host")
    yield "Service", get("/api/services")
    listing = get("/api/projects/changes")
    yield "ListingUpdate", listing
    yield "ListingUpdate", get("/api/projects/changes", since=listing["version"])
    yield "Runs", get("/api/runs", project_dir=str(project), config="tiny.yaml")
    yield "Folder", get("/api/fs/browse")
    yield "Completions", get("/api/fs/complete", path=str(runs)[:-1])
    yield "LogdirFacts", get("/api/logdir", path=str(runs))
    yield "LogdirFacts", get("/api/logdir", path=str(runs / "missing"))
    yield "PortFacts", get("/api/ports", port=port)
    yield "PortFacts", get("/api/ports", port=1)
    yield "Title", get("/api/title", job_type="tensorboard", path=str(runs))
    yield "ErrorBody", post("/api/queue", {**body, "priority": "high"})
    yield "ErrorBody", post("/api/services/tensorboard/off/control/start")
    forgather.wait_status(running, "running")
    yield "Job", get("/api/jobs")
    yield "TtyOutput", get(f"/api/jobs/{running}/tty/lines", count=1)
    with forgather.get(f"/api/jobs/{running}/tty/stream", params={"joined": 1}, stream=True) as stream:
        events = ((event.name, json.loads(event.data)) for event in parse(stream.iter_content(None)) if event.data)
        yield "TtyOutput", _first(events, "output")
    # What a TensorBoard does not print.
    yield "TtyOutput", output_of([Line("1", 0.0, "", b"\xff"), Line("2", 0.0, "", b"", kind=LineKind.DROPPED, count=3)])


def _first(events: Iterator[tuple[str, Any]], name: str) -> Any:
    return next(data for event, data in events if event == name)


def fields(name: str) -> list[str]:
    """The fields of an interface of types.ts, with those of the one that it extends."""
    found = re.search(rf"export interface {name}(?: extends (\w+))? {{\n(.*?)\n}}", TYPES.read_text(), re.DOTALL)
    assert found, name
    return [*(fields(found[1]) if found[1] else []), *re.findall(r"^  (\w+)\??:", found[2], re.MULTILINE)]


def _checks(name: str, responses: list[dict[str, Any]]) -> list[str]:
    """One line of TypeScript each: a response has the type, and together they have all of its fields."""
    seen: dict[str, bool] = {field: True for response in responses for field in response}
    return [
        *(f"({json.dumps(response)}) satisfies Sent<api.{name}>;" for response in responses),
        f"({json.dumps(seen)}) satisfies Fields<api.{name}>;",
    ]


def test_there_is_a_response_of_each_type(samples: Samples) -> None:
    interfaces = set(re.findall(r"^export interface (\w+)", TYPES.read_text(), re.MULTILINE))
    assert set(samples) == interfaces - _NOT_SENT


def test_responses_have_the_types_of_the_page(samples: Samples, tmp_path: Path) -> None:
    lines = [line for name, responses in samples.items() for line in _checks(name, responses)]
    assert compile_typescript(lines, tmp_path) == ""


def test_no_field_can_be_renamed_on_one_side(samples: Samples, tmp_path: Path) -> None:
    """tsc reports each field of types.ts that has another name in the responses."""
    lines: list[str] = []
    for name, responses in samples.items():
        for field in fields(name):
            renamed = [{f"{key}_" if key == field else key: each[key] for key in each} for each in responses]
            # tsc fails where the next line has no error.
            lines += ["// @ts-expect-error", " ".join(_checks(name, renamed))]
    assert len(lines) > 2 * 100
    assert compile_typescript(lines, tmp_path) == ""


def compile_typescript(lines: list[str], folder: Path) -> str:
    """What tsc says of `lines`."""
    module = folder / "contract.ts"
    module.write_text("\n".join([_PRELUDE, *lines]) + "\n")
    configuration = {
        "extends": str(WEB / "tsconfig.json"),
        "compilerOptions": {"types": []},
        "include": [str(module)],
    }
    (folder / "tsconfig.json").write_text(json.dumps(configuration))
    # Where the machine's node is too old, the virtual environment has one of its own.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [WEB / "node_modules/.bin/tsc", "--project", folder], env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr
