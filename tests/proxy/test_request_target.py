"""The request target is preserved as it was sent, and parsed in one way only."""

from __future__ import annotations

import pytest

from forgather_units.http.raw_target import raw_target
from forgather_units.proxy.request_uri import MalformedTarget, below

MOUNT = "/api/tb/"


@pytest.mark.parametrize(
    ("raw", "queue_id", "sent"),
    [
        ("/api/tb/q/", "q", "/api/tb/q/"),
        ("/api/tb/q/a%2Fb%23c%20d/../e//", "q", "/api/tb/q/a%2Fb%23c%20d/../e//"),
        ("/api/tb/q/?", "q", "/api/tb/q/?"),
        ("/api/tb/q/?x=%2f&token=s", "q", "/api/tb/q/?x=%2f"),
        ("/api/tb/q/?token=s", "q", "/api/tb/q/"),
        ("/api/tb/q/a?b?c=1", "q", "/api/tb/q/a?b?c=1"),
        ("/api/tb/q%2F../x", "q%2F..", "/api/tb/q%2F../x"),
        ("/api/tb//x", "", "/api/tb//x"),
        ("/api/tb/q", "q", "/api/tb/q"),
    ],
)
def test_the_parts_of_a_target(raw: str, queue_id: str, sent: str) -> None:
    target = below(MOUNT, raw)
    assert target is not None
    assert (target.queue_id, target.path_and_query) == (queue_id, sent)


@pytest.mark.parametrize("raw", ["/", "/api/tb", "//api/tb/q/", "/%61pi/tb/q/", "*", "host:80"])
def test_other_targets_are_not_below_the_mount(raw: str) -> None:
    assert below(MOUNT, raw) is None


@pytest.mark.parametrize("raw", ["/api/tb/q/\t", "/api/tb/q/?to\tken=s", "/api/tb/q/\x7f"])
def test_control_characters_in_a_target_are_refused(raw: str) -> None:
    with pytest.raises(MalformedTarget):
        below(MOUNT, raw)


def test_the_absolute_form_is_reduced_to_its_path() -> None:
    assert raw_target({"REQUEST_URI": "http://h:1/api/tb/q/?x"}) == "/api/tb/q/?x"


def test_without_a_raw_target_the_path_is_quoted() -> None:
    assert raw_target({"PATH_INFO": "/api/tb/q/a b#\xe9", "QUERY_STRING": "x=1"}) == "/api/tb/q/a%20b%23%E9?x=1"
