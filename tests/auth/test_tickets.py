"""The sign-in address of a person: once, for some minutes, and for as long as they may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forgather_units.auth.authority import Authority, Denied, How, Identity, is_token
from forgather_units.auth.people import People, Person

HERE = "127.0.0.1"
DAEMON = Person("daemon")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(folder: Path, clock: Clock) -> Authority:
    """For the members of `daemon`, among whom the account of that name is."""
    return Authority(folder, clock=clock, people=People("daemon", clock=clock))


def ticket(authority: Authority, person: Person = DAEMON) -> str:
    return authority.login_url_of("http://box", person).partition("token=")[2]


def showing(session: str) -> dict[str, Any]:
    return {"HTTP_COOKIE": f"forgather_session={session}"}


def test_it_signs_its_person_in_once(shared: Authority) -> None:
    mine = ticket(shared)
    assert is_token(mine)
    assert shared.identify(showing(shared.sign_in(HERE, token=mine))) == Identity(How.COOKIE, DAEMON)
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=mine)
    assert shared.sign_in(HERE, token=ticket(shared))


def test_it_is_no_session_and_no_token(shared: Authority) -> None:
    mine = ticket(shared)
    for shown in (showing(mine), {"HTTP_AUTHORIZATION": f"Bearer {mine}"}, {"QUERY_STRING": f"token={mine}"}):
        assert shared.identify(shown) is None


def test_it_ends_after_a_quarter_of_an_hour(shared: Authority, clock: Clock) -> None:
    mine = ticket(shared)
    clock.now += 901
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=mine)


def test_it_ends_with_the_token(shared: Authority) -> None:
    mine = ticket(shared)
    shared.regenerate_token()
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=mine)


def test_who_is_no_member_is_not_let_in(shared: Authority) -> None:
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=ticket(shared, Person("mail")))


def test_a_session_ends_with_the_membership(folder: Path, shared: Authority) -> None:
    session = shared.sign_in(HERE, token=ticket(shared))
    # Another server on the same folder, for whom the group is another one.
    assert Authority(folder, clock=shared._sessions._clock, people=People("mail")).identify(showing(session)) is None
    assert shared.identify(showing(session)) is not None


@pytest.mark.parametrize("damage", [lambda text: text[:-1], lambda text: text.replace("login-", "login-00")])
def test_a_changed_one_is_none(shared: Authority, damage: Any) -> None:
    with pytest.raises(Denied):
        shared.sign_in(HERE, token=damage(ticket(shared)))
