"""Declared services on a real systemd: present after every start, never twice, at a fixed address."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from forgather_server import Forgather
from waiting import wait_until

MakeForgather = Callable[..., Forgather]


def live(forgather: Forgather) -> dict[str, dict[str, Any]]:
    """The jobs of services that have not ended, by the services' names."""
    jobs = [job for job in forgather.get("/api/jobs").json() if job["alive"] and job["service"]]
    assert len({job["service"] for job in jobs}) == len(jobs), "doubled"
    return {job["service"]: job for job in jobs}


@pytest.fixture
def lab(make_forgather: MakeForgather, sample_runs: Path) -> Forgather:
    """A server with two declared services."""
    declared = {"lab": {"logdir": str(sample_runs)}, "off": {"logdir": str(sample_runs), "enabled": False}}
    forgather = make_forgather(services={"tensorboard": declared})
    forgather.start()
    # The server responds before it has inspected the services' folders.
    wait_until(lambda: live(forgather))
    return forgather


def idle_status(forgather: Forgather) -> str:
    """The status of a service without visitors on this host."""
    return "sleeping" if forgather.get("/api/host").json()["placement"] == "socket" else "running"


def test_the_address_of_a_service_survives_its_instances(lab: Forgather) -> None:
    lab.wait_status(live(lab)["lab"]["queue_id"], idle_status(lab))
    assert set(live(lab)) == {"lab"}
    first = live(lab)["lab"]["queue_id"]
    assert lab.get("/api/tb/lab/data/environment").status_code == 200
    moved = lab.get(f"/api/tb/{first}/data/runs?x=1", allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (301, "../../../../api/tb/lab/data/runs?x=1")
    lab.cli("service", "stop", "tensorboard", "lab")
    lab.wait_status(first, "aborted")
    assert lab.get("/api/tb/lab/").status_code == 404
    lab.cli("service", "start", "tensorboard", "lab")
    assert live(lab)["lab"]["queue_id"] != first
    assert wait_until(lambda: lab.get("/api/tb/lab/data/environment").status_code == 200)
    assert lab.get("/api/mkdocs/lab/").status_code == 404


def test_server_restarts_neither_duplicate_nor_lose_a_service(lab: Forgather) -> None:
    assert lab.get("/api/tb/lab/data/environment").status_code in (200, 503)
    before = lab.wait_status(live(lab)["lab"]["queue_id"], "running")
    for number in range(8):
        (lab.kill if number % 2 else lab.stop)()
        lab.start()
        now = live(lab)
        assert (set(now), now["lab"]["queue_id"], now["lab"]["pid"]) == ({"lab"}, before["queue_id"], before["pid"])


def test_a_changed_service_replaces_its_instance(lab: Forgather, tmp_path: Path) -> None:
    first = live(lab)["lab"]["queue_id"]
    lab.stop()
    lab.settings["services"]["tensorboard"]["lab"]["logdir"] = str(tmp_path)
    lab.start()
    lab.wait_status(first, "aborted")
    assert wait_until(lambda: live(lab))["lab"]["job_params"]["logdir"] == str(tmp_path)


def test_sighup_reloads_the_file_and_refuses_a_broken_one(lab: Forgather, sample_runs: Path) -> None:
    assert lab.process is not None
    good = lab.config.read_text()
    lab.config.write_text(good + "max_runing: 3\n")
    lab.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the settings were not reloaded" in lab.log.read_text())
    assert f"{lab.config}:" in lab.log.read_text() and "unknown setting 'max_runing'" in lab.log.read_text()
    assert set(live(lab)) == {"lab"}
    lab.config.write_text(good.replace("enabled: false", "enabled: true"))
    lab.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: set(live(lab)) == {"lab", "off"})


def test_after_a_reload_to_direct_a_new_service_has_a_port(lab: Forgather, sample_runs: Path) -> None:
    """Services get a private socket under `placement: socket`; direct units could not provide it."""
    assert lab.process is not None
    lab.settings["placement"] = "direct"
    lab.settings["services"]["tensorboard"]["late"] = {"logdir": str(sample_runs)}
    lab.config.write_text(yaml.safe_dump(lab.settings))
    lab.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "late" in live(lab))
    queue_id = live(lab)["late"]["queue_id"]
    job = lab.wait_status(queue_id, "running", "failed")
    if "already in use" in (job["error"] or ""):
        # A viewer of another test took the port between the choice and TensorBoard's start.
        lab.cli("job", "restart", queue_id)
        job = lab.wait_status(queue_id, "running", "failed")
    assert (job["status"], job["placement"], bool(job["port"])) == ("running", "direct", True), job["error"]


def test_services_over_the_api_and_the_command_line(lab: Forgather, sample_runs: Path) -> None:
    listed = {each["service"]["name"]: each for each in lab.get("/api/services").json()}
    assert (listed["lab"]["running"], listed["off"]["running"], listed["off"]["queue_id"]) == (True, False, None)
    assert len(listed["lab"]["service"]["signature"]) == 16
    lab.config.write_text(f"# kept\n{lab.config.read_text()}")
    added = lab.cli("service", "add", "tensorboard", "more", f"logdir={sample_runs}", "idle_timeout=2h")
    assert added.stdout.endswith("/api/tb/more/\n")
    assert set(live(lab)) == {"lab", "more"}
    lab.cli("service", "disable", "tensorboard", "lab")
    wait_until(lambda: set(live(lab)) == {"more"})
    lab.cli("service", "remove", "tensorboard", "more")
    wait_until(lambda: not live(lab))
    text = lab.config.read_text()
    assert text.startswith("# kept\n") and "more" not in text
    shown = lab.cli("service", "list").stdout.splitlines()
    assert [line.split()[:3] for line in shown[1:]] == [
        ["tensorboard", "lab", "disabled"],
        ["tensorboard", "off", "disabled"],
    ]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"type": "tensorboard", "name": "-x", "args": {"logdir": "/tmp"}}, 422, "name"),
        ({"type": "jupyter", "name": "x", "args": {}}, 400, "type"),
        ({"type": "tensorboard", "name": "x", "args": {}}, 422, "logdir"),
        ({"type": "tensorboard", "name": "x", "args": {"logdir": "/not/there"}}, 400, "logdir"),
        ({"type": "tensorboard", "name": "x", "args": {"logdir": "/tmp", "colour": 1}}, 422, "colour"),
        ({"type": "tensorboard", "name": "x", "extra": 1}, 422, None),
    ],
)
def test_a_refused_service_changes_nothing(
    lab: Forgather, body: dict[str, Any], status: int, field: str | None
) -> None:
    before = lab.config.read_text()
    answer = lab.post("/api/services", body)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
    assert lab.config.read_text() == before
    assert set(live(lab)) == {"lab"}


@pytest.mark.usefixtures("needs_socket_placement")
def test_fifty_sleeping_services_run_no_process(make_forgather: MakeForgather, sample_runs: Path) -> None:
    declared = {f"run-{number}": {"logdir": str(sample_runs)} for number in range(50)}
    forgather = make_forgather(services={"tensorboard": declared})
    forgather.start()
    wait_until(lambda: len(live(forgather)) == 50)
    wait_until(lambda: {job["status"] for job in live(forgather).values()} == {"sleeping"})
    assert all(job["pid"] is None for job in live(forgather).values())
    assert forgather.get("/api/tb/run-17/data/environment").status_code == 200


def test_a_failing_service_has_an_error_and_does_not_affect_others(
    make_forgather: MakeForgather, sample_runs: Path
) -> None:
    declared = {"gone": {"logdir": "/not/there"}, "lab": {"logdir": str(sample_runs)}}
    forgather = make_forgather(services={"tensorboard": declared})
    forgather.start()
    # Services are queued once the server listens.
    wait_until(lambda: set(live(forgather)) == {"lab"})

    def errors() -> dict[str, str | None]:
        return {each["service"]["name"]: each["error"] for each in forgather.get("/api/services").json()}

    wait_until(lambda: errors() == {"gone": "logdir /not/there does not exist", "lab": None})


# MkDocs


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site; its configuration."""
    folder = tmp_path / "site"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "index.md").write_text("# Hello\n\nSome words. [More](more.md)\n")
    (folder / "pages" / "more.md").write_text("# More\n")
    (folder / "base.yml").write_text("site_name: Base\ntheme: {name: mkdocs}\n")
    config = folder / "mkdocs.yml"
    config.write_text("INHERIT: base.yml\nsite_name: My site\ndocs_dir: pages\nextra: {tag: !!python/name:os.system}\n")
    return config


def test_mkdocs_works_below_its_prefix(forgather: Forgather, site: Path) -> None:
    before = sorted((path.name, path.read_bytes()) for path in site.parent.rglob("*") if path.is_file())
    site.write_text(site.read_text().replace("extra: {tag: !!python/name:os.system}\n", ""))
    done = forgather.cli("mkdocs", "-f", str(site), "--enqueue", "--port", "auto", "--wait")
    url = done.stdout.splitlines()[-1]
    queue_id = done.stdout.split()[1]
    assert url == f"{forgather.url}/api/mkdocs/{queue_id}/"
    page = forgather.get(f"/api/mkdocs/{queue_id}/")
    assert f'<link rel="canonical" href="/api/mkdocs/{queue_id}/">' in page.text
    assert (page.status_code, "Some words." in page.text, "My site" in page.text) == (200, True, True)
    assert forgather.get(f"/api/mkdocs/{queue_id}/more/").status_code == 200
    assert forgather.get(f"/api/mkdocs/{queue_id}/search/search_index.json").json()["docs"]
    assert forgather.get(f"/api/tb/{queue_id}/").status_code == 404
    assert requests.get(url, timeout=120).status_code == 401
    assert "Serving on" in forgather.get(f"/api/jobs/{queue_id}/tty").text
    forgather.cli("job", "kill", queue_id)
    forgather.wait_status(queue_id, "aborted")
    after = sorted((path.name, path.read_bytes()) for path in site.parent.rglob("*") if path.is_file())
    assert [name for name, _ in after] == [name for name, _ in before]
    # The server removes it after it has recorded the end.
    prepared = Path(f"/run/user/{os.geteuid()}", f"{forgather.prefix}-prepared")
    wait_until(lambda: not list(prepared.iterdir()))


def test_mkdocs_rebuilds_and_notifies_the_page(forgather: Forgather, site: Path) -> None:
    site.write_text(site.read_text().replace("extra: {tag: !!python/name:os.system}\n", ""))
    queue_id = forgather.cli("mkdocs", "-f", str(site), "--enqueue", "--port", "auto", "--wait").stdout.split()[1]
    page = f"{forgather.url}/api/mkdocs/{queue_id}/"
    from_page = {"headers": {"Referer": page}}
    epoch = int(forgather.get("/livereload/0/0", **from_page).text)
    (site.parent / "pages" / "index.md").write_text("# Hello\n\nOther words.\n")
    # The page's own long poll: it returns when there is a new build.
    assert int(forgather.get(f"/livereload/{epoch}/0", **from_page).text) > epoch
    assert "Other words." in forgather.get(f"/api/mkdocs/{queue_id}/").text
    refused = requests.get(f"{forgather.url}/livereload/0/0", headers={"Referer": page}, timeout=120)
    assert refused.status_code == 401
    assert forgather.get("/livereload/0/0").status_code == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "does not exist"),
        ("a: [", "is not YAML"),
        ("- 1", "is no MkDocs configuration"),
        ("INHERIT: mkdocs.yml", "forms a cycle"),
        ("docs_dir: nowhere", "is no folder"),
    ],
)
def test_a_bad_configuration_gets_one_sentence(
    forgather: Forgather, tmp_path: Path, text: str | None, words: str
) -> None:
    config = tmp_path / "mkdocs.yml"
    if text is not None:
        config.write_text(text)
    done: subprocess.CompletedProcess[str] = forgather.cli("mkdocs", "-f", str(config), "--enqueue", check=False)
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
    assert forgather.get("/api/jobs").json() == []
