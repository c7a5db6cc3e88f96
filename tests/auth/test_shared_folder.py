"""Forgather's own server has its token and its password in the same files, and each side takes the other's."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

import pytest
from auth.gated_front import GatedFront

from forgather_units.auth.authority import Authority


def rotate_as_forgather(file: Path) -> str:
    """A new token, written as Forgather's server does: 64 hex digits and a newline, put in place by a rename."""
    token = secrets.token_hex(32)
    new = file.with_name(f".{file.name}.new")
    new.write_text(f"{token}\n")
    new.chmod(0o600)
    new.replace(file)
    return token


def read_as_forgather(file: Path) -> str:
    """What Forgather's server and clients take for the token."""
    return file.read_text().strip()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_of_forgather_s_server_is_taken_while_ours_runs(front: GatedFront, authority: Authority) -> None:
    for _ in range(3):
        old = authority.token
        new = rotate_as_forgather(authority.token_file)
        assert front.request("GET", "/api/queue", headers=bearer(new)).ok
        assert front.request("GET", "/api/queue", params={"token": new}).ok
        assert front.request("POST", "/api/auth/login", json={"token": new}).ok
        assert front.request("GET", "/api/queue", headers=bearer(old)).status_code == 401
    assert read_as_forgather(authority.token_file) == new


def test_a_token_of_forgather_s_server_is_kept_at_our_start(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    file = folder / "auth_token"
    token = rotate_as_forgather(file)
    before = file.stat()
    assert Authority(folder).token == token
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_forgather_reads_our_new_token(front: GatedFront, authority: Authority) -> None:
    file = authority.token_file
    old = rotate_as_forgather(file)
    authority.regenerate_token()
    assert re.fullmatch(r"[0-9a-f]{64}\n", file.read_text(encoding="ascii"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_as_forgather(file) == authority.token != old
    assert front.request("GET", "/api/queue", headers=bearer(read_as_forgather(file))).ok
    assert [each.name for each in file.parent.iterdir() if each.name.startswith((".", "auth"))] == ["auth_token"]


@pytest.mark.parametrize("iterations", [600_000, 1000])
def test_a_password_of_forgather_s_server_signs_in(front: GatedFront, authority: Authority, iterations: int) -> None:
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha256", b"cafe", salt, iterations, 32)
    file = authority.token_file.with_name("password_hash")
    file.write_text(f"pbkdf2_sha256${iterations}${salt.hex()}${digest.hex()}\n")
    assert front.request("GET", "/api/auth/status").json()["has_password"]
    assert front.request("POST", "/api/auth/login", json={"password": "Cafe"}).status_code == 401
    answer = front.request("POST", "/api/auth/login", json={"password": "cafe"})
    assert answer.ok, answer.text
    assert front.request("GET", "/api/queue", cookies=answer.cookies.get_dict()).ok
