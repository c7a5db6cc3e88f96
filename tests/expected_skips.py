"""The reasons for which a test may be skipped; on CI any other skip fails the run (tests/conftest.py)."""

from __future__ import annotations

import re
from typing import Final

_REASONS: Final = (
    # Properties of the host.
    r"the socket placement does not work on this host: .+",
    r"this machine has no IPv6 loopback",
    r"this account may listen on port 80",
    # The way in which the tests are run: `make test` covers the other one too.
    r"this machine has no second user to act as: .+",
    r"it fills a folder that other programs of this user need: .+",
    r"this machine has no .+ that this account may write to: the sandbox has",
    r"this account has no /run/.+",
    r"a restart of the session bus would end this user's desktop session: .+",
    r"only root can become another user for this test",
    r"the sandbox needs root.+",
)


def is_expected(reason: str) -> bool:
    return any(re.fullmatch(pattern, reason) for pattern in _REASONS)
