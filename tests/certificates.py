"""Certificates made for one test, by OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import need

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates, and is in no machine's list of those to trust."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        need("broker", shutil.which("openssl") is None, "apt install openssl")
        self._folder, self._name = folder, name
        self.cert, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        subject = ("-subj", f"/CN={name}", "-days", "2")
        _openssl("req", "-x509", *KEY, *subject, "-keyout", self._key, "-out", self.cert)

    def issue(self, name: str, host: str = "localhost", days: int = 2) -> Certificate:
        """A certificate for a host; one that ran out yesterday with -1 days."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}")
        _openssl("req", *KEY, *names, "-keyout", made.key, "-out", request)
        by = ("-CA", self.cert, "-CAkey", self._key, "-copy_extensions", "copy")
        _openssl("x509", "-req", "-in", request, *by, "-days", str(days), "-out", made.cert)
        return made


def with_passphrase(key: Path) -> Path:
    """The same key, which cannot be read without a passphrase."""
    locked = key.with_suffix(".locked")
    _openssl("ec", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked)
    return locked


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
