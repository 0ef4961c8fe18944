"""What the desktop offers: a place for the icon, and messages."""

from __future__ import annotations

import os
import sys
from typing import Any

from tray_dictate.config.schema import TraySettings
from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.doctor.check import Finding
from tray_dictate.system import blocking

_WATCHER, _WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
_PROPERTIES = "org.freedesktop.DBus.Properties.Get"
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
    if await blocking.start(_xembed):
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
    from tray_dictate.system.dbus import TROUBLE, call, connect  # noqa: PLC0415 - Linux only
    from tray_dictate.ui.tray.notifications import PATH, SERVICE  # noqa: PLC0415

    try:
        bus = await connect()
    except TROUBLE as error:
        words = f"No messages are shown: there is no session bus ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_BUS)]
    try:
        member = f"{SERVICE}.GetServerInformation"
        name, _, version, _ = await call(bus, SERVICE, PATH, member, start=True)
    except (*TROUBLE, TypeError) as error:
        words = f"No messages are shown: no program takes them ({why(error)})."
        return [Finding("notifications", "warning", words, remedy=_NO_SERVICE)]
    finally:
        bus.disconnect()
    return [Finding("notifications", "ok", f"{name} {version}")]


async def _hosted() -> tuple[bool, str]:
    """Return whether a status notifier host draws us, and why not."""
    from tray_dictate.system.dbus import TROUBLE, call, connect  # noqa: PLC0415 - Linux only

    try:
        bus = await connect()
    except TROUBLE as error:
        return False, f"there is no session bus ({why(error)}) and no other tray"
    wanted = (_WATCHER, "IsStatusNotifierHostRegistered")
    try:
        [answer] = await call(bus, _WATCHER, _WATCHER_PATH, _PROPERTIES, "ss", *wanted)
    except TROUBLE:
        return False, "no panel here draws status notifiers, nor older icons"
    finally:
        bus.disconnect()
    hosted: Any = getattr(answer, "value", answer)
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
