"""Addresses of servers as people write them, and which of them may be talked to in the clear."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tray_dictate.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address in its parts."""

    secure: bool
    host: str  # with its port, as it stands in a URL
    path: str
    query: str

    @property
    def is_local(self) -> bool:
        """Whether it is this machine."""
        return is_local(self.host)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of addresses: what may stand in front, and what is said of those that will not do."""

    plain: tuple[str, ...]  # schemes that everybody on the way can read
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
            raise ConfigError([f"{setting}: it holds a line break or a control character"])
        shown = repr(text.partition("?")[0])  # a query may hold a key
        if "://" not in text:
            text = f"{(self.plain if is_local(_authority(text)) else self.secure)[0]}://{text}"
        authority = _authority(text.partition("://")[2])
        if "@" in authority:
            raise ConfigError([f"{setting}: it holds a password; use {self.key}"])
        try:
            split = urlsplit(text)
            port = split.port  # raises where it is none
        except ValueError as error:
            raise ConfigError([f"{setting}: {shown} is no address: {error}"]) from error
        if split.scheme not in self.plain + self.secure or not split.hostname or " " in authority:
            raise ConfigError([f"{setting}: {shown} is no address such as {self.example}"])
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
            f"{host} is another machine, and {plain} lets everybody on the way read what you say; "
            f"use {secure}{self.consent}"
        )


def is_local(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine."""
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    name = name.partition("]")[0].strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() in ("localhost", "localhost.localdomain")


def _authority(address: str) -> str:
    """Return what stands before the path, with the port."""
    return re.split("[/?#]", address, maxsplit=1)[0]
