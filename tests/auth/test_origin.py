"""Another site's page changes nothing, and reads nothing under a name of its own."""

from __future__ import annotations

import socket

import pytest
from gated_front import SECRET, GatedFront, detail

from forgather_units.auth.authority import Authority
from forgather_units.auth.origin import Hosts

CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def behind_proxy(front: GatedFront, authority: Authority) -> GatedFront:
    front.guard(authority, ("Runs.example.org", "lab.example:8443"))
    return front


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://["},
    {"Origin": "http://127.0.0.1:6006"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:{port}.evil.example"},
    {"Origin": "http://127.0.0.1:{port}@evil.example"},
    {"Origin": "http://evil.example, http://127.0.0.1:{port}"},
    {"Origin": "file://127.0.0.1:{port}"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "something-new"},
    {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "same-site"},
]
OURS: list[dict[str, str]] = [
    {},
    {"Origin": "http://127.0.0.1:{port}"},
    {"Origin": "HTTP://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    # A form on a page whose Referrer-Policy is no-referrer.
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]


def _headers(front: GatedFront, headers: dict[str, str]) -> dict[str, str]:
    return {name: value.format(port=front.port) for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_foreign_page_changes_nothing(front: GatedFront, headers: dict[str, str]) -> None:
    browser, theirs = front.browser(), _headers(front, headers)
    for method in CHANGING:
        answer = browser.request(method, f"{front.url}/api/queue", headers=theirs, timeout=10)
        assert answer.status_code == 403
        assert "another site" in detail(answer)
    # Nor may it sign the browser in as somebody else, or use the owner's own token.
    login = front.ask("POST", "/api/auth/login", json={"token": front.authority.token}, headers=theirs)
    assert (login.status_code, "Set-Cookie" in login.headers) == (403, False)
    assert front.ask("POST", "/api/queue", headers={**theirs, **front.bearer}).status_code == 403
    # What lies outside /api/ (a sign-in form, say) is kept as well.
    assert front.ask("POST", "/", headers=theirs).status_code == 403


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_our_own_page_and_programs_do(front: GatedFront, headers: dict[str, str]) -> None:
    for method in CHANGING:
        answer = front.browser().request(method, f"{front.url}/api/queue", headers=_headers(front, headers), timeout=10)
        assert answer.text == SECRET


def test_reading_is_not_changing(front: GatedFront) -> None:
    """A link from a mail opens the page: SameSite=Lax and the lack of CORS headers keep the rest out."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = front.browser().get(f"{front.url}/api/queue", headers=headers, timeout=10)
    assert answer.ok
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://runs.example.org", 200),
        ("https://runs.example.org:443", 200),
        ("https://lab.example:8443", 200),
        ("https://lab.example", 403),
        ("https://runs.example.org:9999", 403),
        ("https://xruns.example.org", 403),
    ],
)
def test_a_configured_name_is_an_origin_of_ours(behind_proxy: GatedFront, origin: str, status: int) -> None:
    """A reverse proxy by default puts our address into the Host header."""
    headers = {**behind_proxy.bearer, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert behind_proxy.ask("POST", "/api/queue", headers=headers).status_code == status


GOOD_NAMES = [
    "127.0.0.1",
    "127.0.0.1:8765",
    "10.1.2.3:1",
    "[::1]:8765",
    "localhost",
    "LOCALHOST:8765",
    "localhost.",
    "forgather.localhost:1",
    socket.gethostname(),
]
BAD_NAMES = ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", "xlocalhost", ""]
BAD_NAMES += ["localhost@evil.example", "evil.example@localhost", "[::1", "[::1]x", "a b", "localhost,evil.example"]


@pytest.mark.parametrize("host", GOOD_NAMES)
def test_names_under_which_we_answer(host: str) -> None:
    assert Hosts().allow({"HTTP_HOST": host})


@pytest.mark.parametrize("host", BAD_NAMES)
def test_a_rebound_name_is_refused(front: GatedFront, host: str) -> None:
    assert not Hosts().allow({"HTTP_HOST": host})
    for target in ("/", "/api/health", f"/api/queue?token={front.authority.token}"):
        answer = front.raw(target, host=host)
        assert answer.split(" ")[1] in ("421", "400")
        assert SECRET not in answer


def test_the_refusal_names_the_name_and_the_setting(front: GatedFront) -> None:
    answer = front.ask("GET", "/", headers={"Host": "runs.example.org:8765"})
    assert answer.status_code == 421
    assert detail(answer) == "this server is not known as 'runs.example.org:8765': add it to allowed_hosts"


def test_a_foreign_page_gets_nothing_without_the_gate_either(open_front: GatedFront) -> None:
    assert open_front.ask("GET", "/api/queue").text == SECRET
    assert open_front.ask("GET", "/api/queue", headers={"Host": "evil.example"}).status_code == 421
    assert open_front.ask("POST", "/api/queue", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_configured_name_is_answered(behind_proxy: GatedFront) -> None:
    for host in ("runs.example.org", "RUNS.example.org:1", "lab.example"):
        assert behind_proxy.ask("GET", "/api/health", headers={"Host": host}).ok
    assert behind_proxy.ask("GET", "/api/health", headers={"Host": "x.runs.example.org"}).status_code == 421
