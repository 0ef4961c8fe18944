"""Decides how to reach a server: directly, or through a proxy of the environment or the system.

A server on this machine is never reached through a proxy, which would carry unencrypted text to
another machine. Nor is a name server asked for this machine's address.
"""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from tray_dictate.system.network.address import loopbacks

# Of the variables SCHEME_proxy, the first that is set; a socks proxy carries everything.
_SCHEMES = {
    "ws": ("ws", "socks", "https", "http", "all"),
    "wss": ("wss", "socks", "https", "all"),
    "http": ("http", "socks", "all"),
    "https": ("https", "socks", "all"),
}
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the variable that names it."""

    url: str
    variable: str

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, which needs a package."""
        return self.url.startswith("socks")


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached: at `addresses` if there are any, else by its name."""

    addresses: tuple[str, ...]  # this machine's
    port: int
    proxy: Proxy | None


def route(url: str) -> Route:
    """Return how the server of a URL is reached."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    addresses = loopbacks(f"[{host}]" if ":" in host else host)
    return Route(addresses, port, None if addresses else _proxy(parts.scheme, host, port))


def _proxy(scheme: str, host: str, port: int) -> Proxy | None:
    if urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    known = urllib.request.getproxies()
    name = next((name for name in _SCHEMES[scheme] if known.get(name)), "")
    if not name:
        return None
    address = known[name]
    if "://" not in address and ":" in address:  # as curl takes it
        address = f"http://{address}"
    protocol, mark, rest = address.partition("://")
    if protocol == "socks" or (name == "socks" and protocol == "http"):  # GNOME's spelling; macOS'
        protocol = "socks5h"
    return Proxy(f"{protocol}{mark}{rest}", f"{name.upper()}_PROXY")
