"""What stands behind the question mark of an address: read, or refused in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from flask import request

from forgather_units.domain.errors import Malformed

_TRUTHS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def given(name: str) -> str:
    """Raises Malformed where it is missing."""
    value = request.args.get(name)
    if not value:
        raise Malformed(f"{name} is missing: /api/...?{name}=", field=name)
    return value


def folder(name: str) -> str:
    """An absolute path. Raises Malformed for another one, and where it is missing."""
    path = given(name)
    if not Path(path).is_absolute() or "\0" in path:
        raise Malformed(f"{name} must be an absolute path, not {path!r}", field=name)
    return os.path.normpath(path)


def truth(name: str, *, default: bool) -> bool:
    """Raises Malformed for what is neither."""
    text = request.args.get(name)
    if text is None:
        return default
    if text.lower() not in _TRUTHS:
        raise Malformed(f"{name} must be true or false, not {text!r}", field=name)
    return _TRUTHS[text.lower()]


def dynamic_args() -> dict[str, Any]:
    """Variables of a template, as `?dynamic_args={"name": value}`. Raises Malformed."""
    text = request.args.get("dynamic_args")
    if not text:
        return {}
    try:
        args = json.loads(text)
    except ValueError:
        args = None
    if not isinstance(args, dict) or not all(name.isidentifier() for name in args):
        raise Malformed("dynamic_args must be a JSON object of names and values", field="dynamic_args")
    return args
