"""The packages on a clean Debian with systemd as process 1. The tests depend on each other, in this order."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from deb.booted_debian import Machine
from deb.clean_debian import TOOLS

SAMPLE = Path(__file__).with_name("write_run.py")
PERSON = "researcher"
SYSTEM = "http://127.0.0.1:8764"
UNIX = "unix:/run/forgather/server.sock"
OWN = "http://127.0.0.1:8765"
TOKEN_FILE = "/var/lib/forgather/.config/forgather/server/auth_token"


def system_cli(words: str) -> str:
    return f"FORGATHER_SERVER_URL={SYSTEM} FORGATHER_SERVER_TOKEN=$(cat {TOKEN_FILE}) forgather {words}"


def the_job(debian: Machine, user: str = "") -> dict[str, object]:
    jobs = json.loads(debian.shell("forgather job list --json" if user else system_cli("job list --json"), user=user))
    assert len(jobs) == 1
    return dict(jobs[0])


def queued(output: str) -> str:
    """The id in the output of `forgather tb --enqueue`."""
    return output.partition("queued: ")[2].split()[0]


def viewer_pids(debian: Machine) -> str:
    group = f"/sys/fs/cgroup/user.slice/user-{debian.uid('forgather')}.slice"
    return debian.shell(f"find {group} -path '*forgather-tensorboard*' -name cgroup.procs -exec sort -u {{}} +")


def tags(debian: Machine, server: str, token_file: str, queue_id: object, user: str = "") -> str:
    script = (
        f'curl --fail --silent --show-error --max-time 30 --header "Authorization: Bearer $(cat {token_file})" '
        f"{server}/api/tb/{queue_id}/data/plugin/scalars/tags"
    )
    return debian.shell(script, user=user)


def test_apt_installs_the_packages_and_starts_the_server(debian: Machine) -> None:
    debian.install(*map(str, sorted(debian.packages.glob("*.deb"))))
    debian.install("--no-install-recommends", *TOOLS)
    assert debian.run("cat", "/proc/1/comm") == "systemd"
    units = ["forgather-server.service", "forgather-server.socket", f"user@{debian.uid('forgather')}.service"]
    assert debian.run("systemctl", "is-active", *units).split() == ["active"] * 3
    assert debian.run("systemctl", "is-enabled", *units[:2]).split() == ["enabled"] * 2
    assert debian.run("systemctl", "--failed", "--no-legend") == ""
    for address in (f"{SYSTEM}/api/health", "--unix-socket /run/forgather/server.sock http://localhost/api/health"):
        assert json.loads(debian.shell(f"curl --silent --fail --max-time 20 {address}"))["status"] == "ok"


def test_the_server_runs_as_its_own_account(debian: Machine) -> None:
    pid = debian.run("systemctl", "show", "-P", "MainPID", "forgather-server")
    owner = debian.run("stat", "-c", "%U", f"/proc/{pid}")
    assert owner == "forgather"
    assert debian.run("systemctl", "show", "-P", "Type", "forgather-server") == "notify"
    assert debian.run("systemctl", "show", "-P", "WatchdogUSec", "forgather-server") == "30s"
    assert "listening at" in debian.run("systemctl", "show", "-P", "StatusText", "forgather-server")


def test_systemd_analyze_finds_no_problem_in_the_units(debian: Machine) -> None:
    """It also checks that their manual pages exist."""
    assert debian.run("systemd-analyze", "verify", "forgather-server.service", "forgather-server.socket") == ""


def exposure(debian: Machine) -> float:
    output = debian.run("systemd-analyze", "security", "--no-pager", "forgather-server.service")
    return float(output.splitlines()[-1].split("forgather-server.service: ")[1].split()[0])


def test_the_exposure_is_at_most_1_0(debian: Machine) -> None:
    assert exposure(debian) <= 1.0


def test_a_tensorboard_opens_through_the_proxy(debian: Machine) -> None:
    debian.shell(f"mkdir -p /srv/runs && cat > /srv/write_run.py <<'END'\n{SAMPLE.read_text()}\nEND")
    debian.shell("python3 /srv/write_run.py /srv/runs/a && chmod -R a+rX /srv/runs")
    debian.shell(system_cli("tb --enqueue --wait --logdir /srv/runs --port auto"))
    job = the_job(debian)
    assert job["status"] == "running"
    assert json.loads(tags(debian, SYSTEM, TOKEN_FILE, job["queue_id"]))["a"].keys() == {"loss"}


def test_the_viewer_is_a_unit_of_the_account_s_own_manager(debian: Machine) -> None:
    unit = str(the_job(debian)["unit"])
    status = debian.run("systemctl", "--user", "-M", "forgather@", "--no-pager", "status", unit)
    assert "active (running)" in status
    assert "TensorBoard 2." in debian.shell(system_cli("job dump q_"))
    assert "TensorBoard 2." in debian.run("journalctl", f"_SYSTEMD_USER_UNIT={unit}", "--no-pager", "-o", "cat")


def test_the_data_server_runs(debian: Machine) -> None:
    assert "data_server" in debian.shell(
        f"for pid in {viewer_pids(debian).replace(chr(10), ' ')}; do tr '\\0' ' ' < /proc/$pid/cmdline; done"
    )


def test_a_viewer_cannot_read_the_token(debian: Machine) -> None:
    pid = viewer_pids(debian).split()[0]
    script = f"nsenter -t {pid} -m -U --preserve-credentials cat {TOKEN_FILE}"
    assert "denied" in debian.shell(f"setpriv --reuid forgather --regid forgather --clear-groups {script}", check=False)


def test_the_doctor_finds_no_problem_with_tensorboard(debian: Machine) -> None:
    findings = {row["name"]: row for row in json.loads(debian.shell(system_cli("doctor --json")))}
    assert findings["tensorboard"]["verdict"] == "ok"
    assert findings["data server"]["verdict"] == "ok"
    assert findings["server"]["verdict"] == "ok"


def test_systemctl_and_journalctl_show_the_server(debian: Machine) -> None:
    status = debian.run("systemctl", "--no-pager", "status", "forgather-server.service")
    for part in ("active (running)", "forgather-server.socket", "man:forgather-server(8)", f"listening at {SYSTEM}"):
        assert part in status, status
    assert "TriggeredBy" in status
    journal = debian.run("journalctl", "--unit", "forgather-server", "--no-pager", "--output", "cat")
    assert f"forgather server at {SYSTEM} " in journal
    assert "token=" not in journal
    assert "forgather.audit: forgather: POST /api/queue q_" in journal


def test_members_of_the_group_use_it_without_a_token(debian: Machine) -> None:
    refused = debian.run("forgather", "job", "list", "--server", UNIX, user=PERSON, check=False)
    assert "server.sock is closed to you: the members of its group use this server" in refused
    debian.run("usermod", "--append", "--groups", "forgather", PERSON)
    # No address is given: this user has no server of their own yet.
    shared = json.loads(debian.run("forgather", "job", "list", "--json", user=PERSON))
    assert [job["owner"] for job in shared] == ["forgather"]
    kill = debian.run("forgather", "job", "kill", "q_", user=PERSON, check=False)
    assert "belongs to forgather: only forgather and the admins of this server may change it" in kill
    url = debian.run("forgather", "login-url", user=PERSON)
    assert url.startswith(f"{SYSTEM}/?token=login-")
    sign_in = (
        "curl --silent --fail --cookie-jar ~/jar --header 'Content-Type: application/json' "
        f'--data \'{{"token": "{url.partition("token=")[2]}"}}\' {SYSTEM}/api/auth/login >/dev/null && '
        f"curl --silent --fail --cookie ~/jar {SYSTEM}/api/auth/me; rm ~/jar"
    )
    assert json.loads(debian.shell(sign_in, user=PERSON))["user"] == PERSON
    # Root is an admin.
    assert json.loads(debian.run("forgather", "login-url", "--json"))["user"] == "root"


def test_the_hint_for_an_unreadable_logdir_grants_access(debian: Machine) -> None:
    debian.shell("chmod 700 ~ && mkdir -p ~/closed && chmod 700 ~/closed", user=PERSON)
    submit = "forgather tb --enqueue --wait --port auto --logdir ~/closed"
    refused = debian.shell(submit, user=PERSON, check=False)
    assert f"logdir /home/{PERSON}/closed cannot be read: /home/{PERSON} is closed to forgather" in refused
    debian.shell(refused.partition("grant it: ")[2].partition(";")[0], user=PERSON)
    queue_id = queued(debian.shell(submit, user=PERSON))
    status = debian.run("forgather", "job", "status", queue_id, user=PERSON)
    assert "status:    running" in status
    assert f"owner:     {PERSON}" in status
    debian.run("forgather", "job", "kill", queue_id, user=PERSON)
    debian.shell(f"until forgather job remove {queue_id}; do sleep 0.2; done", user=PERSON)
    debian.shell("setfacl -b ~ && chmod 755 ~", user=PERSON)


def test_direct_placement_needs_the_network_drop_in(debian: Machine) -> None:
    direct = system_cli("tb --enqueue --direct --wait --port auto --logdir /srv/runs")
    assert "direct is not possible here" in debian.shell(direct, check=False)
    folder = "/etc/systemd/system/forgather-server.service.d"
    debian.shell(
        f"mkdir -p {folder} && cp /usr/share/doc/forgather-units/examples/network.conf {folder}/"
        " && systemctl daemon-reload && systemctl restart forgather-server"
    )
    queue_id = queued(debian.shell(direct))
    debian.shell(system_cli(f"job kill {queue_id}"))
    debian.shell(f"until {system_cli(f'job remove {queue_id}')}; do sleep 0.2; done")
    debian.shell(f"rm -r {folder} && systemctl daemon-reload && systemctl restart forgather-server")


def test_an_upgrade_under_load_keeps_the_viewers_and_loses_no_request(debian: Machine) -> None:
    viewers = viewer_pids(debian)
    server = debian.run("systemctl", "show", "-P", "MainPID", "forgather-server")
    requests = debian.start(
        f"token=$(cat {TOKEN_FILE}); until [ -e /run/enough ]; do "
        'curl --silent --output /dev/null --max-time 30 --write-out "%{http_code}\\n" '
        f'--header "Authorization: Bearer $token" {SYSTEM}/api/jobs; done | sort | uniq -c'
    )
    debian.install(str(debian.packages / "newer/forgather-units_0.1.1_all.deb"))
    debian.run("touch", "/run/enough")
    answers, _ = requests.communicate(timeout=120)
    assert [line.split()[1] for line in answers.splitlines()] == ["200"], answers
    assert debian.run("systemctl", "show", "-P", "MainPID", "forgather-server") != server
    assert viewer_pids(debian) == viewers
    assert the_job(debian)["status"] == "running"


def test_a_private_network_reduces_the_exposure(debian: Machine) -> None:
    folder = "/etc/systemd/system/forgather-server.service.d"
    debian.shell(
        f"mkdir -p {folder} && cp /usr/share/doc/forgather-units/examples/private-network.conf {folder}/"
        " && systemctl daemon-reload && systemctl restart forgather-server"
    )
    assert exposure(debian) <= 0.5
    assert json.loads(tags(debian, SYSTEM, TOKEN_FILE, the_job(debian)["queue_id"]))["a"].keys() == {"loss"}
    debian.shell(f"rm -r {folder} && systemctl daemon-reload && systemctl restart forgather-server")


def test_a_user_s_own_server_works_too(debian: Machine) -> None:
    debian.run("loginctl", "enable-linger", PERSON)
    debian.run("systemctl", "start", f"user@{debian.uid(PERSON)}.service")
    debian.run("systemctl", "--user", "enable", "--now", "forgather-server", user=PERSON)
    debian.shell(
        "python3 /srv/write_run.py ~/runs/mine && forgather tb --enqueue --wait --logdir ~/runs --port auto",
        user=PERSON,
    )
    token = f"/home/{PERSON}/.config/forgather/server/auth_token"
    job = the_job(debian, PERSON)
    assert json.loads(tags(debian, OWN, token, job["queue_id"], PERSON))["mine"].keys() == {"loss"}
    unit = str(job["unit"])
    assert debian.run("systemctl", "--user", "is-active", unit, user=PERSON) == "active"
    verified = debian.run(
        "systemd-analyze", "--user", "verify", "forgather-server.service", "forgather-server.socket", user=PERSON
    )
    assert verified == ""
    debian.run("forgather", "job", "kill", "q_", user=PERSON)
    debian.shell("until forgather job list --json | grep -q 'status.*aborted'; do sleep 0.2; done", user=PERSON)
    debian.run("systemctl", "--user", "disable", "--now", "forgather-server", user=PERSON)


def test_completion_offers_the_ids_of_jobs(debian: Machine) -> None:
    access = f"export FORGATHER_SERVER_URL={SYSTEM} FORGATHER_SERVER_TOKEN=$(cat {TOKEN_FILE})"
    in_bash = (
        ". /usr/share/bash-completion/completions/forgather; line='forgather job status q_'; "
        'COMP_LINE=$line COMP_POINT=${#line} _forgather forgather q_ status; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    queue_id = the_job(debian)["queue_id"]
    assert debian.shell(f"{access}; {in_bash}") == queue_id
    # zsh's completion is a function in its own file; compadd prints the offered words instead of a menu.
    file = "/usr/share/zsh/vendor-completions/_forgather"
    in_zsh = (
        f"compadd() {{ print -l $found }}; compdef() {{ }}; source {file}; "
        "words=(forgather job status q_) CURRENT=4 PREFIX=q_; _forgather"
    )
    assert debian.shell(f"{access}; zsh -n {file} && zsh -c {shlex.quote(in_zsh)}") == queue_id
    assert debian.succeeds("test", "-e", "/usr/share/fish/vendor_completions.d/forgather.fish")


def test_a_purge_leaves_only_the_account(debian: Machine) -> None:
    pids = viewer_pids(debian).split()
    uid = debian.uid("forgather")
    debian.run("apt-get", "purge", "-y", "forgather-units", "forgather-units-tensorboard")
    assert [pid for pid in pids if debian.succeeds("test", "-e", f"/proc/{pid}")] == []
    places = "/etc /lib/systemd /run /srv /usr /var/cache /var/lib /var/log"
    # dpkg and apt keep records of former packages, man-db caches pages until its clean-up, and /run/user belongs to
    # the users who are logged in.
    others = ("/var/lib/dpkg", "/var/lib/apt", "/var/log/apt", "/var/cache/apt", "/var/cache/man", "/run/user")
    kept = " -o ".join(f"-path '{folder}/*'" for folder in others)
    find = f"find {places} \\( {kept} \\) -prune -o -iname '*forgather*' -print"
    assert debian.shell(f"{find} 2>/dev/null", check=False) == ""
    assert debian.run("systemctl", "--failed", "--no-legend") == ""
    assert not debian.succeeds("systemctl", "is-active", f"user@{uid}.service")
    assert not debian.succeeds("test", "-e", f"/run/user/{uid}")
    assert debian.run("getent", "passwd", "forgather").startswith(f"forgather:x:{uid}:")


def test_a_reinstall_after_the_purge_works(debian: Machine) -> None:
    debian.install(*map(str, sorted(debian.packages.glob("*.deb"))))
    assert debian.run("systemctl", "is-active", "forgather-server") == "active"
    assert json.loads(debian.shell(f"curl --silent --fail --max-time 20 {SYSTEM}/api/health"))["status"] == "ok"


@pytest.mark.parametrize("forbidden", ["policy-rc.d", "preset", "mask"])
def test_the_server_does_not_start_if_the_admin_forbids_it(debian: Machine, forbidden: str) -> None:
    debian.run("apt-get", "purge", "-y", "forgather-units")
    file, text = {
        "policy-rc.d": ("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"),
        "preset": ("/etc/systemd/system-preset/00-none.preset", "disable forgather-server.*\n"),
        "mask": ("", ""),
    }[forbidden]
    if file:
        debian.shell(f"mkdir -p $(dirname {file}) && printf '%s' '{text}' > {file} && chmod 755 {file}")
    else:
        debian.run("systemctl", "mask", "forgather-server.service", "forgather-server.socket")
    debian.install(str(next(debian.packages.glob("forgather-units_*_all.deb"))))
    assert not debian.succeeds("systemctl", "is-active", "--quiet", "forgather-server.service")
    assert not debian.succeeds("systemctl", "is-active", "--quiet", "forgather-server.socket")
    if file:
        debian.run("rm", file)
    else:
        debian.run("systemctl", "unmask", "forgather-server.service", "forgather-server.socket")


def test_autopkgtest_passes(debian: Machine) -> None:
    """The last test, because it leaves its own helper package installed."""
    debian.shell(f"mkdir /srv/src && tar xf {debian.packages}/*.tar.xz --strip-components=1 -C /srv/src")
    debs = " ".join(map(str, sorted(debian.packages.glob("*.deb"))))
    # The booted machine is the required isolation, which later versions of autopkgtest do not detect.
    output = debian.shell(
        f"autopkgtest --ignore-restrictions=isolation-container -B {debs} /srv/src/ -- null 2>&1 | tail -60"
    )
    results = [line.split()[1] for line in output.splitlines() if line.startswith(("person ", "account "))]
    assert results[-2:] == ["PASS", "PASS"], output
