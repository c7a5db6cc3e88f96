"""nginx in front of a server, which users see below a path."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

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
    listen 127.0.0.1:{port}{tls};
    proxy_http_version 1.1;
    proxy_buffering off;
    {headers}
    location {base}/ {{ proxy_pass {server}{path}; }}
    # What TensorBoard's page requests at the root of the host.
    location /font-roboto/ {{ proxy_pass {server}; }}
  }}
}}
"""


HEADERS = {"Host": "$http_host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme"}
"""What the guide says."""


@contextmanager
def nginx(
    folder: Path,
    port: int,
    base: str,
    server: str,
    *,
    strips: bool = True,
    headers: Mapping[str, str] = HEADERS,
    is_secure: bool = False,
) -> Iterator[None]:
    """nginx at `port` with `server` below `base`; without `strips` the server gets the path as browsers send it.

    `is_secure`: with a certificate that it signed itself.
    """
    assert Path(_NGINX).exists(), "nginx is not installed: packaging/install-debian-packages --tests"
    folder.mkdir()
    config = folder / "nginx.conf"
    tls = f" ssl; ssl_certificate {folder}/pem; ssl_certificate_key {folder}/pem" if is_secure else ""
    if is_secure:
        certify(folder / "pem")
    config.write_text(
        _CONFIG.format(
            folder=folder,
            port=port,
            tls=tls,
            base=base,
            server=server,
            path="/" if strips else "",
            headers="\n    ".join(f"proxy_set_header {name} {value};" for name, value in headers.items()),
        )
    )
    command = [_NGINX, "-e", "stderr", "-p", str(folder), "-c", str(config)]
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: process.poll() is None and _listens(port), what="nginx listens")
            yield
        finally:
            process.terminate()
            process.wait(120)


def certify(file: Path) -> None:
    """Write a key, and a certificate for it, into one file."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    key, certificate = file.with_suffix(".key"), file.with_suffix(".certificate")
    names = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    file.write_text(key.read_text() + certificate.read_text())


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
