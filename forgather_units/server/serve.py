"""`forgather server`: settings, house, sockets, and waitress until a signal says stop."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

from forgather_units.kinds.services import args_problems
from forgather_units.proxy.relay import raise_open_files_limit
from forgather_units.proxy.tuning import WAITRESS_SETTINGS
from forgather_units.server.draining import Stop
from forgather_units.server.entry import entry
from forgather_units.server.garbage import keep_for_good
from forgather_units.server.house import House, open_house
from forgather_units.server.listening import address_of, open_sockets, serve
from forgather_units.server.reload import Reload
from forgather_units.server.supervision import keep_alive, tell_ready, tell_stopping
from forgather_units.settings.settings import Settings, load_all

log = logging.getLogger(__name__)

# waitress takes a whole request in, into a temporary file, before the gate is asked who sends it; its own limit is
# 1 GiB for each connection. TensorBoard's largest requests and our own are some KiB. One that says beforehand that it
# is larger is refused with 413 at its head.
_MAX_REQUEST: Final = 4 * 1024 * 1024


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C. Raises a ForgatherError for what a user can mend."""
    flags = {
        "host": args.host,
        "port": args.port,
        "log_level": args.log_level,
        "group": args.group,
        "auth": False if args.no_auth else None,
    }
    file = Path(args.config) if args.config else None
    loaded = load_all(file, flags, args_problems)
    settings = loaded.settings
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    # waitress says twice where it listens; the line below says it once, with what a person needs.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    # It warns of each request that found all threads busy: that is load, not trouble.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _stop)
    raise_open_files_limit()
    with open_house(loaded) as house:
        reload = Reload(file, flags, settings, house.apply)
        signal.signal(signal.SIGHUP, lambda number, frame: reload.ask())
        if args.regen_token:
            house.authority.regenerate_token()
        _run(settings, house)
    return 0


def _run(settings: Settings, house: House) -> None:
    listeners = open_sockets(settings.host, settings.port)
    address = address_of(listeners[0])
    gateway = entry(house, settings.public_url or address)
    print(f"forgather server at {house.authority.login_url(address)}", flush=True)
    if not house.authority.enabled:
        print("warning: authentication is off: whoever reaches this port may do all", file=sys.stderr, flush=True)
    print(f"units: systemctl --{house.scope.value} list-units '{house.names.prefix}-*'", file=sys.stderr, flush=True)
    keep_alive(house.scheduler.ping)
    tell_ready(f"listening at {address}")
    keep_for_good()
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.ask())
    try:
        serve(gateway, listeners, stop, **_tuning(settings))
    except KeyboardInterrupt:
        pass
    finally:
        tell_stopping()
        log.info("stopping; the units go on")


def _tuning(settings: Settings) -> dict[str, Any]:
    behind_proxy = {
        "trusted_proxy": settings.trusted_proxy,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }
    return {
        **WAITRESS_SETTINGS,
        "max_request_body_size": _MAX_REQUEST,
        **(behind_proxy if settings.trusted_proxy else {}),
    }


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
