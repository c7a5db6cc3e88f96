"""Certificates of a CA that no machine knows, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

_OPENSSL = "/usr/bin/openssl"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A CA in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        assert Path(_OPENSSL).exists(), "openssl is not installed: packaging/install-debian-packages --tests"
        folder.mkdir()
        self._folder = folder
        (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        self.file = folder / "ca.pem"
        self._make("ca", "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")

    def server_context(self, names: str) -> ssl.SSLContext:
        """For a server with a certificate for `names`: `IP:127.0.0.1,DNS:localhost`."""
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
        self._make("server", f"subjectAltName={names}", "authorityKeyIdentifier=keyid", signed=signed)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        return context

    def _make(self, name: str, *extensions: str, signed: tuple[str, ...] = ()) -> None:
        added = [word for each in (*extensions, "subjectKeyIdentifier=hash") for word in ("-addext", each)]
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "30")
        command = [_OPENSSL, "req", "-config", "openssl.cnf", "-x509", *_KEY, *files, *added, *signed]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=self._folder)
