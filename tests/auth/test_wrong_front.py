"""Which refused requests explain a reverse proxy, and what a browser's address bar keeps after an error."""

from __future__ import annotations

import pytest
from auth.gated_front import GatedFront, detail

PAGE = {"Accept": "text/html,*/*"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://box.test", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://box.test", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_page_of_another_site_gets_no_explanation(front: GatedFront, headers: dict[str, str]) -> None:
    answer = front.request("POST", "/api/auth/login", json={"token": front.authority.token}, headers=headers)
    assert (answer.status_code, detail(answer)) == (403, "cross-site request refused")


@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_an_address_that_a_proxy_hides_is_explained(front: GatedFront, site: dict[str, str]) -> None:
    headers = {"Origin": "https://box.test:8445", **site}
    answer = front.request("POST", "/api/auth/login", json={"token": front.authority.token}, headers=headers)
    assert (answer.status_code, detail(answer)) == (
        403,
        f"cross-site request refused: the browser is at https://box.test:8445, but the proxy says {front.url}: "
        "have the proxy pass Host on (nginx: proxy_set_header Host $http_host), or set public_url",
    )


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/nothing/here?token=x", "../nothing/here"),
        ("/nothing?a=1&token=x&b=2", "./nothing?a=1&b=2"),
        ("/?%74oken=x&a=%2F", "./?a=%2F"),
        ("/api/tb/q_1700000000000_00000000/?token=wrong", "../../../api/tb/q_1700000000000_00000000/"),
        ("//evil.test/?token=x", "../..//evil.test/"),
    ],
)
def test_an_error_page_takes_the_token_from_the_address(front: GatedFront, target: str, location: str) -> None:
    lines = [f"{name}: {value}" for name, value in PAGE.items()]
    head = front.text(target, *lines, host="unknown.test").partition("\r\n\r\n")[0].split("\r\n")
    assert head[0] == "HTTP/1.1 302 Found"
    assert f"Location: {location}" in head
    # The address without a token shows the error.
    plain = target.partition("?")[0]
    assert front.text(plain, *lines, host="unknown.test").startswith("HTTP/1.1 421 ")


def test_programs_and_pages_that_exist_keep_the_token(front: GatedFront) -> None:
    assert front.request("GET", "/nothing?token=x").status_code == 404
    assert front.request("GET", f"/api/queue?token={front.authority.token}", headers=PAGE).status_code == 200
    assert front.request("GET", "/api/queue?tokens=x", headers=PAGE).status_code == 401
