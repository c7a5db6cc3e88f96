"""Pages of other sites cannot change anything, nor read anything by DNS rebinding."""

from __future__ import annotations

import socket

import pytest
from auth.gated_front import SECRET, GatedFront, detail

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
    {"Origin": "http://127.0.0.1:80"},
    {"Origin": "https://127.0.0.1"},
    {"Origin": "https://127.0.0.1:443"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost:{port}"},
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
SAME_ORIGIN: list[dict[str, str]] = [
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
def test_cross_site_changes_are_refused(front: GatedFront, headers: dict[str, str]) -> None:
    browser, foreign = front.browser(), _headers(front, headers)
    for method in CHANGING:
        answer = browser.request(method, f"{front.url}/api/queue", headers=foreign, timeout=120)
        assert answer.status_code == 403
        assert "cross-site" in detail(answer)
    # Nor may it sign the browser in with another account, or use the owner's token.
    login = front.request("POST", "/api/auth/login", json={"token": front.authority.token}, headers=foreign)
    assert (login.status_code, "Set-Cookie" in login.headers) == (403, False)
    assert front.request("POST", "/api/queue", headers={**foreign, **front.bearer}).status_code == 403
    # Paths outside /api/ are protected too, such as a sign-in form.
    assert front.request("POST", "/", headers=foreign).status_code == 403


@pytest.mark.parametrize("headers", SAME_ORIGIN, ids=str)
def test_same_origin_pages_and_programs_may_change(front: GatedFront, headers: dict[str, str]) -> None:
    for method in CHANGING:
        answer = front.browser().request(
            method, f"{front.url}/api/queue", headers=_headers(front, headers), timeout=120
        )
        assert answer.text == SECRET


def test_a_cross_site_get_is_allowed(front: GatedFront) -> None:
    """A link in a mail opens the page. SameSite=Lax and the lack of CORS headers prevent everything else."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = front.browser().get(f"{front.url}/api/queue", headers=headers, timeout=120)
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
def test_a_configured_name_is_the_same_origin(behind_proxy: GatedFront, origin: str, status: int) -> None:
    """Reverse proxies by default put the server's own address into the Host header."""
    headers = {**behind_proxy.bearer, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert behind_proxy.request("POST", "/api/queue", headers=headers).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_configured_name_does_not_overrule_the_browser(behind_proxy: GatedFront, site: str) -> None:
    headers = {**behind_proxy.bearer, "Origin": "https://runs.example.org", "Sec-Fetch-Site": site}
    assert behind_proxy.request("POST", "/api/queue", headers=headers).status_code == 403


# Host, scheme, Origin and Sec-Fetch-Site of a request, and whether the page has another origin.
REQUESTS = [
    # Another program on the default port of a name of this server.
    ("runs.example.org:8765", "http", "http://runs.example.org", None, True),
    ("lab.example:8443", "https", "https://lab.example", None, True),
    ("runs.example.org", "https", "http://runs.example.org", None, True),
    ("127.0.0.1:8765", "https", "http://127.0.0.1:8765", None, True),
    ("[::1]:8765", "http", "http://[::1]", None, True),
    ("bound.example:8765", "http", "http://bound.example", None, True),
    ("bound.example:8765", "http", "https://bound.example", None, True),
    # A port that `ssh -L` forwards, whatever its number.
    ("localhost:9999", "http", "http://localhost:9999", "same-origin", False),
    ("localhost:9999", "http", "http://localhost:9999", None, False),
    ("127.0.0.1", "http", "http://127.0.0.1", "same-origin", False),
    ("127.0.0.1:80", "http", "http://127.0.0.1", None, False),
    ("[::1]:8765", "http", "http://[::1]:8765", None, False),
    # Behind a reverse proxy on a default port that passes the Host header on.
    ("runs.example.org", "https", "https://runs.example.org", None, False),
    ("box.internal", "https", "https://box.internal", "same-origin", False),
    ("runs.example.org", "http", "http://runs.example.org", None, False),
    # The same, if the proxy does not report that it terminates TLS.
    ("runs.example.org", "http", "https://runs.example.org", None, False),
    ("box.internal", "http", "https://box.internal", "same-origin", False),
    # A reverse proxy that does not pass it on.
    ("127.0.0.1:8765", "http", "http://runs.example.org", None, False),
    ("127.0.0.1:8765", "https", "http://runs.example.org", None, True),
    ("127.0.0.1:8765", "http", "https://only.example", None, False),
    ("127.0.0.1:8765", "http", "http://only.example", None, True),
]


@pytest.mark.parametrize(("host", "scheme", "origin", "site", "foreign"), REQUESTS, ids=str)
def test_the_origin_compares_scheme_host_and_port(
    host: str, scheme: str, origin: str, site: str | None, foreign: bool
) -> None:
    hosts = Hosts(("runs.example.org", "lab.example:8443", "https://only.example"), own=("bound.example",))
    environ = {"REQUEST_METHOD": "POST", "wsgi.url_scheme": scheme, "HTTP_HOST": host, "HTTP_ORIGIN": origin}
    assert hosts.is_foreign(environ | ({"HTTP_SEC_FETCH_SITE": site} if site else {})) is foreign


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
def test_accepted_host_names(host: str) -> None:
    assert Hosts().allow({"HTTP_HOST": host})


@pytest.mark.parametrize("host", BAD_NAMES)
def test_a_rebound_name_is_refused(front: GatedFront, host: str) -> None:
    assert not Hosts().allow({"HTTP_HOST": host})
    for target in ("/", "/api/health", f"/api/queue?token={front.authority.token}"):
        answer = front.text(target, host=host)
        assert answer.split(" ")[1] in ("421", "400")
        assert SECRET not in answer


def test_the_refusal_states_the_name_and_the_setting(front: GatedFront) -> None:
    answer = front.request("GET", "/", headers={"Host": "runs.example.org:8765"})
    assert answer.status_code == 421
    assert detail(answer) == "this server is not known as 'runs.example.org:8765': add it to allowed_hosts"


def test_cross_site_requests_are_refused_without_authentication_too(open_front: GatedFront) -> None:
    assert open_front.request("GET", "/api/queue").text == SECRET
    assert open_front.request("GET", "/api/queue", headers={"Host": "evil.example"}).status_code == 421
    assert open_front.request("POST", "/api/queue", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_pattern_allows_the_names_below_it_and_no_other_origin() -> None:
    hosts = Hosts(("*.Lab.org",))
    for host in ("box.lab.org", "BOX.lab.org:8443", "a.b.lab.org.", "127.0.0.1"):
        assert hosts.allow({"HTTP_HOST": host}), host
    for host in ("lab.org", "evillab.org", "box.lab.org.evil.example", "lab.org:80", ".lab.org@evil.example"):
        assert not hosts.allow({"HTTP_HOST": host}), host

    def is_foreign(origin: str) -> bool:
        sent = {"REQUEST_METHOD": "POST", "HTTP_HOST": "box.lab.org", "HTTP_ORIGIN": origin}
        return hosts.is_foreign({**sent, "wsgi.url_scheme": "https"})

    assert not is_foreign("https://box.lab.org")
    assert is_foreign("https://other.lab.org")


def test_configured_host_names_are_accepted(behind_proxy: GatedFront) -> None:
    for host in ("runs.example.org", "RUNS.example.org:1", "lab.example"):
        assert behind_proxy.request("GET", "/api/health", headers={"Host": host}).ok
    assert behind_proxy.request("GET", "/api/health", headers={"Host": "x.runs.example.org"}).status_code == 421
