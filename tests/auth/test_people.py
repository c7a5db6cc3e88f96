"""Which accounts of this machine are admitted, and which are admins, by the real account database."""

from __future__ import annotations

import os
import pwd

import pytest

from forgather_units.auth.people import OWNER, People, Person

DAEMON = pwd.getpwnam("daemon").pw_uid


def test_members_of_the_group_are_admitted() -> None:
    people = People("daemon")
    assert people.by_uid(DAEMON) == people.by_name("daemon") == Person("daemon")
    assert people.by_uid(pwd.getpwnam("mail").pw_uid) is None


def test_without_a_group_only_the_owner_is_admitted() -> None:
    people = People()
    assert people.by_uid(DAEMON) is None
    assert people.by_name("daemon") is None
    assert people.by_name(OWNER.name) == OWNER


@pytest.mark.parametrize("admins", [("daemon",), ("%daemon",), ("nobody", "%daemon")])
def test_admins_by_name_or_by_group(admins: tuple[str, ...]) -> None:
    assert People("mail", admins).by_uid(DAEMON) == Person("daemon", is_admin=True)


def test_the_server_s_own_account_is_not_admitted() -> None:
    own = pwd.getpwuid(os.geteuid())
    assert People("daemon", (own.pw_name,)).by_uid(own.pw_uid) is None


def test_unknown_accounts_and_groups_admit_no_account() -> None:
    assert People("daemon").by_uid(4_000_000_000) is None
    assert People("daemon").by_name("nobody-of-that-name") is None
    assert People("no-such-group").by_uid(DAEMON) is None


def test_removal_from_the_group_takes_effect_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    people = People("daemon", clock=lambda: now)
    assert people.by_uid(DAEMON) is not None
    # As if root changed the account database.
    monkeypatch.setattr(os, "getgrouplist", lambda name, group: [])
    now = 11.0
    assert people.by_uid(DAEMON) is None


def test_a_member_may_change_their_own_jobs_and_an_admin_all() -> None:
    assert Person("alice").may_change("alice")
    assert not Person("alice").may_change("bob")
    assert Person("root", is_admin=True).may_change("bob")
