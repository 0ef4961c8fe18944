"""The one message of a first run: which key to hold."""

from __future__ import annotations

import logging

from tray_dictate import paths
from tray_dictate.config import HotkeySettings
from tray_dictate.core.keys import in_words, parse_chord, parse_key

log = logging.getLogger(__name__)


def welcome(settings: HotkeySettings) -> str:
    """Return what to tell a user who has not been told before, else nothing."""
    marker = paths.welcomed_file()
    try:
        paths.private_folder(marker.parent)
        marker.touch(mode=0o600, exist_ok=False)  # made whole or not at all: it is empty
    except OSError as reason:  # a home that forgets: a guest's, who is new each time
        if marker.exists():
            return ""
        log.info("%s cannot be written, so the first run is told of again: %s", marker, reason)
    return _how(settings)


def _how(settings: HotkeySettings) -> str:
    key = in_words(parse_chord(settings.keys))
    drop = ""
    if settings.cancel:
        drop = f" {in_words((parse_key(settings.cancel),))} drops what you say."
    if settings.mode == "toggle":
        first, last = f"Press {key} and speak", "Press it again"
    else:
        first, last = f"Hold {key} and speak", "Let go"
    return f"{first}; the words appear where you type. {last} when you are done.{drop}"
