"""The tray icon, its menu and notifications: one file for each type of host."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from tray_dictate.core.ports import Tray, TrayCommands
from tray_dictate.system.threads import Bridge
from tray_dictate.ui.tray.headless import Headless

log = logging.getLogger(__name__)


def select(
    bridge: Bridge,
    commands: TrayCommands,
    *,
    icon: bool,
    notifications: bool,
    platform: str = sys.platform,
) -> Tray:
    """Return the tray for this platform, or Headless if no icon can be shown.

    It calls `commands` from any thread.
    """
    if not icon and not notifications:
        return Headless()
    try:
        return _make(platform, bridge, commands, icon=icon, notifications=notifications)
    except Exception:
        log.warning("No icon and no notifications here", exc_info=True)
        return Headless()


def _make(
    platform: str, bridge: Bridge, commands: TrayCommands, *, icon: bool, notifications: bool
) -> Tray:
    wanted = {"notifications": notifications}
    if platform not in ("win32", "darwin"):
        linux: Any = importlib.import_module("tray_dictate.ui.tray.linux")
        return linux.LinuxTray(bridge, commands, icon=icon, **wanted)
    if not icon:
        return Headless()  # these systems show messages only for an icon
    pystray: Any = importlib.import_module("tray_dictate.ui.tray.pystray")
    return pystray.PystrayTray(commands, **wanted)
