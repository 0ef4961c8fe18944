"""Addresses of servers as people write them, and which of them need no encryption."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from tray_dictate.core.errors import ConfigError

_EVERY = ("127.0.0.1", "::1")
_NAMES = {  # those of hosts files
    "localhost", "localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6",
    "localhost6.localdomain6", "ip6-localhost", "ip6-loopback",
}  # fmt: skip
_NUMBERS = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}")


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address in its parts."""

    secure: bool
    host: str  # with its port, as it stands in a URL
    path: str
    query: str

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine."""
        return is_local(self.host)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The schemes that addresses of one setting may have, and words for messages about others."""

    plain: tuple[str, ...]  # schemes without encryption
    secure: tuple[str, ...]
    example: str
    key: str  # where a password belongs
    consent: str = ""  # how to allow a plain scheme to another machine

    def parse(self, text: str, setting: str, *, allow_plain: bool = False) -> Address:
        """Return the parts of an address; no scheme means encryption, but on this machine.

        Raises ConfigError, which names the setting and shows neither a password nor a query.
        """
        text = text.strip()
        if not text.isprintable():
            raise ConfigError([f"{setting}: it contains a line break or a control character"])
        shown = repr(text.partition("?")[0])  # a query may hold a key
        if "://" not in text:
            text = f"{(self.plain if is_local(_authority(text)) else self.secure)[0]}://{text}"
        authority = _authority(text.partition("://")[2])
        if "@" in authority:
            raise ConfigError([f"{setting}: it contains a password; use {self.key}"])
        try:
            split = urlsplit(text)
            port = split.port  # raises where it is none
        except ValueError as error:
            raise ConfigError([f"{setting}: {shown} is not an address: {error}"]) from error
        if split.scheme not in self.plain + self.secure or not split.hostname or " " in authority:
            raise ConfigError([f"{setting}: {shown} is not an address such as {self.example}"])
        host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
        host += f":{port}" if port else ""
        address = Address(split.scheme in self.secure, host, split.path, split.query)
        if not (address.secure or allow_plain or address.is_local):
            raise ConfigError([f"{setting}: {self._readable(host)}"])
        return address

    def _readable(self, host: str) -> str:
        plain, secure = (
            " or ".join(f"{scheme}://" for scheme in schemes)
            for schemes in (self.plain, self.secure)
        )
        return (
            f"{host} is another machine, and {plain} lets anyone on the way read what you say; "
            f"use {secure}{self.consent}"
        )


def is_local(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine."""
    return bool(loopbacks(host))


def loopbacks(host: str) -> tuple[str, ...]:
    """Return the addresses that are this machine under this name, the likeliest first.

    No name server is asked: a name that people take for this machine, but a name server or a proxy
    for another, must not lead there. Empty for another machine's host, which may have a port, too.
    """
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    name = unicodedata.normalize("NFKC", name.partition("]")[0].strip("[]")).lower().rstrip(".")
    if name in _NAMES or name.endswith(".localhost"):  # RFC 6761
        return _EVERY
    address = _ip(name)
    if address is None:
        return ()
    if address.is_unspecified:  # what a server listens on, copied from its log
        return _EVERY
    return (str(address),) if address.is_loopback else ()


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a name spells, as resolvers take it; None for another name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if not _NUMBERS.fullmatch(name):
            return None
        try:
            return ipaddress.IPv4Address(socket.inet_aton(name))  # 127.1
        except OSError:
            return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _authority(address: str) -> str:
    """Return the part before the path: host and port."""
    return re.split("[/?#]", address, maxsplit=1)[0]
