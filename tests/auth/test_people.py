"""Who of this machine's accounts may, and who of them is an admin: asked of the real account database."""

from __future__ import annotations

import os
import pwd

import pytest

from forgather_units.auth.people import OWNER, People, Person

DAEMON = pwd.getpwnam("daemon").pw_uid


def test_a_member_of_the_group_may() -> None:
    people = People("daemon")
    assert people.by_uid(DAEMON) == people.by_name("daemon") == Person("daemon")
    assert people.by_uid(pwd.getpwnam("mail").pw_uid) is None


def test_without_a_group_nobody_may_but_the_owner() -> None:
    people = People()
    assert people.by_uid(DAEMON) is None
    assert people.by_name("daemon") is None
    assert people.by_name(OWNER.name) == OWNER


@pytest.mark.parametrize("admins", [("daemon",), ("%daemon",), ("nobody", "%daemon")])
def test_an_admin_by_name_or_by_group(admins: tuple[str, ...]) -> None:
    assert People("mail", admins).by_uid(DAEMON) == Person("daemon", is_admin=True)


def test_the_servers_own_account_is_let_in_by_nobody() -> None:
    own = pwd.getpwuid(os.geteuid())
    assert People("daemon", (own.pw_name,)).by_uid(own.pw_uid) is None


def test_an_account_or_a_group_that_is_not_there() -> None:
    assert People("daemon").by_uid(4_000_000_000) is None
    assert People("daemon").by_name("nobody-of-that-name") is None
    assert People("no-such-group").by_uid(DAEMON) is None


def test_who_leaves_the_group_is_out_soon() -> None:
    now = 0.0
    people = People("daemon", clock=lambda: now)
    assert people.by_uid(DAEMON) is not None
    people._group = "mail"
    now = 11.0
    assert people.by_uid(DAEMON) is None


def test_what_a_person_may_change() -> None:
    assert Person("alice").may_change("alice")
    assert not Person("alice").may_change("bob")
    assert Person("root", is_admin=True).may_change("bob")
