"""nginx in front of a server signs users in, as oauth2-proxy does: a cookie says who has signed in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from waiting import wait_until

COOKIE = "lab"
"""The cookie of the sign-in; it holds the user's name."""
SIGN_IN = "The lab's sign-in"

_NGINX = "/usr/sbin/nginx"
_CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type text/html;
  server {{ listen 127.0.0.1:{provider}; location / {{ return 200 "<title>{sign_in}</title>"; }} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      if ($cookie_lab = "") {{ {refusal} }}
      proxy_pass {server};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-User $cookie_lab;
      proxy_set_header Authorization "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    }}
  }}
}}
"""
REFUSALS = {
    "redirect": "return 302 http://127.0.0.1:{provider}/authorize;",
    "page": """return 200 "<title>{sign_in}</title>";""",
    "status": """return 401 "<title>{sign_in}</title>";""",
}
"""What it sends without a sign-in."""


@contextmanager
def signing_in(folder: Path, port: int, provider: int, server: str, refusal: str) -> Iterator[None]:
    """nginx at `port` in front of `server`, and an identity provider at the port `provider`."""
    assert Path(_NGINX).exists(), "nginx is not installed: packaging/install-debian-packages --tests"
    folder.mkdir()
    config = folder / "nginx.conf"
    names = {"provider": provider, "sign_in": SIGN_IN}
    config.write_text(
        _CONFIG.format(folder=folder, port=port, server=server, refusal=REFUSALS[refusal].format(**names), **names)
    )
    with subprocess.Popen([_NGINX, "-e", "stderr", "-p", str(folder), "-c", str(config)]) as process:
        try:
            wait_until(
                lambda: process.poll() is None and _answers(f"http://127.0.0.1:{provider}/"), what="nginx responds"
            )
            yield
        finally:
            process.terminate()
            process.wait(120)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=120).status_code > 0
    except requests.ConnectionError:
        return False
