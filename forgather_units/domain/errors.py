"""Errors that a user can act on. Each one is a sentence, with a hint if one helps."""

from __future__ import annotations


class ForgatherError(Exception):
    """A user's mistake, or a state of the environment that the user can act on; never a bug of this program.

    `message` is one sentence, `hint` (may be empty) says how to fix the problem, `field` (may be empty) is the API's
    name of the input that is wrong.
    """

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field


class Refused(ForgatherError):
    """The input has the right shape and asks for something impossible (HTTP 400)."""


class Malformed(ForgatherError):
    """The input has the wrong shape: a wrong type, an unknown or a missing key (HTTP 422)."""


class BadSettings(Malformed):
    """The settings, or their file, are not valid: the server cannot start with them."""


class NotFound(ForgatherError):
    """No such job (HTTP 404)."""


class Forbidden(ForgatherError):
    """The job belongs to another user, or only an admin may do this (HTTP 403)."""


class Conflict(ForgatherError):
    """The job is in a state that does not allow this (HTTP 409)."""


class Unavailable(ForgatherError):
    """An external system does not respond: the bus, the disk (HTTP 503)."""
