"""Whether a daemon runs, and answers as one of our version does; and whether it starts at login."""

from __future__ import annotations

import time

from tray_dictate import __version__
from tray_dictate.app.control import client as control
from tray_dictate.core.errors import ControlError
from tray_dictate.doctor.check import Finding
from tray_dictate.system import autostart

_AGAIN = "Quit tray_dictate from its tray icon and start it again."
_OFF = "off; `tray-dictate autostart enable` switches it on"


def serves() -> bool:
    """Whether somebody listens at the control socket; blocks briefly."""
    try:
        connection, _ = control.connect()
    except ControlError as reason:
        return str(reason) != control.NOT_RUNNING
    connection.close()
    return True


def look() -> list[Finding]:
    """Ask it how it is; blocks."""
    began = time.monotonic()
    try:
        answer = control.send("status")
    except ControlError as error:
        if str(error) == control.NOT_RUNNING:
            words = "tray_dictate does not run; `tray-dictate` starts it"
            return [Finding("daemon", "unchecked", words)]
        return [Finding("daemon", "failed", str(error), remedy=_AGAIN)]
    milliseconds = (time.monotonic() - began) * 1e3
    theirs = str(answer.get("program", "of an older version"))
    if theirs != __version__:
        words = f"tray_dictate {theirs} runs, and this is {__version__}."
        return [Finding("daemon", "warning", words, milliseconds, "ms", _AGAIN)]
    words = f"it runs and answers; its status is {answer.get('status')}"
    return [Finding("daemon", "ok", words, milliseconds, "ms")]


def login() -> list[Finding]:
    """Return what the next session starts; blocks."""
    found = autostart.status()
    if found.problem:
        state = "failed" if found.broken else "warning"
        remedy = "Run `tray-dictate autostart enable`, or `disable`."
        return [Finding("autostart", state, found.problem, remedy=remedy)]
    return [Finding("autostart", "ok", f"on ({found.way}: {found.where})" if found.on else _OFF)]
