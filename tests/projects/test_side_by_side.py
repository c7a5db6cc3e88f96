"""Simultaneous requests: none waits for the list of all projects, and no config is rendered twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from waiting import wait_until

from forgather_units.projects import catalog as catalog_module
from forgather_units.projects.cache import OutcomeCache
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Outcome, Request


class Held(Isolated):
    """Renders templates of the project `dialect` only once `may_render` is set."""

    may_render: ClassVar[threading.Event]
    rendering: ClassVar[list[str]]

    def answer(self, request: Request) -> Outcome:
        self.rendering.append(request.template)
        if request.project_dir.endswith("dialect"):
            assert self.may_render.wait(120)
        return super().answer(request)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Held]]:
    class HeldHere(Held):
        may_render: ClassVar[threading.Event] = threading.Event()
        rendering: ClassVar[list[str]] = []

    monkeypatch.setattr(catalog_module, "Isolated", HeldHere)
    yield HeldHere
    HeldHere.may_render.set()


def test_one_project_does_not_wait_for_the_listing_of_all(workspace: Path, held: type[Held]) -> None:
    catalog = Catalog()
    with ThreadPoolExecutor() as threads:
        listing = threads.submit(catalog.projects, [str(workspace)])
        wait_until(lambda: held.rendering)
        one = threads.submit(catalog.config, str(workspace / "small"), "a.yaml")
        assert one.result(120).output_dir is not None
        assert not listing.done()
        held.may_render.set()
        assert len(listing.result(120)) == 2


def test_two_listings_render_each_config_once(workspace: Path, held: type[Held]) -> None:
    catalog = Catalog()
    age(workspace)
    with ThreadPoolExecutor() as threads:
        listings = [threads.submit(catalog.projects, [str(workspace)]) for _ in range(3)]
        wait_until(lambda: held.rendering)
        held.may_render.set()
        first, *others = [listing.result(120) for listing in listings]
    assert all(other == first for other in others)
    of_dialect = [name for name in held.rendering if name == "configs/plain.yaml"]
    assert len(of_dialect) == 1


def test_a_project_requested_during_a_listing_is_rendered_once(workspace: Path, held: type[Held]) -> None:
    catalog = Catalog()
    age(workspace)
    with ThreadPoolExecutor() as threads:
        listing = threads.submit(catalog.projects, [str(workspace)])
        wait_until(lambda: "meta.yaml" in held.rendering)
        one = threads.submit(catalog.project, str(workspace / "dialect"))
        held.may_render.set()
        assert one.result(120) == next(each for each in listing.result(120) if each.project_dir.endswith("dialect"))
    assert held.rendering.count("configs/plain.yaml") == 1


def test_the_cache_keeps_all_listed_configs(tmp_path: Path) -> None:
    cache = OutcomeCache(tmp_path)
    requests = [Request(f"/p/{number}", "/p", ("/p",), "a.yaml", "meta") for number in range(12_000)]
    for number, request in enumerate(requests):
        cache.put(request, Outcome({"output_dir": str(number)}, {}), 0)
    cache.keep(requests)
    others = [Request("/q", "/q", ("/q",), "a.yaml", "meta", {"number": number}) for number in range(6000)]
    for request in others:
        cache.put(request, Outcome({}, {}), 0)
    cache.keep(requests)
    cache.save(now=True)
    check = OutcomeCache(tmp_path).check()
    assert [check.get(request) for request in requests].count(None) == 0
    assert [check.get(request) is None for request in others] == [True] * 1000 + [False] * 5000


def age(folder: Path) -> None:
    """Set all mtimes to a minute ago, because results of files that are just being written are not cached."""
    before = time.time() - 60
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (before, before))
