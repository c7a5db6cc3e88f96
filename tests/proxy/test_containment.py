"""The policy that keeps a viewer's page below its prefix."""

from __future__ import annotations

import pytest

from forgather_units.proxy.containment import policy


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("h.test", "http://h.test/api/tb/q/"),
        ("127.0.0.1:8765", "http://127.0.0.1:8765/api/tb/q/"),
        ("[::1]:8765", "'self'"),
        ("h; script-src *", "'self'"),
        ("h, h2", "'self'"),
        ("", "'self'"),
    ],
)
def test_the_sources_are_the_prefix(host: str, source: str) -> None:
    directives = dict(part.strip().split(" ", 1) for part in policy("http", host, "/api/tb/q").split(";"))
    assert directives["form-action"] == source
    assert directives["connect-src"] == f"{source} data: blob:"
    assert set(directives) == {
        "sandbox",
        "connect-src",
        "frame-src",
        "form-action",
        "worker-src",
        "base-uri",
        "object-src",
        "frame-ancestors",
    }


def test_imports_of_a_worker_are_confined_too() -> None:
    assert "script-src http://h.test/api/tb/q/ blob:" in policy("http", "h.test", "/api/tb/q", script=True)


def test_a_proxy_may_hide_the_address_in_the_browser() -> None:
    made = policy("http", "127.0.0.1:8764", "/api/tb/q", ("/font-roboto/",), public="https://box.test")
    own = "http://127.0.0.1:8764/api/tb/q/ https://box.test/api/tb/q/"
    assert f"form-action {own};" in made
    fonts = "http://127.0.0.1:8764/font-roboto/ https://box.test/font-roboto/"
    assert f"connect-src {own} {fonts} data: blob:;" in made
    same = policy("https", "box.test", "/api/tb/q", public="https://box.test")
    assert "form-action https://box.test/api/tb/q/;" in same
