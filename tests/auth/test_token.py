"""The token's file: created once, private, and read again when it changes."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from auth.gated_front import GatedFront

from forgather_units.auth.authority import Authority
from forgather_units.auth.secret_file import SecretFile, write_secret
from forgather_units.domain.errors import Unavailable


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_token_is_created_at_the_first_start_and_kept(folder: Path) -> None:
    token = Authority(folder).token
    assert len(token) == 64
    assert not set(token) - set("0123456789abcdef")
    assert (folder / "auth_token").read_text() == f"{token}\n"
    assert Authority(folder).token == token


def test_only_the_owner_can_read_the_secret_files(folder: Path) -> None:
    before = os.umask(0)
    try:
        authority = Authority(folder)
        cookie = authority.sign_in("127.0.0.1", token=authority.token)
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {authority.token}"}
        identity = authority.identify(bearer)
        assert identity is not None
        authority.set_password("127.0.0.1", "correct horse", None, by=identity)
        authority.sign_out({"HTTP_COOKIE": f"forgather_session={cookie}"})
        again = authority.sign_in("127.0.0.1", token=authority.token)
        authority.sign_out({"HTTP_COOKIE": f"forgather_session={again}"})
    finally:
        os.umask(before)
    assert _mode(folder) == 0o700
    assert {file.name: oct(_mode(file)) for file in folder.iterdir()} == dict.fromkeys(
        ("auth_token", "password_hash", "session_key", "revoked_sessions"), "0o600"
    )


def test_servers_that_start_simultaneously_have_one_token(folder: Path) -> None:
    tokens: list[str] = []
    start = threading.Barrier(16)

    def serve() -> None:
        start.wait()
        tokens.append(Authority(folder).token)

    threads = [threading.Thread(target=serve) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 16
    assert len(set(tokens)) == 1
    assert [file.name for file in folder.iterdir()] == ["auth_token"]


@pytest.mark.parametrize("how", ["replaced", "in place", "deleted", "regenerated"])
def test_a_new_token_takes_effect_at_once(front: GatedFront, authority: Authority, how: str) -> None:
    old = front.bearer
    assert front.request("GET", "/api/queue", headers=old).ok
    match how:
        case "replaced":
            write_secret(authority.token_file, "a" * 64)
        case "in place":
            authority.token_file.write_text("b" * 64)
        case "deleted":
            authority.token_file.unlink()
        case "regenerated":
            Authority(authority.token_file.parent).regenerate_token()
    assert front.request("GET", "/api/queue", headers=old).status_code == 401
    assert front.request("GET", "/api/queue", headers=front.bearer).ok
    assert front.bearer != old


def test_writes_within_one_clock_tick_are_all_noticed(folder: Path) -> None:
    file = SecretFile(folder / "secret")
    assert file.read() == ""
    for number in range(200):
        if number:
            file.file.write_text(f"{number:03}")
        else:
            write_secret(file.file, f"{number:03}")
        assert file.read() == f"{number:03}"


def test_permissions_for_others_are_removed(
    folder: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    token = authority.token
    authority.token_file.chmod(0o644)
    assert authority.token == token
    assert _mode(authority.token_file) == 0o600
    assert f"{authority.token_file} was readable by others" in caplog.text
    folder.chmod(0o777)
    Authority(folder)
    assert _mode(folder) == 0o700
    assert f"{folder} was writable by others" in caplog.text


def test_a_shared_folder_is_refused_and_not_changed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(Unavailable, match="shared with others"):
        Authority(tmp_path)
    assert _mode(tmp_path) == 0o1777


@pytest.mark.parametrize("content", ["", "\n", "secret", "a" * 63, "A" * 64, f"{'a' * 64} {'b' * 64}", "\udcff"])
def test_a_damaged_file_gets_one_sentence_and_can_be_replaced(folder: Path, authority: Authority, content: str) -> None:
    authority.token_file.write_bytes(content.encode("utf-8", "surrogateescape"))
    again = Authority(folder)
    with pytest.raises(Unavailable) as caught:
        _ = again.token
    assert str(authority.token_file) in caught.value.message
    assert "\n" not in caught.value.message
    again.regenerate_token()
    assert len(again.token) == 64


def test_an_impossible_folder_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be used"):
        Authority(tmp_path / "file" / "server")


def test_the_sign_in_link(folder: Path, authority: Authority) -> None:
    assert authority.login_url("http://127.0.0.1:8765") == f"http://127.0.0.1:8765/?token={authority.token}"
    assert Authority(folder, enabled=False).login_url("http://127.0.0.1:8765") == "http://127.0.0.1:8765/"
    assert authority.login_url("/run/forgather.sock") == "/run/forgather.sock"


def test_without_authentication_no_folder_is_needed(folder: Path) -> None:
    Authority(folder, enabled=False)
    assert not folder.exists()
