"""The sign-in link of a member: valid once, for some minutes, and only while they are a member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clock import Clock

from forgather_units.auth.authority import Authority, CredentialKind, Denied, Identity, is_token
from forgather_units.auth.people import People, Person

HERE = "127.0.0.1"
DAEMON = Person("daemon")


@pytest.fixture
def shared(folder: Path, clock: Clock) -> Authority:
    """An authority that admits the members of the group `daemon`, such as the account of that name."""
    return Authority(folder, clock=clock, people=People("daemon", clock=clock))


def ticket(authority: Authority, person: Person = DAEMON) -> str:
    return authority.personal_login_url("http://box", person).partition("token=")[2]


def with_cookie(session: str) -> dict[str, Any]:
    return {"HTTP_COOKIE": f"forgather_session={session}"}


def test_a_ticket_signs_its_member_in_once(shared: Authority) -> None:
    own = ticket(shared)
    assert is_token(own)
    assert shared.identify(with_cookie(shared.sign_in(HERE, token=own))) == Identity(CredentialKind.COOKIE, DAEMON)
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=own)
    assert shared.sign_in(HERE, token=ticket(shared))


def test_a_ticket_is_no_session_and_no_token(shared: Authority) -> None:
    own = ticket(shared)
    for shown in (with_cookie(own), {"HTTP_AUTHORIZATION": f"Bearer {own}"}, {"QUERY_STRING": f"token={own}"}):
        assert shared.identify(shown) is None


def test_a_ticket_expires_after_a_quarter_of_an_hour(shared: Authority, clock: Clock) -> None:
    own = ticket(shared)
    clock.now += 901
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=own)


def test_a_new_token_invalidates_tickets(shared: Authority) -> None:
    own = ticket(shared)
    shared.regenerate_token()
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=own)


def test_the_ticket_of_a_non_member_is_refused(shared: Authority) -> None:
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=ticket(shared, Person("mail")))


def test_a_session_ends_with_the_membership(folder: Path, shared: Authority, clock: Clock) -> None:
    session = shared.sign_in(HERE, token=ticket(shared))
    # Another server with the same folder and another group.
    assert Authority(folder, clock=clock, people=People("mail")).identify(with_cookie(session)) is None
    assert shared.identify(with_cookie(session)) is not None


@pytest.mark.parametrize("damage", [lambda text: text[:-1], lambda text: text.replace("login-", "login-00")])
def test_a_changed_ticket_is_refused(shared: Authority, damage: Any) -> None:
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=damage(ticket(shared)))
