"""The user whom a trusted proxy has signed in: believed from it over TCP alone, and shown to no viewer."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from auth.gated_front import SECRET
from auth.lab import OTHER, PROXY, UNIX, VIEWER, Lab

from forgather_units.auth.people import OWNER, People, Person
from forgather_units.domain.finding import Verdict

HEADER = "X-Forwarded-User"
OWN = pwd.getpwuid(os.geteuid()).pw_name
MEMBER = f"{HEADER}: daemon"
MakeLab = Callable[..., Lab]


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    made: list[Lab] = []

    def make(header: str = HEADER, people: People | None = None, trusted: tuple[str, ...] = (PROXY, UNIX)) -> Lab:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Lab(folder, header, people or People("daemon", ["%mail"]), trusted))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    return make_lab()


def _credential(lab: Lab, source: str, *lines: str) -> str | None:
    status, body = lab.get(source, "/", *lines)
    assert status == 200
    credential: str | None = json.loads(body)
    return credential


def _user(lab: Lab, *lines: str) -> Person | None:
    status, body = lab.get(PROXY, "/api/auth/me", *lines)
    if status != 200:
        return None
    said = json.loads(body)
    return Person(said["user"], said["is_admin"])


@pytest.mark.parametrize("header", [HEADER, "Remote-User", "x-AUTH-request-Preferred-username"])
def test_the_header_signs_its_user_in_from_the_trusted_proxy_alone(make_lab: MakeLab, header: str) -> None:
    lab = make_lab(header)
    for line in (f"{header}: daemon", f"{header.lower()}:daemon\t", f"{header.upper()}:  daemon"):
        assert _credential(lab, PROXY, line) == "proxy"
        assert lab.get(PROXY, "/api/queue", line) == (200, SECRET)
        for source in (OTHER, "127.0.0.1", UNIX):
            assert _credential(lab, source, line) is None
            # Nor if the client claims to be the proxy.
            assert _credential(lab, source, line, f"X-Forwarded-For: {PROXY}", f"Forwarded: for={PROXY}") is None
            assert lab.get(source, "/api/queue", line)[0] == 401


def test_without_the_setting_no_header_signs_in(make_lab: MakeLab) -> None:
    lab = make_lab("")
    assert _credential(lab, PROXY, MEMBER, "Remote-User: daemon") is None
    assert lab.proxies.findings() == []


def test_another_header_signs_no_user_in(lab: Lab) -> None:
    for name in ("Remote-User", "X_Forwarded_User", "X-Forwarded_User", "X-Forwarded-Users", "HTTP-X-Forwarded-User"):
        assert _credential(lab, PROXY, f"{name}: daemon") is None
        # An HTTP parser may read an underscore as a dash: it must not replace the proxy's own header.
        assert _user(lab, f"{name}: root", MEMBER) == _user(lab, MEMBER, f"{name}: root") == Person("daemon")


@pytest.mark.parametrize(
    "lines",
    [
        (MEMBER, MEMBER),
        (MEMBER, f"{HEADER}: mail"),
        (f"{HEADER}: mail", MEMBER.lower()),
        (MEMBER, f"{HEADER}:"),
        (f"{HEADER}:", MEMBER),
        (f"{MEMBER}, mail",),
        (f"{MEMBER},",),
        (f"{HEADER}: ,daemon",),
    ],
)
def test_two_names_are_none(lab: Lab, lines: tuple[str, ...]) -> None:
    """The proxy has appended its header to that of the client."""
    assert _credential(lab, PROXY, *lines) is None
    (row,) = lab.proxies.findings()[:1]
    assert row.verdict is Verdict.WARN
    assert f"the trusted proxy {PROXY} sends it twice" in row.detail
    assert "replace the header" in row.fix


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\t",
        "nobody-of-that-name",
        "0",
        "1",
        "+1",
        "Daemon",
        "daemon@lab.org",
        "LAB\\daemon",
        "dae mon",
        "d\xe4mon",
        "d\xc3\xa4mon",
        "daemon\xc2\xa0",
        "\xef\xbb\xbfdaemon",
        "daemon\xe2\x80\x8b",
        '"daemon"',
        "dae%6Don",
        "=?utf-8?q?daemon?=",
        "../daemon",
        "daemon:x",
        "x" * 5000,
        "root",
        OWN,
    ],
)
def test_other_values_name_no_person(lab: Lab, value: str) -> None:
    assert _credential(lab, PROXY, f"{HEADER}: {value}") is None
    assert lab.get(PROXY, "/api/queue", f"{HEADER}: {value}")[0] == 401


def test_a_name_in_utf_8_reaches_the_account_database_as_text(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = pwd.getpwnam("daemon")
    # This machine has no account with such a name.
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"jürgen": daemon}[name])
    assert _user(lab, f"{HEADER}: j\xc3\xbcrgen") == Person("daemon")
    assert _user(lab, f"{HEADER}: j\xfcrgen") is None
    assert "not UTF-8" in lab.proxies.findings()[0].detail


def test_users_are_mapped_as_accounts_of_a_shared_host(make_lab: MakeLab) -> None:
    lab = make_lab()
    assert _user(lab, MEMBER) == Person("daemon")
    assert _user(lab, f"{HEADER}: mail") == Person("mail", is_admin=True)
    assert _user(lab, f"{HEADER}: news") is None
    status, body = lab.get(PROXY, "/api/queue", f"{HEADER}: news")
    assert (status, json.loads(body)["detail"]) == (401, "'news' may not use this server")
    assert json.loads(lab.get(PROXY, "/api/auth/status", f"{HEADER}: news")[1])["unknown_user"] == "news"
    page = lab.get(PROXY, "/api/queue", f"{HEADER}: news", "Accept: text/html")[1]
    assert "may not use this server" in page


def test_on_a_server_of_one_user_its_owner_is_the_only_person(make_lab: MakeLab) -> None:
    lab = make_lab(people=People())
    assert _user(lab, f"{HEADER}: {OWN}") == OWNER
    assert _user(lab, MEMBER) is None
    shared = make_lab(people=People("daemon", [OWN]))
    assert _user(shared, f"{HEADER}: {OWN}") == OWNER


def test_the_header_precedes_a_session_and_follows_a_token(lab: Lab) -> None:
    token = lab.authority.token
    session = f"Cookie: forgather_session={lab.authority.sign_in('x', token=token)}"
    assert _credential(lab, PROXY, session) == "cookie"
    assert _credential(lab, PROXY, session, MEMBER) == "proxy"
    assert _credential(lab, PROXY, session, f"{HEADER}: nobody-of-that-name") == "cookie"
    assert _credential(lab, PROXY, session, MEMBER, MEMBER) == "cookie"
    assert _credential(lab, PROXY, MEMBER, f"Authorization: Bearer {token}") == "bearer"
    assert _credential(lab, PROXY, MEMBER, f"Authorization: Bearer {'0' * 64}") is None


@pytest.mark.parametrize("foreign", ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "ya29.a0_Bc-d/e+f==", "x"])
def test_a_bearer_token_of_the_proxy_changes_nothing(lab: Lab, foreign: str) -> None:
    bearer = f"Authorization: Bearer {foreign}"
    session = f"Cookie: forgather_session={lab.authority.sign_in('x', token=lab.authority.token)}"
    for source in (PROXY, OTHER, UNIX):
        assert _credential(lab, source, bearer) is None
        assert _credential(lab, source, bearer, session) == "cookie"
        assert _credential(lab, source, bearer, f"{session}x") is None
    assert _credential(lab, PROXY, bearer, MEMBER) == "proxy"
    assert lab.get(OTHER, f"/?token={lab.authority.token}", bearer) == (200, '"query"')


def test_a_foreign_page_uses_the_header_no_more_than_a_session(lab: Lab) -> None:
    assert lab.get(PROXY, "/api/queue", MEMBER, method="POST") == (200, SECRET)
    for line in ("Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null"):
        assert lab.get(PROXY, "/api/queue", MEMBER, line, method="POST")[0] == 403


def test_the_proxy_s_user_gets_no_link_that_outlives_the_sign_in(lab: Lab) -> None:
    status, body = lab.get(PROXY, "/api/auth/login-url", MEMBER, method="POST")
    assert status == 400
    assert "signs you in" in json.loads(body)["detail"]
    assert json.loads(lab.get(PROXY, "/api/auth/status", MEMBER)[1])["by_proxy"] is True


CREDENTIALS = (
    "Cookie: _oauth2_proxy=abc; authelia_session=def; mine=1",
    "Authorization: Basic ZGFlbW9uOng=",
    "X-Forwarded-Email: daemon@lab.org",
    "X-Forwarded-Groups: lab",
    "X-Forwarded-Access-Token: ghi",
    "X-Auth-Request-Access-Token: jkl",
    "Remote-Groups: lab",
    "Cf-Access-Jwt-Assertion: mno",
)


@pytest.mark.parametrize("source", [PROXY, OTHER, UNIX])
@pytest.mark.parametrize("lines", [(MEMBER,), (MEMBER.upper(),), (MEMBER, MEMBER), (f"{HEADER}: \xe9",)])
def test_no_viewer_sees_the_header(lab: Lab, source: str, lines: tuple[str, ...]) -> None:
    token = f"?token={lab.authority.token}"
    underscored = "X_Forwarded_User: daemon"
    lab.get(source, f"{VIEWER}{token}", *lines, underscored, *CREDENTIALS, "Accept: x/y")
    # A large body takes another way, and a chunked one may end with headers.
    body = f"{'3' * 1}\r\nabc\r\n0\r\n{MEMBER}\r\n"
    chunked = ("Transfer-Encoding: chunked", "", body)
    lab.get(source, f"{VIEWER}{token}", *lines, underscored, *CREDENTIALS, *chunked, method="POST")
    small, large = lab.viewer.seen
    assert large.body == b"abc"
    for seen in (small, large):
        sent = {name.lower(): value for name, value in seen.headers}
        assert set(sent) <= {b"host", b"accept", b"x-forwarded-for", b"x-forwarded-proto", b"connection"} | {
            b"transfer-encoding",
            b"content-length",
        }
        assert b"daemon" not in b"".join(sent.values()).lower()
    assert small.values("accept") == [b"x/y"]


def test_without_the_setting_viewers_get_the_headers_of_clients(make_lab: MakeLab) -> None:
    lab = make_lab("")
    lab.get(OTHER, f"{VIEWER}?token={lab.authority.token}", MEMBER, "Cookie: mine=1")
    (seen,) = lab.viewer.seen
    assert (seen.values(HEADER), seen.values("cookie")) == ([b"daemon"], [b"mine=1"])


def test_the_doctor_s_rows(make_lab: MakeLab) -> None:
    def rows(lab: Lab) -> list[tuple[Verdict, str]]:
        return [(row.verdict, row.detail) for row in lab.proxies.findings() if row.name == f"sign-in by {HEADER}"]

    lab = make_lab(trusted=("192.0.2.1",))
    assert rows(lab) == [(Verdict.OK, "no request has had it yet; believed from trusted proxies alone")]
    lab.get(OTHER, "/", MEMBER)
    assert rows(lab) == [(Verdict.WARN, f"{OTHER} sends it, which is no trusted proxy over TCP: ignored")]
    ((verdict, detail),) = rows(make_lab(trusted=("127.0.0.0/8",)))
    assert verdict is Verdict.WARN
    assert "each account on it can name any user" in detail
    # Anyone can send it: that does not matter once the proxy does.
    lab = make_lab()
    lab.get(PROXY, "/", MEMBER)
    lab.get(UNIX, "/", MEMBER)
    assert [verdict for verdict, _ in rows(lab)] == [Verdict.WARN]
