"""Checks the version, the display, the tray icon and the notifications."""

from __future__ import annotations

import os
import platform
import sys
import time

from tray_dictate import __version__
from tray_dictate.config.schema import TraySettings
from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.system import threads
from tray_dictate.system.desktop.session_names import session_names
from tray_dictate.system.desktop.wayland import compositor_answers

if sys.platform == "linux":
    from tray_dictate.doctor import wayland
    from tray_dictate.system.desktop.dbus import TROUBLE, Service, connect
    from tray_dictate.system.desktop.x11 import connect as connect_x11
    from tray_dictate.system.desktop.x11 import disconnect
    from tray_dictate.ui.tray.notifications import PATH, SERVICE

_EXTENSIONS = ("XTEST", "XInputExtension")  # the output types by one, the hotkey listens by another
_WATCHER, _WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
_NO_BUS = "Start tray_dictate in your desktop session, not over ssh or with sudo."
_GNOME = (
    "On GNOME, install and enable the extension AppIndicator (Debian, Ubuntu: apt install "
    "gnome-shell-extension-appindicator), then log out and in again. "
)
_OTHERWISE = "Add a tray (status notifier) to your panel; everything else works without the icon."
_NO_SERVICE = (
    "Install a notification program, such as dunst (X11) or mako (Wayland). Until then, the "
    "messages are in the log."
)


def check_version() -> list[Finding]:
    """Report the versions of tray_dictate, Python and the system."""
    words = f"tray_dictate {__version__}, Python {platform.python_version()}, {_system()}"
    return [Finding("version", "ok", f"{words}, {platform.machine()}")]


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def check_display() -> list[Finding]:
    """Check whether the compositor or the X server answers; blocks."""
    if sys.platform != "linux":
        return [Finding("display", "ok", platform.system())]
    if compositor_answers():
        return wayland.check_compositor()
    try:
        words, milliseconds, missing = _ask_x_server()
    except UnavailableError as reason:
        return [failed("display", reason)]
    if missing:
        words = f"{words}; the X server lacks {' and '.join(missing)}"
        remedy = f"Start it without '-extension {missing[0]}'."
        return [Finding("display", "failed", words, milliseconds, "ms", remedy)]
    return [Finding("display", "ok", f"X11 ({words})", milliseconds, "ms")]


def _ask_x_server() -> tuple[str, float, list[str]]:
    """Return the server's name, the milliseconds of a round trip, and the missing extensions.

    Raises UnavailableError.
    """
    display = connect_x11()
    try:
        began = time.monotonic()
        display.get_input_focus()
        milliseconds = (time.monotonic() - began) * 1e3
        missing = [name for name in _EXTENSIONS if not display.has_extension(name)]
        vendor = str(display.display.info.vendor)
    finally:
        disconnect(display)
    desktop = os.environ.get("XDG_CURRENT_DESKTOP") or "unknown desktop"
    return f"{os.environ.get('DISPLAY')}, {vendor}, {desktop}", milliseconds, missing


async def check_tray(settings: TraySettings) -> list[Finding]:
    """Check whether a panel shows our icon."""
    if not settings.icon:
        return [Finding("tray", "unchecked", "tray.icon is false: no icon is shown")]
    if sys.platform != "linux":
        return [Finding("tray", "ok", "shown by the system")]
    hosted, trouble = await _is_hosted()
    if hosted:
        return [Finding("tray", "ok", "StatusNotifierItem: the panel shows icon and menu")]
    if await threads.run_in_thread(_has_xembed_tray):
        words = "XEmbed: the panel shows the icon, and a right click opens its menu"
        return [Finding("tray", "ok", words)]
    gnome = "gnome" in session_names()
    remedy = (_GNOME if gnome else "") + _OTHERWISE
    return [Finding("tray", "warning", f"No icon is shown: {trouble}.", remedy=remedy)]


async def _is_hosted() -> tuple[bool, str]:
    """Return whether a StatusNotifierItem host is running, and why none shows our icon."""
    try:
        bus = await connect()
    except TROUBLE as error:
        return False, f"there is no session bus ({why(error)}) and no other tray"
    watcher = Service(bus, _WATCHER, _WATCHER_PATH)
    try:
        hosted = await watcher.property(_WATCHER, "IsStatusNotifierHostRegistered")
    except TROUBLE:
        return False, "no panel shows status notifiers or XEmbed icons"
    finally:
        bus.disconnect()
    return bool(hosted), "a StatusNotifierWatcher is running, but no panel shows its icons"


def _has_xembed_tray() -> bool:
    if not os.environ.get("DISPLAY"):
        return False
    try:
        display = connect_x11()
    except UnavailableError:
        return False
    try:
        atom = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        return bool(display.get_selection_owner(atom))
    finally:
        disconnect(display)


async def check_notifications(settings: TraySettings) -> list[Finding]:
    """Check whether a program shows notifications; none is sent."""
    if not settings.notifications:
        return [Finding("notifications", "unchecked", "tray.notifications is false")]
    if sys.platform != "linux":
        return [Finding("notifications", "ok", "shown by the system")]
    try:
        bus = await connect()
    except TROUBLE as error:
        words = f"No notifications are shown: there is no session bus ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_BUS)]
    try:
        service = Service(bus, SERVICE, PATH)
        name, _, version, _ = await service.call(SERVICE, "GetServerInformation", start=True)
    except (*TROUBLE, TypeError) as error:
        words = f"No notifications are shown: no notification program is running ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_SERVICE)]
    finally:
        bus.disconnect()
    return [Finding("notifications", "ok", f"{name} {version}")]
