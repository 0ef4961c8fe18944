"""The icon, its menu and messages, one file per kind of host."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from tray_dictate.core.ports import Actions, Tray
from tray_dictate.system.threads import Bridge
from tray_dictate.ui.tray.headless import Headless

log = logging.getLogger(__name__)


def select(
    bridge: Bridge,
    actions: Actions,
    *,
    icon: bool,
    notifications: bool,
    platform: str = sys.platform,
) -> Tray:
    """Return the tray for this platform; one without an icon where nothing else works."""
    if not icon and not notifications:
        return Headless()
    try:
        return _make(platform, bridge, actions, icon=icon, notifications=notifications)
    except Exception:
        log.warning("No icon and no notifications here", exc_info=True)
        return Headless()


def _make(
    platform: str, bridge: Bridge, actions: Actions, *, icon: bool, notifications: bool
) -> Tray:
    wanted = {"notifications": notifications}
    if platform not in ("win32", "darwin"):
        linux: Any = importlib.import_module("tray_dictate.ui.tray.linux")
        return linux.LinuxTray(bridge, actions, icon=icon, **wanted)
    if not icon:
        return Headless()  # their messages belong to an icon
    pystray: Any = importlib.import_module("tray_dictate.ui.tray.pystray")
    return pystray.PystrayTray(actions, **wanted)
