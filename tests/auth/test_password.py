"""The password's hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.auth.password import Password
from forgather_units.auth.secret_file import write_secret
from forgather_units.domain.errors import Refused, Unavailable

# By Werkzeug 3.1: generate_password_hash("correct horse", method="scrypt").
BY_WERKZEUG = (
    "scrypt:32768:8:1$0WNg5BCtzxqZrFY4$"
    "86add30779757fe238fa7dc6644e9316d3fe1d623806d8cef1cb3f500ab325b1"
    "66181babfb4992629b39a3f21a8e817fcf54697083e4314d4ffa2be6e59078a0"
)


# As Forgather's server stores a password: salt and hash in hexadecimal.
BY_FORGATHER = (
    "pbkdf2_sha256$600000$000102030405060708090a0b0c0d0e0f$"
    "76a0096627b007485888d467cc5413b329fe8e9d8b6b246c9e52548e2fff6521"
)


@pytest.fixture
def password(tmp_path: Path) -> Password:
    return Password(tmp_path / "password_hash")


def test_a_password_is_set_and_matched(password: Password, tmp_path: Path) -> None:
    assert not password.is_set
    assert not password.matches("")
    password.set("correct horse")
    assert password.is_set
    assert password.matches("correct horse")
    assert not password.matches("correct horsf")
    assert not password.matches("correct horse ")
    assert "correct" not in (tmp_path / "password_hash").read_text()
    first = password.fingerprint
    password.set("correct horse")
    assert password.fingerprint != first  # salted


def test_a_hash_by_werkzeug_is_accepted(password: Password, tmp_path: Path) -> None:
    write_secret(tmp_path / "password_hash", BY_WERKZEUG)
    assert password.matches("correct horse")
    assert not password.matches("correct horsf")


def test_the_hash_has_werkzeug_s_cost_parameters(password: Password, tmp_path: Path) -> None:
    password.set("correct horse")
    assert (tmp_path / "password_hash").read_text().startswith(BY_WERKZEUG.partition("$")[0] + "$")


@pytest.mark.parametrize("length", [0, 3, 1025])
def test_a_password_of_wrong_length_is_refused(password: Password, length: int) -> None:
    with pytest.raises(Refused, match="4 to 1024"):
        password.set("x" * length)
    assert not password.is_set


@pytest.mark.parametrize(("set_as", "typed"), [("cafe\u0301 noir", "caf\u00e9 noir"), ("x\ud800" * 8, "x\ud800" * 8)])
def test_passwords_are_compared_in_unicode_normal_form(password: Password, set_as: str, typed: str) -> None:
    password.set(set_as)
    assert password.matches(typed)


def test_a_hash_by_forgather_s_server_is_accepted(password: Password, tmp_path: Path) -> None:
    write_secret(tmp_path / "password_hash", f"{BY_FORGATHER}\n")
    assert password.is_set
    assert password.matches("cafe")
    assert not password.matches("Cafe")
    assert not password.matches("")
    password.set("correct horse")
    assert not password.matches("cafe")
    assert password.matches("correct horse")


@pytest.mark.parametrize(
    "content",
    [
        BY_FORGATHER.replace("$600000$", "$99999999$"),
        BY_FORGATHER.replace("$600000$", "$0$"),
        BY_FORGATHER[:-1],
        BY_FORGATHER.replace("$00010203", "$0001020"),
        "secret-in-plain-text",
        "pbkdf2:sha256:1$salt$00",
        f"scrypt:3:8:1$salt${'0' * 128}",
    ],
)
def test_a_damaged_file_gets_one_sentence(password: Password, tmp_path: Path, content: str) -> None:
    write_secret(tmp_path / "password_hash", content)
    with pytest.raises(Unavailable) as caught:
        password.matches("correct horse")
    assert content not in caught.value.message
