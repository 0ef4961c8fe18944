"""The messages of a first run: which key to hold, and what would not be noticed."""

from __future__ import annotations

import logging
from pathlib import Path

from tray_dictate.config.schema import Config, HotkeySettings
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.keys import in_words, parse_chord, parse_key
from tray_dictate.system import files as paths

log = logging.getLogger(__name__)

_UNSEEN = (
    "Nothing shows or sounds while the microphone is open: tray.icon and audio.cues are off. "
    "`tray-dictate status` tells it; set one of them to true to notice it."
)


def welcome(settings: HotkeySettings, trigger: Trigger | None = None) -> str:
    """Return what to tell a user who has not been told before, else nothing.

    `trigger` is what the desktop makes of the hotkey: where that is another desktop than at the
    first run, it is another key. While there is none, there is nothing to tell.
    """
    marker = paths.welcomed_file()
    if trigger and not trigger.keys and trigger.way != "commands":
        return ""  # the desktop has not answered, or the user has been told what was wrong
    if trigger:
        marker = marker.with_name(f"{marker.name}-{trigger.way}")
    return _how(settings, trigger) if _first(marker) else ""


def unseen(config: Config) -> str:
    """Return what to tell, once, a user who would not notice that the microphone is open."""
    audio = config.audio
    sounds = "start" in audio.cues if isinstance(audio.cues, list) else audio.cues
    if config.tray.icon or (sounds and audio.cue_volume):
        return ""
    marker = paths.welcomed_file()
    return _UNSEEN if _first(marker.with_name(f"{marker.name}-unseen")) else ""


def _first(marker: Path) -> bool:
    """Return whether this marker was not there, and make it."""
    try:
        paths.private_folder(marker.parent)
        marker.touch(mode=0o600, exist_ok=False)  # made whole or not at all: it is empty
    except OSError as reason:  # a home that forgets: a guest's, who is new each time
        if marker.exists():
            return False
        log.info("%s cannot be written, so the first run is told of again: %s", marker, reason)
    return True


def _how(settings: HotkeySettings, trigger: Trigger | None) -> str:
    if trigger and not trigger.keys:
        return trigger.advice
    key = trigger.keys if trigger else in_words(parse_chord(settings.keys))
    drop = f" {trigger.advice}".rstrip() if trigger else ""
    if settings.cancel and not trigger:  # a desktop gives us no Escape
        drop = f" {in_words((parse_key(settings.cancel),))} drops what you say."
    if settings.mode == "toggle":
        first, last = f"Press {key} and speak", "Press it again"
    else:
        first, last = f"Hold {key} and speak", "Let go"
    return f"{first}; the words appear where you type. {last} when you are done.{drop}"
