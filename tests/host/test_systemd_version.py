"""The versions of systemd, as distributions print them."""

from __future__ import annotations

import pytest

from forgather_units.doctor.account_findings import systemd_finding
from forgather_units.domain.errors import Unavailable
from forgather_units.domain.finding import Verdict
from forgather_units.host.systemd_version import check_systemd, installed_version, version_in


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT\n", 252),
        ("systemd 249 (249.11-0ubuntu3.12)\n+PAM\n", 249),
        ("systemd 257 (257.2-1.fc42)\n", 257),
        ("systemd 258.1 (258.1-1-arch)\n", 258),
        ("systemd 256~rc3 (256~rc3-1)\n", 256),
        ("systemd 219\n+PAM\n", 219),
        ("Error: no such program\n", None),
        ("", None),
    ],
)
def test_what_systemctl_prints(said: str, version: int | None) -> None:
    assert version_in(said) == version


def test_the_installed_one() -> None:
    assert (installed_version() or 0) >= 249


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        (None, Verdict.BAD),
        (245, Verdict.BAD),
        (249, Verdict.WARN),
        (251, Verdict.WARN),
        (252, Verdict.OK),
        (258, Verdict.OK),
    ],
)
def test_the_row_of_the_doctor(version: int | None, verdict: Verdict) -> None:
    row = systemd_finding(version)
    assert row.verdict is verdict
    assert version is None or str(version) in row.detail
    assert bool(row.fix) == (verdict is not Verdict.OK)


def test_a_server_refuses_a_version_that_cannot_run_jobs() -> None:
    for version in (None, 249, 252, 258):
        check_systemd(version)
    with pytest.raises(Unavailable, match="systemd 245 is too old: units of viewers need 249 or newer"):
        check_systemd(245)
