"""Start at login: what the session starts is looked up and changed where the session looks.

Each system has its ways; of one user's, never more than one is on. An entry names the program that
wrote it, so it is right again after a move as soon as `mend` or `enable` ran.
"""

from __future__ import annotations

import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import own_python

logger = logging.getLogger(__name__)

_NAME = "tray-dictate"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a session would start."""

    where: str  # for the user: a path, or a key of the registry
    command: tuple[str, ...]
    on: bool  # False: it is there, and was switched off in the desktop's own settings


class AutostartBackend(Protocol):
    """One way of being started with the session."""

    name: str

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        ...

    def write(self, command: tuple[str, ...]) -> None:
        """Make the entry, switched on. Raises OSError or UnavailableError."""
        ...

    def remove(self) -> None:
        """Take the entry away; idempotent. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """Whether it starts at login, how, and what is wrong with that."""

    on: bool
    way: str = ""
    where: str = ""
    command: tuple[str, ...] = ()
    problem: str = ""  # with its remedy; empty when all is well
    broken: bool = False  # it starts nothing, or not as it should

    def __str__(self) -> str:
        """Return it in words."""
        if self.on:
            said = f"tray-dictate starts at login ({self.way}: {self.where})."
        elif self.where:
            said = f"tray-dictate does not start at login: {self.where} is switched off."
        else:
            said = "tray-dictate does not start at login."
        return f"{said} {self.problem}".strip()


def enabled() -> bool:
    """Tell whether the next session starts it. Raises UnavailableError."""
    return status().on


def status() -> Login:
    """Return what the next session does, by its own files. Raises UnavailableError."""
    found = _entries()
    for way, entry in found:
        if entry.on:
            return Login(
                True, way.name, entry.where, entry.command,
                problem=_problem(entry.command),
                broken=_is_gone(entry.command) or _is_outdated(entry.command),
            )  # fmt: skip
    for way, entry in found:
        return Login(False, way.name, entry.where, entry.command)
    return Login(False)


def enable(*, systemd: bool | None = None) -> None:
    """Start with every session, by a systemd user service or not; None: as it was, if it was.

    Raises UnavailableError.
    """
    ways = _ways()
    chosen = next((way for way, entry in _entries() if entry.on), ways[0])
    if systemd is not None:
        chosen = _way("systemd", ways) if systemd else ways[0]
    try:
        chosen.write(program())
        for other in ways:
            if other is not chosen and other.name != chosen.name:
                other.remove()
    except OSError as reason:
        raise _unwritable(reason) from reason


def disable() -> None:
    """Start with no session; a running daemon goes on. Raises UnavailableError."""
    try:
        for way in _ways():
            way.remove()
    except OSError as reason:
        raise _unwritable(reason) from reason


def mend() -> bool:
    """Let an entry whose program is gone, or an older one of ours, be right; tell whether it did.

    An entry for another installation that exists is the user's choice. Raises UnavailableError.
    """
    if not status().broken:
        return False
    enable()
    return True


def keep_right() -> None:
    """Mend, for a daemon that starts, which does not fail of it."""
    try:
        if mend():
            logger.info("start at login names this installation now: %s", program()[0])
    except UnavailableError as reason:
        logger.warning("%s", reason)


def program() -> tuple[str, ...]:
    """Return the command that runs this very installation's daemon, wherever it is started."""
    here = Path(sys.executable).absolute()  # not resolved: a venv's Python is a link
    if sys.platform == "win32":  # its other launchers open a console window
        return _by_python(here.with_name("pythonw.exe"))
    script = here.with_name(_NAME)
    if script.is_file():
        return (str(script), "run")
    called = Path(sys.argv[0]).absolute()  # where scripts are not beside Python: pip --user
    if called.name == _NAME and called.is_file():
        return (str(called), "run")
    return _by_python(here)


def _by_python(python: Path) -> tuple[str, ...]:
    return tuple(own_python.module("tray_dictate", "run", python=str(python)))


def _ways() -> list[AutostartBackend]:
    """Return this system's, the usual one first."""
    if sys.platform == "darwin":
        from tray_dictate.system.autostart.launchd import LaunchAgent  # noqa: PLC0415

        return [LaunchAgent()]
    if sys.platform == "win32":
        from tray_dictate.system.autostart.run_key import RunKey  # noqa: PLC0415

        return [RunKey()]
    from tray_dictate.system.autostart.systemd import Service  # noqa: PLC0415
    from tray_dictate.system.autostart.xdg import DesktopEntry  # noqa: PLC0415

    return [DesktopEntry(), Service()]


def _way(name: str, ways: list[AutostartBackend]) -> AutostartBackend:
    for way in ways:
        if way.name == name:
            return way
    raise UnavailableError(
        f"This system has no {name}.", "Leave out --systemd: it can start at login all the same."
    )


def _entries() -> list[tuple[AutostartBackend, Entry]]:
    try:
        return [(way, entry) for way in _ways() if (entry := way.read())]
    except OSError as reason:
        raise UnavailableError(
            f"It cannot be seen whether tray-dictate starts at login: {reason.filename}: "
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
    """Tell whether it is what an older version of this installation has written."""
    python, *words = program()
    before = (python, *(word for word in words if word != own_python.SAFELY))
    return command == before != program()


def _unwritable(reason: OSError) -> UnavailableError:
    return UnavailableError(
        f"Start at login could not be changed: {reason.filename}: {reason.strerror}.",
        "Make it writable for you, and try again.",
    )
