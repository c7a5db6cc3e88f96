"""The fronts that are compared, each before the same viewers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

from benchmarks.process import Program, running
from benchmarks.tools import Tools

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Front:
    """One way to a viewer. `program` is None where there is nothing between."""

    name: str
    base: Mapping[str, str]
    """The address below which each viewer's own paths begin, by queue id."""
    program: Program | None = None
    headers: tuple[str, ...] = field(default=())

    def url(self, queue_id: str, path: str) -> str:
        return f"{self.base[queue_id]}/api/tb/{queue_id}/{path}"


@contextmanager
def fronts(
    tools: Tools, folder: Path, ports: Mapping[str, int], sockets: Mapping[str, tuple[str, int]]
) -> Iterator[list[Front]]:
    """All of them, before the viewers at `ports`; ours also before those behind a unix socket, of which the path and
    the port behind it are given."""
    with ExitStack() as held:
        open_to_all = {**ports, **{queue_id: behind for queue_id, (_, behind) in sockets.items()}}
        direct = Front("direct", {queue_id: f"http://127.0.0.1:{port}" for queue_id, port in open_to_all.items()})
        paths = {queue_id: path for queue_id, (path, _) in sockets.items()}
        yield [
            direct,
            _ours(held, folder, {**{queue_id: str(port) for queue_id, port in ports.items()}, **paths}),
            _nginx(held, tools, folder, ports, paths),
            _jupyter(held, tools, folder, ports),
            _forgather_way(held, tools, ports),
        ]


def _same_base(port: int, viewers: Mapping[str, object]) -> dict[str, str]:
    return dict.fromkeys(viewers, f"http://127.0.0.1:{port}")


def _ours(held: ExitStack, folder: Path, viewers: Mapping[str, str]) -> Front:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.front", str(port), str(folder / "auth")]
    pairs = [f"{queue_id}={where}" for queue_id, where in viewers.items()]
    program = held.enter_context(running(*command, *pairs, port=port, cwd=HERE.parent, stdout=subprocess.PIPE))
    assert program.process.stdout is not None
    cookie = program.process.stdout.readline().strip()
    return Front("ours", _same_base(port, viewers), program, (f"Cookie: {cookie}",))


_NGINX = """
daemon off; worker_processes 1; {user} pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_max_temp_file_size 0; proxy_request_buffering off; proxy_http_version 1.1;
  server {{ listen 127.0.0.1:{port} backlog=1024; {locations} }}
}}
"""


def _nginx(held: ExitStack, tools: Tools, folder: Path, ports: Mapping[str, int], paths: Mapping[str, str]) -> Front:
    port = free_port()
    own = folder / "nginx"
    own.mkdir()
    viewers = {queue_id: f"127.0.0.1:{where}" for queue_id, where in ports.items()}
    viewers |= {queue_id: f"unix:{path}:" for queue_id, path in paths.items()}
    locations = " ".join(
        f"location /api/tb/{queue_id}/ {{ proxy_pass http://{where}; }}" for queue_id, where in viewers.items()
    )
    # As root, nginx would run its workers as `nobody`, which cannot open the viewer's socket.
    user = "user root root;" if os.geteuid() == 0 else ""
    config = own / "nginx.conf"
    config.write_text(_NGINX.format(folder=own, port=port, locations=locations, user=user))
    command = [tools.nginx, "-e", "stderr", "-c", str(config), "-p", str(own)]
    program = held.enter_context(running(*command, port=port, env=tools.environment))
    return Front("nginx", _same_base(port, viewers), program)


def _jupyter(held: ExitStack, tools: Tools, folder: Path, ports: Mapping[str, int]) -> Front:
    port = free_port()
    own = folder / "jupyter"
    own.mkdir()
    flags = [
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.token=",
        "--ServerApp.password=",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        "--ServerApp.log_level=CRITICAL",
        "--ServerApp.disable_check_xsrf=True",
    ]
    environment = {**tools.environment, "HOME": str(own), "JUPYTER_RUNTIME_DIR": str(own)}
    command = [tools.python, "-m", "jupyter_server", *flags]
    program = held.enter_context(
        running(*command, port=port, env=environment, cwd=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    base = {queue_id: f"http://127.0.0.1:{port}/proxy/{where}" for queue_id, where in ports.items()}
    return Front("jupyter-server-proxy", base, program)


def _forgather_way(held: ExitStack, tools: Tools, ports: Mapping[str, int]) -> Front:
    port = free_port()
    pairs = [f"{queue_id}={where}" for queue_id, where in ports.items()]
    command = [tools.python, str(HERE / "forgather_way.py"), str(port), *pairs]
    program = held.enter_context(running(*command, port=port))
    return Front("FastAPI + httpx", _same_base(port, ports), program)
