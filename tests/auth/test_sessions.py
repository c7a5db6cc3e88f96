"""The lifetime of a session, and the events that end it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from clock import Clock

from forgather_units.auth.authority import Authority, CredentialKind, Identity
from forgather_units.auth.secret_file import write_secret
from forgather_units.auth.sessions import MAX_AGE

HERE = "127.0.0.1"


@pytest.fixture
def timed(folder: Path, clock: Clock) -> Authority:
    return Authority(folder, clock=clock)


def _is_valid(authority: Authority, cookie: str) -> bool:
    identity = authority.identify({"HTTP_COOKIE": f"forgather_session={cookie}"})
    assert identity in (None, Identity(CredentialKind.COOKIE))
    return identity is not None


def _sign_out(authority: Authority, cookie: str) -> None:
    authority.sign_out({"HTTP_COOKIE": f"a=b; forgather_session={cookie}"})


def test_a_session_survives_a_restart_of_the_server(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    assert _is_valid(Authority(folder), cookie)


def test_a_session_ends_after_thirty_days(timed: Authority, clock: Clock) -> None:
    cookie = timed.sign_in(HERE, token=timed.token)
    clock.now += MAX_AGE
    assert _is_valid(timed, cookie)
    clock.now += 1
    assert not _is_valid(timed, cookie)


@pytest.mark.parametrize("file", ["auth_token", "password_hash", "session_key"])
def test_a_session_ends_when_a_secret_changes(folder: Path, authority: Authority, file: str) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    assert _is_valid(authority, cookie)
    write_secret(folder / file, "a" * 64)
    assert not _is_valid(authority, cookie)
    assert not _is_valid(Authority(folder), cookie)


def test_a_new_password_ends_all_sessions_but_the_new_one(authority: Authority) -> None:
    old = authority.sign_in(HERE, token=authority.token)
    new = authority.set_password(HERE, "correct horse", None, by=Identity(CredentialKind.COOKIE))
    assert not _is_valid(authority, old)
    assert _is_valid(authority, new)
    newer = authority.set_password(HERE, "battery staple", "correct horse", by=Identity(CredentialKind.COOKIE))
    assert not _is_valid(authority, new)
    assert _is_valid(authority, newer)
    authority.regenerate_token()
    assert not _is_valid(authority, newer)


def test_signing_out_ends_the_session_for_every_server(folder: Path, authority: Authority) -> None:
    other_server = Authority(folder)
    one, two = (authority.sign_in(HERE, token=authority.token) for _ in range(2))
    assert _is_valid(other_server, one)
    _sign_out(authority, one)
    for each in (authority, other_server, Authority(folder)):
        assert not _is_valid(each, one)
        assert _is_valid(each, two)


def test_signing_out_twice_or_without_a_session_changes_nothing(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    _sign_out(authority, "forged.cookie.value")
    authority.sign_out({})
    assert not (folder / "revoked_sessions").exists()
    _sign_out(authority, cookie)
    _sign_out(authority, cookie)
    assert not _is_valid(authority, cookie)


def test_simultaneous_sign_outs_all_take_effect(folder: Path, authority: Authority) -> None:
    cookies = [authority.sign_in(HERE, token=authority.token) for _ in range(12)]
    threads = [threading.Thread(target=_sign_out, args=(Authority(folder), cookie)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(_is_valid(authority, cookie) for cookie in cookies)


def test_expired_sessions_are_removed_from_the_revocation_list(folder: Path, timed: Authority, clock: Clock) -> None:
    for _ in range(3):
        _sign_out(timed, timed.sign_in(HERE, token=timed.token))
    clock.now += MAX_AGE
    cookie = timed.sign_in(HERE, token=timed.token)
    _sign_out(timed, cookie)
    assert len((folder / "revoked_sessions").read_text().splitlines()) == 1
    assert not _is_valid(timed, cookie)


def test_a_damaged_revocation_list_is_tolerated(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    write_secret(folder / "revoked_sessions", "\n\ndamaged\n-1 x\n")
    assert _is_valid(authority, cookie)
    _sign_out(authority, cookie)
    assert not _is_valid(authority, cookie)


def test_forged_and_damaged_sessions_are_invalid(tmp_path: Path, authority: Authority) -> None:
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
    assert not any(_is_valid(authority, each) for each in forgeries)


def test_sessions_reveal_no_secret(folder: Path, authority: Authority) -> None:
    cookie = authority.sign_in(HERE, token=authority.token)
    _sign_out(authority, cookie)
    assert authority.token not in cookie
    assert cookie not in (folder / "revoked_sessions").read_text()
