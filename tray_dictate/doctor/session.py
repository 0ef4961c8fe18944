"""What kind of session this is, and whether its compositor or X server answers.

What the desktop offers: a place for the icon, and messages.
"""

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
from tray_dictate.system.wayland import compositor_answers

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


_WATCHER, _WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
_NO_BUS = "Start it in your desktop session, not by ssh or sudo."
_GNOME = (
    "On GNOME install and enable the extension AppIndicator (Debian, Ubuntu: apt install "
    "gnome-shell-extension-appindicator), then log in anew. "
)
_OTHERWISE = "Add a tray (status notifier) to your panel; all else works without the icon."
_NO_SERVICE = "Install one, such as dunst (X11) or mako (Wayland). Until then the log has them."


async def tray(settings: TraySettings) -> list[Finding]:
    """Look for a host that draws our icon."""
    if not settings.icon:
        return [Finding("tray", "unchecked", "tray.icon is false: no icon is shown")]
    if sys.platform != "linux":
        return [Finding("tray", "ok", "the system has a place for the icon")]
    found, trouble = await _hosted()
    if found:
        return [Finding("tray", "ok", "StatusNotifierItem: the panel draws icon and menu")]
    if await threads.run_in_thread(_xembed):
        return [Finding("tray", "ok", "XEmbed: icon without a menu, a click starts and stops")]
    gnome = "gnome" in os.environ.get("XDG_CURRENT_DESKTOP", "").lower()
    remedy = (_GNOME if gnome else "") + _OTHERWISE
    return [Finding("tray", "warning", f"No icon is shown: {trouble}.", remedy=remedy)]


async def notifications(settings: TraySettings) -> list[Finding]:
    """Look for who shows messages; nothing is shown."""
    if not settings.notifications:
        return [Finding("notifications", "unchecked", "tray.notifications is false")]
    if sys.platform != "linux":
        return [Finding("notifications", "ok", "by the system")]
    from tray_dictate.system.dbus import TROUBLE, Service, connect  # noqa: PLC0415 - Linux only
    from tray_dictate.ui.tray.notifications import PATH, SERVICE  # noqa: PLC0415

    try:
        bus = await connect()
    except TROUBLE as error:
        words = f"No messages are shown: there is no session bus ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_BUS)]
    try:
        service = Service(bus, SERVICE, PATH)
        name, _, version, _ = await service.call(SERVICE, "GetServerInformation", start=True)
    except (*TROUBLE, TypeError) as error:
        words = f"No messages are shown: no program takes them ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_SERVICE)]
    finally:
        bus.disconnect()
    return [Finding("notifications", "ok", f"{name} {version}")]


async def _hosted() -> tuple[bool, str]:
    """Return whether a status notifier host draws us, and why not."""
    from tray_dictate.system.dbus import TROUBLE, Service, connect  # noqa: PLC0415 - Linux only

    try:
        bus = await connect()
    except TROUBLE as error:
        return False, f"there is no session bus ({why(error)}) and no other tray"
    watcher = Service(bus, _WATCHER, _WATCHER_PATH)
    try:
        hosted = await watcher.property(_WATCHER, "IsStatusNotifierHostRegistered")
    except TROUBLE:
        return False, "no panel here draws status notifiers, nor older icons"
    finally:
        bus.disconnect()
    return bool(hosted), "there is a StatusNotifierWatcher, but no panel that draws for it"


def _xembed() -> bool:
    if not os.environ.get("DISPLAY"):
        return False
    from tray_dictate.system.x11 import connect, disconnect  # noqa: PLC0415 - X only

    try:
        display = connect()
    except UnavailableError:
        return False
    try:
        atom = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        return bool(display.get_selection_owner(atom))
    finally:
        disconnect(display)
