"""Our entry among the desktop's applications.

The menu of applications starts us by it, and newer portals serve only programs that have one.
"""

from __future__ import annotations

import logging

import platformdirs

from tray_dictate.system import autostart
from tray_dictate.system.autostart.xdg import render
from tray_dictate.system.autostart_files import write_whole

log = logging.getLogger(__name__)

APP_ID = "org.tray_dictate.TrayDictate"


def make() -> None:
    """Make the entry for this installation, where it is not there. It blocks."""
    path = platformdirs.user_data_path() / "applications" / f"{APP_ID}.desktop"
    text = f"{render(autostart.program())}Categories=Utility;Accessibility;\n"
    try:
        if not path.exists() or path.read_text() != text:
            write_whole(path, text)
    except OSError as reason:
        log.info("the desktop's entry for us cannot be written: %s", reason)
