"""The catalogue's mirrors on this machine: a proxy leads to one server, whichever host is meant.

So a daemon takes its own catalogue, asks the hosts that it names, and trusts their certificates.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.servers.files import Answer, FileServer, file_server
from tray_dictate.engine import catalogue
from tray_dictate.engine.catalogue import CatalogueModel


@dataclass(frozen=True)
class Mirrors:
    """The server that all of them are; it has what it is to `serve`, and nothing else."""

    server: FileServer
    env: dict[str, str]  # leads a program here

    def serve(self, model: CatalogueModel, folder: Path, *answers: Answer) -> None:
        """Have a model's files from the folder; requests for each get one answer each."""
        for file in model.files:
            path = urlsplit(file.urls[0]).path.removeprefix("/")
            self.server.serve(path, (folder / file.name).read_bytes(), *answers)

    def starts(self, model: CatalogueModel) -> list[list[int]]:
        """Return the first byte of each request for each file, at its first mirror."""
        return [
            self.server.starts(urlsplit(file.urls[0]).path.removeprefix("/"))
            for file in model.files
        ]


@contextmanager
def mirrors(folder: Path) -> Iterator[Mirrors]:
    """Run them until the block ends; the authority behind their certificates goes to a folder."""
    authority, trusted = trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    urls = (url for model in catalogue.models() for file in model.files for url in file.urls)
    hosts = sorted({urlsplit(url).hostname or "" for url in urls})
    authority.issue_cert(*hosts).configure_cert(context)
    with file_server(context) as server, file_server() as proxy:
        proxy.behind = ("127.0.0.1", server.server_port)
        env = {
            "https_proxy": f"http://127.0.0.1:{proxy.server_port}",
            "SSL_CERT_FILE": str(trusted),
        }
        yield Mirrors(server, env)
