"""`forgather server`: loads the settings, opens the app and sockets, and serves until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from forgather_units.auth.secret_file import write_secret
from forgather_units.daemon.http_app import http_app
from forgather_units.daemon.reload import Reload
from forgather_units.daemon.sd_notify import keep_alive, tell_ready, tell_stopping
from forgather_units.daemon.wiring import App, open_app
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.listening import connectable
from forgather_units.host.addresses import is_port_free, lowest_free_port
from forgather_units.host.forgathers_server import is_forgathers_server
from forgather_units.host.lingering import ends_at_logout
from forgather_units.host.listeners import account_of, listening_uids
from forgather_units.http.relay import raise_open_files_limit
from forgather_units.http.server.shutdown import Stop
from forgather_units.http.server.sockets import address_of, open_sockets, serve
from forgather_units.http.tuning import WAITRESS_SETTINGS, freeze_objects
from forgather_units.settings.settings import Loaded, Settings, load_all
from forgather_units.viewers.declaration_args import args_problems

log = logging.getLogger(__name__)

# waitress stores a whole request in a temporary file before the gate authenticates it; its own limit is 1 GiB for each
# connection. TensorBoard's largest requests and the server's own are some KiB. A request with a larger Content-Length
# is refused with 413 after its head.
_MAX_REQUEST: Final = 4 * 1024 * 1024


_FORGATHERS: Final = "Forgather's own server"


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C. Raises a ForgatherError for errors that the user can fix."""
    flags = {
        "host": args.host,
        "port": args.port,
        "log_level": args.log_level,
        "group": args.group,
        "trusted_proxy": args.trusted_proxy,
        "auth": False if args.no_auth else None,
    }
    file = Path(args.config) if args.config else None
    loaded = load_all(file, flags, args_problems)
    settings = loaded.settings
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    # waitress logs twice where it listens; the line printed below is the one for users.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    # It warns of each request that has to wait for a thread, which is normal load.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _stop)
    raise_open_files_limit()
    # First, so that clients wait from here on instead of being refused.
    port = _port(loaded)
    listeners = open_sockets(settings.host, port)
    with open_app(loaded) as app:
        if port != settings.port:
            print(_moved(settings, address_of(listeners[0])), file=sys.stderr, flush=True)
        reload = Reload(file, flags, settings, app.apply)
        signal.signal(signal.SIGHUP, lambda number, frame: reload.request())
        if args.regen_token:
            app.authority.regenerate_token()
        _run(settings, app, listeners)
    return 0


def _run(settings: Settings, app: App, listeners: list[socket.socket]) -> None:
    address = address_of(listeners[0])
    gateway = http_app(app, settings.public_url or address)
    _announce(app, address)
    if not app.authority.enabled:
        print(
            "warning: authentication is off: anyone who can reach this port has full control",
            file=sys.stderr,
            flush=True,
        )
    if warning := ends_at_logout():
        print(f"warning: {warning}", file=sys.stderr, flush=True)
    print(
        f"units: systemctl --{app.units.machine.scope.value} list-units '{app.units.names.prefix}-*'",
        file=sys.stderr,
        flush=True,
    )
    keep_alive(app.scheduler.ping)
    tell_ready(f"listening at {address}")
    freeze_objects()
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.request())
    try:
        serve(gateway, listeners, stop, app.proxies, **WAITRESS_SETTINGS, max_request_body_size=_MAX_REQUEST)
    except KeyboardInterrupt:
        pass
    finally:
        tell_stopping()
        log.info("stopping; the units keep running")


def _port(loaded: Loaded) -> int:
    """The port of the settings; the next free one if they name none and another program has the usual one."""
    settings = loaded.settings
    if "LISTEN_FDS" in os.environ or is_port_free(settings.host, settings.port):
        return settings.port
    is_forgathers = is_forgathers_server(connectable(settings.host), settings.port)
    if loaded.sources["port"] != "default" and not is_forgathers:
        # Opening the socket fails with the reason.
        return settings.port
    port = lowest_free_port(settings.host, settings.port + 1)
    if loaded.sources["port"] != "default":
        raise Refused(
            f"port {settings.port} is in use by {_owner(settings)}",
            hint=f"-p {port} or the setting port takes another port, where your commands find this server",
            field="port",
        )
    return port


def _moved(settings: Settings, address: str) -> str:
    """Why the server listens at `address`."""
    owner, port = _owner(settings), address.rpartition(":")[2]
    said = f"port {settings.port} is in use by {owner}: this server takes {port}, where your commands find it"
    return f"{said}; Forgather's find it with FORGATHER_SERVER_URL={address}" if owner.startswith(_FORGATHERS) else said


def _owner(settings: Settings) -> str:
    """Who listens at the port of the settings."""
    accounts = ", ".join(map(account_of, sorted(listening_uids(settings.port))))
    if is_forgathers_server(connectable(settings.host), settings.port):
        return f"{_FORGATHERS} ({accounts})" if accounts else _FORGATHERS
    return accounts or "another program"


def _announce(app: App, address: str) -> None:
    """Print the server's address, and store it for the command line, which sends the token to no other address."""
    if sys.stdout.isatty():
        print(f"forgather server at {app.authority.login_url(address)}", flush=True)
    else:
        # The output may be stored in the journal or a file, which must not contain the token.
        print(f"forgather server at {address} (forgather login-url prints a sign-in link)", flush=True)
    if app.authority.enabled and address.startswith("http"):
        try:
            write_secret(app.settings.served_at_file, f"{address}\n")
        except Unavailable as why:
            log.warning("%s", why.message)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
