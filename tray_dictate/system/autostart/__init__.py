"""Switches start at login on and off, reads its state, and repairs it.

A system may have several back ends; at most one of them is on. An entry names the program that
wrote it: after the installation was moved, `repair` or `enable` writes the new path.
"""

from __future__ import annotations

import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.autostart.entry import AutostartBackend, Entry, program
from tray_dictate.system.programs import own_python

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """Whether tray-dictate starts at login, by which back end, and what is wrong with that."""

    on: bool
    backend: str = ""
    where: str = ""
    command: tuple[str, ...] = ()
    problem: str = ""  # with its remedy; empty when all is well
    broken: bool = False  # it starts nothing, or not as it should

    def __str__(self) -> str:
        """Return the state as sentences for the user, with the remedy."""
        if self.on:
            said = f"tray-dictate starts at login ({self.backend}: {self.where})."
        elif self.where:
            said = f"tray-dictate does not start at login: {self.where} is switched off."
        else:
            said = "tray-dictate does not start at login."
        return f"{said} {self.problem}".strip()


def enabled() -> bool:
    """Return whether the next session starts tray-dictate. Raises UnavailableError."""
    return status().on


def status() -> Login:
    """Return what the next session starts, by its own files. Raises UnavailableError."""
    found = _entries()
    for backend, entry in found:
        if entry.on:
            return Login(
                True, backend.name, entry.where, entry.command,
                problem=_problem(entry.command),
                broken=_is_gone(entry.command) or _is_outdated(entry.command),
            )  # fmt: skip
    for backend, entry in found:
        return Login(False, backend.name, entry.where, entry.command)
    return Login(False)


def enable(*, systemd: bool | None = None) -> None:
    """Start with every session, by a systemd user service or not; None: by what is on already.

    Raises UnavailableError.
    """
    backends = _backends()
    chosen = next((backend for backend, entry in _entries() if entry.on), backends[0])
    if systemd is not None:
        chosen = _named("systemd", backends) if systemd else backends[0]
    try:
        chosen.write(program())
        for other in backends:
            if other is not chosen and other.name != chosen.name:
                other.remove()
    except OSError as reason:
        raise _unwritable(reason) from reason


def disable() -> None:
    """Start with no session; a running daemon goes on. Raises UnavailableError."""
    try:
        for backend in _backends():
            backend.remove()
    except OSError as reason:
        raise _unwritable(reason) from reason


def repair() -> bool:
    """Rewrite an entry whose program is gone, or that an older version wrote.

    Return whether there was one. An entry for another installation that exists is the user's
    choice and stays. Raises UnavailableError.
    """
    if not status().broken:
        return False
    enable()
    return True


def repair_quietly() -> None:
    """Repair the entry; only log a failure, since the daemon works without it."""
    try:
        if repair():
            logger.info("the autostart entry names this installation now: %s", program()[0])
    except UnavailableError as reason:
        logger.warning("%s", reason)


def _backends() -> list[AutostartBackend]:
    """Return the back ends of this system, the usual one first."""
    if sys.platform == "darwin":
        from tray_dictate.system.autostart.launchd import LaunchAgent  # noqa: PLC0415

        return [LaunchAgent()]
    if sys.platform == "win32":
        from tray_dictate.system.autostart.run_key import RunKey  # noqa: PLC0415

        return [RunKey()]
    from tray_dictate.system.autostart.systemd import SystemdService  # noqa: PLC0415
    from tray_dictate.system.autostart.xdg import DesktopEntry  # noqa: PLC0415

    return [DesktopEntry(), SystemdService()]


def _named(name: str, backends: list[AutostartBackend]) -> AutostartBackend:
    for backend in backends:
        if backend.name == name:
            return backend
    raise UnavailableError(
        f"This system has no {name}.", "Leave out --systemd: start at login works without it."
    )


def _entries() -> list[tuple[AutostartBackend, Entry]]:
    try:
        return [(backend, entry) for backend in _backends() if (entry := backend.read())]
    except OSError as reason:
        raise UnavailableError(
            f"Cannot tell whether tray-dictate starts at login: {reason.filename}: "
            f"{reason.strerror}.",
            "Make it readable for you.",
        ) from reason


def _problem(command: tuple[str, ...]) -> str:
    remedy = "Run tray-dictate autostart enable."
    if not command:
        return f"The entry names no program. {remedy}"
    if _is_gone(command):
        return f"{command[0]} is gone or cannot be run. {remedy}"
    if _is_outdated(command):
        return f"The entry would also run code that lies in your home folder. {remedy}"
    ours = program()
    if Path(command[0]).resolve() != Path(ours[0]).resolve() or command[1:] != ours[1:]:
        return f"Another installation starts: {command[0]}. For this one, run {remedy[4:]}"
    return ""


def _is_gone(command: tuple[str, ...]) -> bool:
    return not command or shutil.which(command[0]) is None


def _is_outdated(command: tuple[str, ...]) -> bool:
    """Return whether it is what an older version of this installation has written."""
    python, *words = program()
    before = (python, *(word for word in words if word != own_python.SAFELY))
    return command == before != program()


def _unwritable(reason: OSError) -> UnavailableError:
    return UnavailableError(
        f"Could not change start at login: {reason.filename}: {reason.strerror}.",
        "Make it writable for you, and try again.",
    )
