"""A program with TensorBoard's flags that runs in its place, with endpoints for tests.

Below its path prefix: `facts` and `escape` report what it can see, reach and write, `exit?7` exits with that status,
`signal?9` sends itself that signal, `data/pour` sends bytes until the client disconnects. Other paths respond `ok`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import socket
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

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
    """The uid of the process; None for one that has just ended."""
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


def sockets_of(*folders: str) -> list[str]:
    """Every unix socket in `folders`."""
    found = []
    for folder in folders:
        for here, _, names in os.walk(folder):
            paths = (os.path.join(here, name) for name in names)  # noqa: PTH118 - names may be any bytes
            found += [path for path in paths if not os.path.islink(path) and is_socket(path)]  # noqa: PTH114
    return found


def is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return False


def listed_sockets() -> list[str]:
    """All unix sockets of this network namespace: abstract ones (with an @), and paths below other roots."""
    rows = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()[1:]
    return [row.split(maxsplit=7)[7] for row in rows if len(row.split(maxsplit=7)) == 8]


def connect(address: str) -> bool:
    """Whether a connection of any kind is possible."""
    name = "\0" + address[1:] if address.startswith("@") else address
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(socket.AF_UNIX, kind) as client:
                client.settimeout(2)
                client.connect(name)
                return True
        except OSError:
            continue
    return False


def roots() -> list[str]:
    """The root folders of other processes, which a process of the same user may read."""
    return [root for pid in os.listdir("/proc") if pid.isdigit() and os.path.isdir(root := f"/proc/{pid}/root/run")]  # noqa: PTH208, PTH112


def escape(secrets: list[str], witness: str) -> dict[str, Any]:
    """The first attempts of a hostile program. A unit that it managed to start would create the file `witness`."""
    addresses = {*sockets_of("/run", "/tmp", "/var", "/home", "/root"), *listed_sockets()}
    for root in roots():
        addresses |= {path for path in sockets_of(root) if root != "/proc/self/root/run"}
    uid = os.geteuid()
    commands = [
        ["systemd-run", "--user", "--quiet", "--wait", "touch", witness],
        ["systemd-run", "--quiet", "--wait", "touch", witness],
        ["busctl", f"--address=unix:path=/run/user/{uid}/bus", "list"],
        ["busctl", f"--address=unix:path=/run/user/{uid}/systemd/private", "list"],
        ["busctl", "--system", "list"],
        ["busctl", "--user", "list"],
    ]
    environment = {**os.environ, "XDG_RUNTIME_DIR": f"/run/user/{uid}"}
    ran = []
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, env=environment, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        ran += [" ".join(command[:3])] if done.returncode == 0 else []
    return {
        "connected": sorted({path for path in addresses if connect(path)}),
        "tried": len(addresses),
        "ran": ran,
        "read": [path for path in secrets if attempt(lambda: Path(path).read_bytes()) == "done"],  # noqa: B023
    }


def serve(host: str, port: int, prefix: str, logdir: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            body = b"ok"
            match path.removeprefix(f"{prefix}/"):
                case "facts":
                    home, _, outside = unquote(query).partition("&")
                    body = json.dumps(facts(logdir, Path(home), int(outside))).encode()
                case "escape":
                    asked = json.loads(unquote(query))
                    body = json.dumps(escape(asked["secrets"], asked["witness"])).encode()
                case "exit":
                    os._exit(int(query))
                case "signal":
                    os.kill(os.getpid(), int(query))
                    return
                case "data/pour":
                    self.pour()
                    return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def pour(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.end_headers()
            self.close_connection = True
            with suppress(OSError):
                while True:
                    self.wfile.write(bytes(64 * 1024))

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    print("stand-in started", flush=True)
    Server((host, port), Handler).serve_forever()


def main() -> None:
    flags = argparse.ArgumentParser()
    for name in ("logdir", "host", "path_prefix"):
        flags.add_argument(f"--{name}", default="127.0.0.1")
    flags.add_argument("--port", type=int)
    given, _ = flags.parse_known_args()
    serve(given.host, given.port, given.path_prefix, Path(given.logdir))


if __name__ == "__main__":
    main()
