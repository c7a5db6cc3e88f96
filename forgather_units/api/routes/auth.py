"""/api/auth: status, sign in, password, sign out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from forgather_units import __version__
from forgather_units.api.json_body import json_body
from forgather_units.auth.authority import Authority, CredentialKind, Identity
from forgather_units.auth.credentials import FORWARDED_USER
from forgather_units.auth.gate import IDENTITY
from forgather_units.auth.session_cookie import cookie_name, cookie_path, shared
from forgather_units.auth.sessions import MAX_AGE, TICKET_AGE, is_ticket
from forgather_units.domain.errors import Malformed, Refused


def set_session(response: Response, *sessions: str) -> Response:
    """Set the browser's sessions: this server's, and those of other servers on this host."""
    # Secure even for a deletion: a browser ignores a prefixed name without it.
    base = request.script_root
    name, path, secure = cookie_name(request.scheme, base), cookie_path(base), request.is_secure
    if value := shared(sessions):
        response.set_cookie(name, value, max_age=MAX_AGE, path=path, httponly=True, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(name, path=path, httponly=True, samesite="Lax", secure=secure)
    return response


def blueprint(authority: Authority, address: str = "") -> Blueprint:
    """The authentication routes. `address` is the URL that users open."""
    routes = Blueprint("auth", __name__, url_prefix="/api/auth")

    @routes.get("/status")
    def status() -> dict[str, Any]:
        identity: Identity | None = request.environ[IDENTITY]
        return {
            "authenticated": identity is not None,
            "has_password": authority.has_password,
            "auth_disabled": not authority.enabled,
            "by_proxy": identity is not None and identity.credential is CredentialKind.PROXY,
            # As in Forgather, which has a demo mode.
            "demo_mode": False,
            "forgather_version": __version__,
            "unknown_user": request.environ.get(FORWARDED_USER) if identity is None else None,
        }

    @routes.post("/login")
    def login() -> Response:
        body = _body("token", "password")
        others = authority.foreign_sessions(request.environ)
        # A user with a personal sign-in link sets no password: that would be the server's.
        needs_password = not authority.has_password and not is_ticket(body.get("token", ""))
        session = authority.sign_in(_client(), token=body.get("token"), password=body.get("password"))
        response = jsonify({"ok": True, "requires_password_setup": needs_password})
        return set_session(response, session, *others)

    @routes.get("/me")
    def me() -> dict[str, Any]:
        person = _identity().person
        return {"user": person.name, "is_admin": person.is_admin, "address": address}

    @routes.post("/login-url")
    def login_url() -> dict[str, Any]:
        if _identity().credential is CredentialKind.PROXY:
            # It would outlive the sign-in there.
            raise Refused(f"the proxy in front of this server signs you in: open {address}")
        person = _identity().person
        return {"url": authority.personal_login_url(address, person), "user": person.name, "seconds": TICKET_AGE}

    @routes.post("/set-password")
    def set_password() -> Response:
        body = _body("password", "current_password")
        if "password" not in body:
            raise Malformed("password is missing", field="password")
        others = authority.foreign_sessions(request.environ)
        session = authority.set_password(_client(), body["password"], body.get("current_password"), by=_identity())
        return set_session(jsonify({"ok": True}), session, *others)

    @routes.post("/logout")
    def logout() -> Response:
        authority.sign_out(request.environ)
        return set_session(jsonify({"ok": True}), *authority.foreign_sessions(request.environ))

    return routes


def _identity() -> Identity:
    identity: Identity = request.environ[IDENTITY]
    return identity


def _client() -> str:
    return request.remote_addr or ""


def _body(*known: str) -> dict[str, str]:
    body = json_body()
    if not isinstance(body, dict) or not all(isinstance(value, str | None) for value in body.values()):
        raise Malformed("the body must be one JSON object of texts")
    if unknown := sorted(set(body) - set(known)):
        raise Malformed(f"unknown key {unknown[0]!r} (known: {', '.join(known)})", field=unknown[0])
    return {name: value for name, value in body.items() if value is not None}
