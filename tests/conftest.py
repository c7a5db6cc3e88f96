"""Shared fixtures: a server for a test, sample runs, free ports. On CI an unexpected skip fails the run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from example_workspace import copy_workspace
from expected_skips import is_expected
from forgather_server import Forgather
from ports import free_port

from forgather_units.files.lookups import Lookups
from forgather_units.host.this_machine import this_machine
from forgather_units.samples.collection import SAMPLES, write_samples
from forgather_units.units.probe import probe

_unexpected_skips: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not is_expected(reason):
            _unexpected_skips.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI an unexpected skip is a failure: it would hide a test that no longer runs."""
    is_worker = hasattr(session.config, "workerinput")
    if os.environ.get("CI") and _unexpected_skips and not is_worker:
        print(f"\nunexpected skips (tests/expected_skips.py): {'; '.join(_unexpected_skips)}", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def needs_socket_placement(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips on a host that cannot place viewers behind sockets, after a check that the host really cannot."""
    why = probe(this_machine(), tmp_path_factory.mktemp("host") / "probe").reason
    if not why:
        return
    namespaces = subprocess.run(["unshare", "--user", "--map-root-user", "--net", "--mount", "true"], check=False)
    assert namespaces.returncode != 0, why
    pytest.skip(f"the socket placement does not work on this host: {why}")


@pytest.fixture
def forgather(tmp_path: Path) -> Iterator[Forgather]:
    """A started server."""
    server = Forgather(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.fixture(scope="module")
def module_forgather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    """A started server for all tests of a module."""
    server = Forgather(tmp_path_factory.mktemp("server"))
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.fixture
def emptied_forgather(module_forgather: Forgather) -> Iterator[Forgather]:
    """The module's server; the jobs of each test are removed afterwards."""
    yield module_forgather
    module_forgather.forget_jobs()


@pytest.fixture
def make_forgather(tmp_path: Path) -> Iterator[Callable[..., Forgather]]:
    """Makes servers with settings of their own, not yet started."""
    with ExitStack() as held:

        def make(**settings: object) -> Forgather:
            server = Forgather(tmp_path, **settings)
            held.callback(server.clean)
            return server

        yield make


@pytest.fixture(scope="session")
def sample_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `output_models` folder of the sample runs."""
    return write_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the example workspace."""
    return copy_workspace(tmp_path)


@pytest.fixture
def dialect(workspace: Path, sample_runs: Path) -> Path:
    """The project `Dialect` of the workspace; its default config has written one run."""
    project = workspace / "dialect"
    shutil.copytree(sample_runs / SAMPLES[0].folder, project / "output_models/default_model/runs/log_1")
    return project


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookups]:
    """Look-ups whose helper processes can import the test modules."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = Lookups()
    yield made
    made.close()


@pytest.fixture(name="free_port")
def free_port_fixture() -> Callable[[], int]:
    """Returns a port on which no process listens, another one with each call."""
    return free_port
