"""What kind of session this is, and whether its compositor or X server answers."""

from __future__ import annotations

import os
import platform
import sys
import time

from tray_dictate import __version__
from tray_dictate.core.errors import UnavailableError
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.system.session import compositor_answers

_X11_NEEDS = (
    "XTEST",
    "XInputExtension",
)  # the output types by one, the hotkey listens by the other


def versions() -> list[Finding]:
    """Return what runs on what."""
    words = f"tray_dictate {__version__}, Python {platform.python_version()}, {_system()}"
    return [Finding("version", "ok", f"{words}, {platform.machine()}")]


def session() -> list[Finding]:
    """Return the kind of session; blocks."""
    if sys.platform in ("win32", "darwin"):
        return [Finding("display", "ok", platform.system())]
    if compositor_answers():
        from tray_dictate.doctor import wayland  # noqa: PLC0415 - Linux only

        return wayland.session()
    try:
        words, milliseconds, missing = _ask_server()
    except UnavailableError as reason:
        return [failed("display", reason)]
    if missing:
        words = f"{words}; the X server lacks {' and '.join(missing)}"
        remedy = f"Start it without '-extension {missing[0]}'."
        return [Finding("display", "failed", words, milliseconds, "ms", remedy)]
    return [Finding("display", "ok", f"X11 ({words})", milliseconds, "ms")]


def _ask_server() -> tuple[str, float, list[str]]:
    """Return whose it is, the milliseconds of a question, what is missing. Raises."""
    from tray_dictate.system.x11 import connect, disconnect  # noqa: PLC0415 - X only

    display = connect()
    try:
        began = time.monotonic()
        display.get_input_focus()
        milliseconds = (time.monotonic() - began) * 1e3
        missing = [name for name in _X11_NEEDS if not display.has_extension(name)]
        vendor = str(display.display.info.vendor)
    finally:
        disconnect(display)
    desktop = os.environ.get("XDG_CURRENT_DESKTOP") or "no name for the desktop"
    return f"{os.environ.get('DISPLAY')}, {vendor}, {desktop}", milliseconds, missing


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)
