"""What can go wrong on a user's side. Each error is one sentence, and a hint where one helps."""

from __future__ import annotations


class ForgatherError(Exception):
    """A mistake or a state of the world that the user can act on; never a bug of ours.

    `message` is one sentence for a person, `hint` (may be empty) says how to mend it, `field` (may be
    empty) names the input that it concerns, as it is spelled in the API.
    """

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field


class Refused(ForgatherError):
    """The input has the right shape and asks for something that cannot be (HTTP 400)."""


class Malformed(ForgatherError):
    """The input has not the right shape: a wrong type, an unknown key, a missing one (HTTP 422)."""


class BadSettings(Malformed):
    """The settings, or the file that holds them, are not valid: nothing can begin with them."""


class NotFound(ForgatherError):
    """No such job (HTTP 404)."""


class Forbidden(ForgatherError):
    """It is somebody else's, or an admin's to do (HTTP 403)."""


class Conflict(ForgatherError):
    """The job is in a state that does not allow this (HTTP 409)."""


class Unavailable(ForgatherError):
    """Something outside that we need does not answer: the bus, the disk (HTTP 503)."""
