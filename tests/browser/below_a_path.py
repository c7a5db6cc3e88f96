"""nginx in front of a server, which users see below a path."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from waiting import wait_until

_NGINX = "/usr/sbin/nginx"
_CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location {base}/ {{
      proxy_pass {server}{path};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, base: str, server: str, *, strips: bool) -> Iterator[None]:
    """nginx at `port` with `server` below `base`; without `strips` the server gets the path as browsers send it."""
    assert Path(_NGINX).exists(), "nginx is not installed: packaging/install-debian-packages --tests"
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, base=base, server=server, path="/" if strips else ""))
    command = [_NGINX, "-e", "stderr", "-p", str(folder), "-c", str(config)]
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: process.poll() is None and _answers(f"http://127.0.0.1:{port}/"), what="nginx responds")
            yield
        finally:
            process.terminate()
            process.wait(120)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=120).status_code > 0
    except requests.ConnectionError:
        return False
