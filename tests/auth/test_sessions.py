"""How long a session lives, and what ends it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from forgather_units.auth.authority import Authority, How, Identity
from forgather_units.auth.secret_file import write_secret
from forgather_units.auth.sessions import MAX_AGE

HERE = "127.0.0.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(folder: Path, clock: Clock) -> Authority:
    return Authority(folder, clock=clock)


def _knows(authority: Authority, cookie: str) -> bool:
    identity = authority.identify({"HTTP_COOKIE": f"forgather_session={cookie}"})
    assert identity in (None, Identity(How.COOKIE))
    return identity is not None


def _sign_out(authority: Authority, cookie: str) -> None:
    authority.sign_out({"HTTP_COOKIE": f"a=b; forgather_session={cookie}"})


def test_it_outlives_the_server(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    assert _knows(Authority(folder), cookie)


def test_it_ends_after_thirty_days(timed: Authority, clock: Clock) -> None:
    cookie = timed.sign_in(HERE, token=timed.token)
    clock.now += MAX_AGE
    assert _knows(timed, cookie)
    clock.now += 1
    assert not _knows(timed, cookie)


@pytest.mark.parametrize("file", ["auth_token", "password_hash", "session_key"])
def test_it_dies_with_each_secret_that_it_hangs_on(folder: Path, authority: Authority, file: str) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    assert _knows(authority, cookie)
    write_secret(folder / file, "a" * 64)
    assert not _knows(authority, cookie)
    assert not _knows(Authority(folder), cookie)


def test_a_new_password_ends_all_but_the_one_it_gives(authority: Authority) -> None:
    old = authority.sign_in(HERE, token=authority.token)
    new = authority.set_password(HERE, "correct horse", None, by=Identity(How.COOKIE))
    assert not _knows(authority, old)
    assert _knows(authority, new)
    newer = authority.set_password(HERE, "battery staple", "correct horse", by=Identity(How.COOKIE))
    assert not _knows(authority, new)
    assert _knows(authority, newer)
    authority.regenerate_token()
    assert not _knows(authority, newer)


def test_a_signed_out_one_is_over_for_every_server(folder: Path, authority: Authority) -> None:
    other_server = Authority(folder)
    one, two = (authority.sign_in(HERE, token=authority.token) for _ in range(2))
    assert _knows(other_server, one)
    _sign_out(authority, one)
    for each in (authority, other_server, Authority(folder)):
        assert not _knows(each, one)
        assert _knows(each, two)


def test_signing_out_twice_or_as_nobody_changes_nothing(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    _sign_out(authority, "forged.cookie.value")
    authority.sign_out({})
    assert not (folder / "revoked_sessions").exists()
    _sign_out(authority, cookie)
    _sign_out(authority, cookie)
    assert not _knows(authority, cookie)


def test_all_who_sign_out_at_once_are_out(folder: Path, authority: Authority) -> None:
    cookies = [authority.sign_in(HERE, token=authority.token) for _ in range(12)]
    threads = [threading.Thread(target=_sign_out, args=(Authority(folder), cookie)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(_knows(authority, cookie) for cookie in cookies)


def test_what_has_ended_by_itself_is_not_remembered(folder: Path, timed: Authority, clock: Clock) -> None:
    for _ in range(3):
        _sign_out(timed, timed.sign_in(HERE, token=timed.token))
    clock.now += MAX_AGE
    cookie = timed.sign_in(HERE, token=timed.token)
    _sign_out(timed, cookie)
    assert len((folder / "revoked_sessions").read_text().splitlines()) == 1
    assert not _knows(timed, cookie)


def test_a_damaged_list_is_no_trouble(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    write_secret(folder / "revoked_sessions", "\n\nspoilt\n-1 x\n")
    assert _knows(authority, cookie)
    _sign_out(authority, cookie)
    assert not _knows(authority, cookie)


def test_a_forged_or_bent_one_is_none(tmp_path: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    name, stamp, signature = cookie.split(".")
    stranger = Authority(tmp_path / "stranger")
    forgeries = [
        stranger.sign_in(HERE, token=stranger.token),
        f"{name}.{stamp}.",
        f"{name}.{stamp}.{signature[::-1]}",
        f"{name}..{signature}",
        f"{'0' * 32}.{stamp}.{signature}",
        name,
        ".",
        "..",
        "",
        "\xe9",
        authority.token,
    ]
    assert not any(_knows(authority, each) for each in forgeries)


def test_no_session_tells_a_secret(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    _sign_out(authority, cookie)
    assert authority.token not in cookie
    assert cookie not in (folder / "revoked_sessions").read_text()
