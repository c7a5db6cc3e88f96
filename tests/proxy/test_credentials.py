"""The server's credentials never reach a viewer, in any spelling; everything else is forwarded unchanged."""

from __future__ import annotations

import pytest

from forgather_units.proxy.credentials import (
    holds_bearer,
    sets_session,
    without_session,
    without_token,
    without_token_in_url,
)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("a=1&b=%2F&a=+", "a=1&b=%2F&a=+"),
        ("token=s", ""),
        ("token=s&a=1", "a=1"),
        ("a=1&token=s&b=2", "a=1&b=2"),
        ("a=1&%74oken=s", "a=1"),
        ("token&a", "a"),
        ("a=1#&token=s", "a=1#"),
        ("mytoken=1&token2=2", "mytoken=1&token2=2"),
        ("a=token", "a=token"),
        ("&&a=%zz&", "&&a=%zz&"),
    ],
)
def test_the_token_is_removed_from_the_query(query: str, kept: str) -> None:
    assert without_token(query) == kept


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        ("a=1; b=2", "a=1; b=2"),
        ("forgather_session=s", ""),
        ("forgather_session=s; a=1", "a=1"),
        ("__Host-forgather_session=s; a=1", "a=1"),
        ("a=1; __Secure-forgather_session=s, __Host-forgather_session=t; forgather_session=u", "a=1"),
        ("a=1; forgather_session=s; b=2", "a=1; b=2"),
        ("a=1;forgather_session=s", "a=1"),
        ('a="x,y"; forgather_session = "s"; b', 'a="x,y"; b'),
        ("a=1, forgather_session=s; b=2", "a=1; b=2"),
        ("forgather_session=s; forgather_session=t", ""),
        ("my_forgather_session=1; forgather_session2=2", "my_forgather_session=1; forgather_session2=2"),
    ],
)
def test_the_session_is_removed_from_the_cookies(cookies: str, kept: str) -> None:
    assert without_session(cookies) == kept


@pytest.mark.parametrize("value", ["Bearer s", "bearer s", "Basic x, Bearer s", "BEARER\ts"])
def test_a_bearer_token_is_recognized(value: str) -> None:
    assert holds_bearer(value)


@pytest.mark.parametrize("value", ["Basic bearer", "Bearers x", ""])
def test_other_authorization_schemes_are_no_bearer_token(value: str) -> None:
    assert not holds_bearer(value)


def test_the_token_is_removed_from_the_referer() -> None:
    assert without_token_in_url("http://h/p?token=s") == "http://h/p"
    assert without_token_in_url("http://h/p?a=1&token=s") == "http://h/p?a=1"
    assert without_token_in_url("http://h/p?") == "http://h/p?"


@pytest.mark.parametrize(
    "line",
    [
        "forgather_session=x; Path=/",
        "__Host-forgather_session=x",
        "__secure-Forgather_Session=x",
        " forgather_session =x",
        "=forgather_session=x",
        "forgather_session; Max-Age=0",
    ],
)
def test_a_viewer_may_not_set_the_session_cookie(line: str) -> None:
    assert sets_session(line)


@pytest.mark.parametrize("line", ["a=forgather_session", "forgather_session2=x", "x=1; Path=/forgather_session"])
def test_a_viewer_may_set_its_own_cookies(line: str) -> None:
    assert not sets_session(line)
