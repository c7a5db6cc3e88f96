"""The gate admits no request without credentials, however its target is spelled."""

from __future__ import annotations

import http.client

import pytest
from auth.gated_front import EVERY_METHOD, SECRET, GatedFront, detail

from forgather_units import __version__
from forgather_units.auth.authority import Authority
from forgather_units.auth.gated_paths import is_gated

# Each gets 401, or 400 from the HTTP parser; never the response of a route.
SPELLINGS = [
    "/api",
    "/api/",
    "/api/queue",
    "/api/queue?x=1",
    "/api/queue#/api/health",
    "/api/nowhere",
    "/api/tb/q_1_00000000/",
    "//api/queue",
    "///api//queue",
    "/api//queue",
    "//127.0.0.1/api/queue",
    "/./api/queue",
    "/x/../api/queue",
    "/x/%2e%2e/api/queue",
    "/api/health/../queue",
    "/api/health/%2e%2e/queue",
    "/api/health/",
    "/api/health/.",
    "/api/health//",
    "/api//health",
    "/api/health%00",
    "/api/health;x=1",
    "/api/./health",
    "/api/%68ealth",
    "/%61pi/queue",
    "/%61%70%69/queue",
    "/%2561pi/queue",
    "/%25252561pi/queue",
    "/api%2Fqueue",
    "/%2Fapi/queue",
    "/api%5cqueue",
    "\\api\\queue",
    "/\\api/queue",
    "/API/queue",
    "/Api/Queue",
    "/api./queue",
    "/%20api/queue",
    "/%09api/queue",
    "/%00api/queue",
    "/api%20/queue",
    "/api\xa0/queue",
    "/api;/queue",
    "api/queue",
    "api/health",
    "http://127.0.0.1/api/queue",
    "http://127.0.0.1/api/health/../queue",
    "http://api@127.0.0.1/api/queue",
    "http:/api/queue",
    "http:api/queue",
    "x:/api/tb/q_1_00000000/",
    "/api/auth/login",
    "/api/auth/status/",
    "/api/auth/status/../logout",
    "/api/auth/set-password",
    "/api/tb/../health",
    "/api/tb/%2e%2e/%2e%2e/x",
]


@pytest.mark.parametrize("target", SPELLINGS)
def test_no_spelling_of_a_target_bypasses_the_gate(front: GatedFront, target: str) -> None:
    answer = front.text(target)
    assert SECRET not in answer
    status = answer.split(" ")[1]
    if target.startswith("//127.0.0.1"):
        # Not a host, but a path that begins with a number: no route has it.
        assert status in ("401", "404"), answer
    else:
        assert status in ("401", "400"), answer


@pytest.mark.parametrize("method", EVERY_METHOD)
@pytest.mark.parametrize("path", ["/api/queue", "/api/tb/q_1_00000000/", "/api/nowhere", "/api/auth/logout"])
def test_every_method_is_refused_in_the_same_way(front: GatedFront, method: str, path: str) -> None:
    answer = front.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="forgather"'
    assert answer.headers["Cache-Control"] == "no-store"
    if method != "HEAD":
        assert answer.json() == {"detail": "authentication required"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/health"), ("HEAD", "/api/health"), ("POST", "/api/auth/status"), ("GET", "/api/auth/login")],
)
def test_the_open_routes_are_open_for_their_own_method_only(front: GatedFront, method: str, path: str) -> None:
    assert front.request(method, path).status_code == 401


def test_the_open_routes(front: GatedFront) -> None:
    assert front.request("GET", "/api/health").json() == {"status": "ok"}
    assert front.request("GET", "/api/health?x=1").ok
    assert front.request("GET", "/api/auth/status").ok
    assert front.request("POST", "/api/auth/login", json={"token": "no"}).status_code == 401
    assert detail(front.request("POST", "/api/auth/login", json={"token": "no"})) == "wrong token"
    assert front.request("GET", "/").json() is None


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_the_token_admits_every_method(front: GatedFront, method: str) -> None:
    answer = front.request(method, "/api/queue", headers=front.bearer)
    assert answer.ok
    assert answer.text == ("" if method == "HEAD" else SECRET)


def test_bearer_query_and_cookie_authenticate(front: GatedFront, authority: Authority) -> None:
    assert front.request("GET", "/", headers=front.bearer).json() == "bearer"
    assert front.request("GET", "/", headers={"Authorization": f"bEARER   {authority.token} "}).json() == "bearer"
    assert front.request("GET", f"/?a=1&token={authority.token}").json() == "query"
    assert front.request("GET", f"/?%74oken={authority.token}").json() == "query"
    assert front.request("GET", f"/api/queue?token={authority.token}").text == SECRET
    assert front.browser().get(front.url, timeout=120).json() == "cookie"


WRONG = "0" * 64


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {WRONG}", "Bearer", "Bearer ", "bearer x y", "Bearer \xe9", "Bearer,", "Bearer\t"],
)
def test_a_wrong_or_malformed_bearer_is_refused_despite_a_valid_cookie(front: GatedFront, authorization: str) -> None:
    header = {"Authorization": authorization.encode("latin-1")}
    assert front.browser().get(f"{front.url}/api/queue", headers=header, timeout=120).status_code == 401


@pytest.mark.parametrize("query", [f"token={WRONG}", "token=", "token", "token=%FF", f"token={WRONG}&token=%E2%82%AC"])
def test_a_wrong_token_in_the_query_is_refused_despite_a_valid_cookie(front: GatedFront, query: str) -> None:
    assert front.browser().get(f"{front.url}/api/queue?{query}", timeout=120).status_code == 401


def test_two_different_tokens_are_refused(front: GatedFront, authority: Authority) -> None:
    assert front.request("GET", f"/api/queue?token={WRONG}&token={authority.token}").status_code == 401
    assert front.request("GET", f"/api/queue?token={authority.token}&token={WRONG}").status_code == 401


def test_thousands_of_parameters_and_cookies_are_handled(front: GatedFront) -> None:
    assert front.request("GET", "/api/queue?" + "&".join(["a=%41"] * 5000)).status_code == 401
    cookies = "; ".join(["forgather_session=x.y.z"] * 2000)
    assert front.request("GET", "/api/queue", headers={"Cookie": cookies}).status_code == 401


def test_basic_authorization_is_ignored(front: GatedFront) -> None:
    browser = front.browser()
    assert browser.get(f"{front.url}/api/queue", headers={"Authorization": "Basic eDp5"}, timeout=120).text == SECRET


def test_a_forged_session_cookie_does_not_hide_the_valid_one(front: GatedFront) -> None:
    session = front.browser().cookies["forgather_session"]
    assert SECRET in front.text("/api/queue", f"Cookie: forgather_session=damaged; a=b; forgather_session={session}")
    assert SECRET in front.text(
        "/api/queue", "Cookie: forgather_session=damaged", f"Cookie: forgather_session={session}"
    )
    assert SECRET not in front.text("/api/queue", f"Cookie: xforgather_session={session}")
    assert SECRET not in front.text("/api/queue", f"Cookie: forgather_session={session}x")


def test_a_browser_gets_a_page_with_a_sign_in_link(front: GatedFront) -> None:
    answer = front.request("GET", "/api/tb/q_1_00000000/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<a href="../../../?next=/api/tb/q_1_00000000/"' in answer.text
    bookmarked = front.request("GET", "/api/tb/lab/?a=1&b=%22", headers={"Accept": "text/html"}).text
    assert '<a href="../../../?next=/api/tb/lab/%3Fa%3D1%26b%3D%2522"' in bookmarked
    unknown_host = front.text("/api/queue", "Accept: text/html", host="evil.example")
    assert "421 Misdirected" in unknown_host and "add it to allowed_hosts" in unknown_host.partition("<h1>")[2]
    assert front.request("POST", "/api/queue", headers={"Accept": "text/html"}).json()["detail"]


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_refused_head_has_no_body(front: GatedFront, accept: str) -> None:
    head, _, body = front.text("/api/queue", f"Accept: {accept}", method="HEAD").partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 401 ")
    assert body == ""


def test_a_refused_body_is_not_the_next_request(front: GatedFront) -> None:
    smuggled = b"GET /api/queue HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=120)
    for body in (smuggled, None):
        connection.request("POST" if body else "GET", "/api/queue" if body else "/api/health", body)
        with connection.getresponse() as response:
            assert response.status == (401 if body else 200)
            response.read()
    connection.close()


@pytest.mark.parametrize("path", ["/", "/page.css", "/sign-in", "/favicon.ico", "/x/y", "/x/api/queue", "/%E2%82%AC"])
def test_paths_outside_api_are_not_gated(path: str) -> None:
    assert not is_gated(path)


def test_disabled_authentication_admits_every_request(open_front: GatedFront) -> None:
    assert open_front.request("GET", "/api/queue").text == SECRET
    assert open_front.request("GET", "/").json() == "disabled"
    assert open_front.request("GET", "/api/auth/status").json() == {
        "authenticated": True,
        "has_password": False,
        "auth_disabled": True,
        "by_proxy": False,
        "demo_mode": False,
        "forgather_version": __version__,
        "unknown_user": None,
    }


def test_an_unreadable_token_admits_no_request(
    front: GatedFront, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    bearer = front.bearer
    authority.token_file.write_text("damaged\n")
    for headers in (bearer, {"Authorization": f"Bearer {WRONG}"}, {"Authorization": "Bearer"}):
        answer = front.request("GET", "/api/queue", headers=headers)
        assert answer.status_code == 503
        assert str(authority.token_file) not in answer.text
    assert f"{authority.token_file} does not hold a token" in caplog.text
