"""Stands in for TensorBoard and looks around: what can be seen, written and reached from where a viewer runs.

Run as a script with TensorBoard's own flags; answers TensorBoard's readiness address, and its findings at `facts`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CLONE_NEWUSER = 0x10000000


def attempt(what: Callable[[], Any]) -> str:
    """`done`, or the error's name."""
    try:
        what()
    except OSError as why:
        return type(why).__name__ + ": " + (why.strerror or str(why))
    return "done"


def reach(host: str, port: int) -> str:
    return attempt(lambda: socket.create_connection((host, port), 2).close())


def new_user_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def owner(pid: Path) -> int | None:
    """The number of the user whose process it is; None for one that has just ended."""
    try:
        return pid.stat().st_uid
    except FileNotFoundError:
        return None


def facts(logdir: Path, home: Path, port: int) -> dict[str, Any]:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "logdir": sorted(each.name for each in logdir.iterdir()),
        "write logdir": attempt(lambda: (logdir / "mine").touch()),
        "write /usr": attempt(lambda: Path("/usr/mine").touch()),
        "write /var": attempt(lambda: Path("/var/tmp/../mine").touch()),
        "write home": attempt(lambda: (home / "mine").touch()),
        "home": attempt(lambda: list(home.iterdir())) if home.exists() else "not there",
        "home entries": sorted(each.name for each in home.iterdir()) if home.exists() else [],
        "tmp": sorted(each.name for each in Path("/tmp").iterdir()),
        "memory device": attempt(lambda: Path("/dev/kmsg").open("rb").close()),
        "devices": sorted(each.name for each in Path("/dev").iterdir()),
        "outside port": reach("127.0.0.1", port),
        "interfaces": [line.split(":")[0].strip() for line in Path("/proc/self/net/dev").read_text().splitlines()[2:]],
        "other processes": [
            pid.name for pid in Path("/proc").iterdir() if pid.name.isdigit() and owner(pid) not in (None, os.geteuid())
        ],
        "capabilities": status["CapEff"].strip(),
        "bounding": status["CapBnd"].strip(),
        "seccomp": status["Seccomp"].strip(),
        "no new privileges": status["NoNewPrivs"].strip(),
        "namespace": attempt(new_user_namespace),
        "environment": sorted(os.environ),
        "bus": attempt(lambda: socket.socket(socket.AF_UNIX).connect(f"/run/user/{os.geteuid()}/bus")),
    }


def serve(host: str, port: int, prefix: str, logdir: Path) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == f"{prefix}/facts":
                home, _, outside = query.partition("&")
                body = json.dumps(facts(logdir, Path(home), int(outside))).encode()
            elif path == f"{prefix}/exit":
                os._exit(int(query))
            elif path == f"{prefix}/signal":
                os.kill(os.getpid(), int(query))
                return
            else:
                body = b"{}"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    print("looking around", flush=True)
    ThreadingHTTPServer((host, port), Answers).serve_forever()


if __name__ == "__main__":
    flags = argparse.ArgumentParser()
    for name in ("logdir", "host", "path_prefix"):
        flags.add_argument(f"--{name}", default="127.0.0.1")
    flags.add_argument("--port", type=int)
    given = flags.parse_args()
    serve(given.host, given.port, given.path_prefix, Path(given.logdir))
