"""A token is sent only to its own address; requests to this machine use no proxy."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cli.command_line import Reply, Request, Shell, SmallServer, small_server

from forgather_units.cli.connection.server_address import Address, address_of, is_loopback

OF_THE_FILE = "Bearer of-the-file"


@pytest.fixture
def stranger() -> Iterator[SmallServer]:
    """Another server, which is a forward proxy too."""
    with small_server() as small:
        yield small


@pytest.fixture
def auth_dir(forgather: Shell, server: SmallServer) -> Path:
    """With a token in it, which is that of this user's server; the settings say that `server` is that one."""
    config = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather")
    folder = config / "server"
    folder.mkdir(parents=True)
    (config / "units.yaml").write_text(f"port: {urlsplit(server.url).port}\n")
    (folder / "auth_token").write_text("of-the-file\n")
    return folder


def authorization(server: SmallServer) -> list[str | None]:
    sent = [request.headers.get("authorization") for request in server.asked]
    server.asked.clear()
    return sent


def test_token_file_is_sent_to_its_own_server(forgather: Shell, server: SmallServer, auth_dir: Path) -> None:
    server.says("GET /api/jobs", [])
    # requests prefers a line of ~/.netrc to a header.
    netrc = Path(forgather.environment["HOME"], ".netrc")
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    assert forgather("job", "list").code == 0
    assert forgather("job", "list", FORGATHER_SERVER_URL="").code == 0
    assert forgather("job", "list", FORGATHER_SERVER_TOKEN="of-the-environment").code == 0
    assert authorization(server) == [OF_THE_FILE, OF_THE_FILE, "Bearer of-the-environment"]


def test_token_that_the_first_request_creates_is_sent(forgather: Shell, server: SmallServer, auth_dir: Path) -> None:
    """With socket activation the first request starts the server, which makes its token."""
    file = auth_dir / "auth_token"
    file.unlink()

    def answer(request: Request) -> Reply:
        if "authorization" not in request.headers:
            file.write_text("of-the-file\n")
            return Reply({"detail": "not signed in"}, 401)
        return Reply([])

    server.answers["GET /api/jobs"] = answer
    assert forgather("job", "list", FORGATHER_SERVER_URL="").code == 0
    assert authorization(server) == [None, OF_THE_FILE]


@pytest.mark.parametrize("how", ["--server", "FORGATHER_SERVER_URL"])
def test_token_file_is_sent_to_no_other_server(
    forgather: Shell, auth_dir: Path, stranger: SmallServer, how: str
) -> None:
    stranger.says("GET /api/jobs", {"detail": "authentication required"}, 401)
    if how == "--server":
        done = forgather("job", "list", "--server", stranger.url)
    else:
        done = forgather("job", "list", FORGATHER_SERVER_URL=stranger.url)
    assert authorization(stranger) == [None]
    assert (done.code, done.out) == (1, "")
    assert f"{stranger.url} asks for a token, and " in done.err
    assert done.err.endswith(f"hint: forgather login {stranger.url}\n")


def test_token_variable_is_sent_to_the_server_of_the_url_variable(
    forgather: Shell, server: SmallServer, stranger: SmallServer
) -> None:
    for each in server, stranger:
        each.says("GET /api/jobs", [])
    assert forgather("job", "list", "--server", stranger.url, FORGATHER_SERVER_TOKEN="a").code == 0
    assert forgather("job", "list", "--server", server.url + "/", FORGATHER_SERVER_TOKEN="a").code == 0
    assert forgather(
        "job", "list", "--server", stranger.url, FORGATHER_SERVER_TOKEN="a", FORGATHER_SERVER_URL=""
    ).code == 0  # fmt: skip
    assert (authorization(stranger), authorization(server)) == ([None, "Bearer a"], ["Bearer a"])


def test_token_file_is_sent_to_the_public_url(forgather: Shell, auth_dir: Path, stranger: SmallServer) -> None:
    stranger.says("GET /api/jobs", [])
    (auth_dir / "served_at").write_text(f"{stranger.url}\n")
    assert forgather("job", "list", "--server", stranger.url).code == 0
    (auth_dir / "served_at").unlink()
    (auth_dir.parent / "units.yaml").write_text(f"public_url: {stranger.url}\n")
    assert forgather("job", "list", "--server", stranger.url).code == 0
    assert authorization(stranger) == [OF_THE_FILE, OF_THE_FILE]


def test_localhost_becomes_the_address_of_the_server(forgather: Shell, server: SmallServer, auth_dir: Path) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    server.says("GET /api/jobs", [])
    # Resolvers put it first, and another user may listen there.
    with socket.create_server(("::1", port), family=socket.AF_INET6) as other:
        assert forgather("job", "list", "--server", f"http://localhost:{port}").code == 0
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
    assert authorization(server) == [OF_THE_FILE]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"])
def test_loopback_requests_use_no_proxy(
    forgather: Shell, server: SmallServer, stranger: SmallServer, host: str
) -> None:
    server.says("GET /api/jobs", [])
    url = f"http://{host}:{urlsplit(server.url).port}"
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), stranger.url)
    assert forgather("job", "list", "--server", url, **proxies).code == 0
    assert (len(server.asked), stranger.asked) == (1, [])


def test_host_name_with_a_loopback_prefix_gets_no_token(
    forgather: Shell, auth_dir: Path, stranger: SmallServer
) -> None:
    for host in ("localhost.evil.example", "127.0.0.1.evil.example", "127.evil.example"):
        forgather("job", "list", "--server", f"http://{host}:8765", http_proxy=stranger.url)
    assert authorization(stranger) == [None, None, None]


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("127.1", True),
        ("2130706433", True),
        ("0x7f.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", True),
        ("LocalHost.", True),
        ("a.localhost", True),
        ("localhost.evil.example", False),
        ("127.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("::10", False),
        ("128.1", False),
        ("face", False),
        ("", False),
    ],
)
def test_loopback_addresses_are_recognized(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


def test_addresses_compare_by_scheme_host_and_port() -> None:
    assert address_of("http://Box:80/x") == address_of("http://box.") == Address("http", "box", 80)
    assert address_of("https://box") == Address("https", "box", 443)
    assert address_of("http://[::1]:1") == Address("http", "::1", 1)
    assert [address_of(text) for text in ("unix:/a", "http://", "http://a:b", "http://a:0", "")] == [None] * 5


def login(forgather: Shell, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    how = forgather.command("login", *words)
    del how["stdin"]
    return subprocess.run(**how, input=typed, timeout=120, check=False)


def test_login_stores_a_token_for_one_server(forgather: Shell, auth_dir: Path, stranger: SmallServer) -> None:
    stranger.says("GET /api/auth/me", {"user": "me", "is_admin": True, "address": ""})
    stranger.says("GET /api/jobs", [])
    done = login(forgather, stranger.url, typed="theirs\n")
    assert (done.returncode, done.stderr) == (0, "")
    (kept,) = (auth_dir / "tokens").iterdir()
    assert (kept.stat().st_mode & 0o777, kept.read_text()) == (0o600, "theirs\n")
    assert forgather("job", "list", "--server", stranger.url).code == 0
    assert authorization(stranger) == ["Bearer theirs", "Bearer theirs"]
    assert login(forgather, stranger.url, "--forget").stdout == f"{stranger.url}: token deleted\n"
    assert not list((auth_dir / "tokens").iterdir())
    forgather("job", "list", "--server", stranger.url)
    assert authorization(stranger) == [None]


@pytest.mark.parametrize(
    ("url", "typed", "words"),
    [
        ("http://127.0.0.1:1", "a", "could not reach"),
        ("http://127.0.0.1:1", "", "that is not a token"),
        ("http://127.0.0.1:1", "a b", "that is not a token"),
        ("http://127.0.0.1:1/?token=a", "a", "URL is not the address of a server"),
        ("box", "a", "URL is not the address of a server"),
        ("unix:/run/x", "a", "asks for no token"),
    ],
)
def test_login_refuses_invalid_input(forgather: Shell, url: str, typed: str, words: str) -> None:
    done = login(forgather, url, typed=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_login_stores_no_refused_token(forgather: Shell, auth_dir: Path, stranger: SmallServer) -> None:
    stranger.says("GET /api/auth/me", {"detail": "authentication required"}, 401)
    done = login(forgather, stranger.url, typed="wrong\n")
    assert done.returncode == 1
    assert f"{stranger.url} does not accept the token" in done.stderr
    assert not (auth_dir / "tokens").exists()
