"""The tray's words, and text of any origin made fit to show.

A tooltip or notification may quote an error of the system, a device's name or a server's answer:
a NUL in it would end our D-Bus connection, a lone surrogate cannot be encoded, and a bidirectional
override would turn the sentence round.
"""

from __future__ import annotations

import html

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import Urgency

NAME = "tray_dictate"  # the program, for desktops and their settings
TITLE = "Dictation"  # the same, for people
LONGEST = 1000  # characters of a notification; nobody reads more, and daemons clip it anyway

BUTTONS = {  # of a notification, by the names of what they do
    "redo": "Insert now", "copy": "Copy", "settings": "Settings", "check": "Check this machine",
}  # fmt: skip

Unseen = tuple[str, Urgency]

_WORDS = {
    Status.OFF: "Dictation is off",
    Status.IDLE: "Dictation ready",
    Status.OPENING: "Opening the microphone",
    Status.RECORDING: "Recording",
    Status.TRANSCRIBING: "Transcribing",
    Status.ERROR: "Problem",
}


def tooltip(status: Status, detail: str = "", *, listening: bool = False) -> str:
    """Return one line that says what goes on, and whether the microphone is open meanwhile."""
    words, detail = _WORDS[status], " ".join(plain(detail).split())
    said = f"{words}: {detail}" if detail else words
    return f"{said} (the microphone is open)" if is_marked(status, listening=listening) else said


def is_marked(status: Status, *, listening: bool) -> bool:
    """Return whether it is to be said that the microphone is open: not where the status does."""
    return listening and status not in (Status.OPENING, Status.RECORDING)


def seen(status: Status, detail: str, unseen: Unseen | None) -> tuple[Status, str]:
    """Return status and detail with a message that nothing else shows, while nothing goes on."""
    if unseen is None or status is not Status.IDLE:
        return status, detail
    message, urgency = unseen
    return Status.ERROR if urgency is Urgency.CRITICAL else status, message


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text without control, format and unencodable characters, cut to a length."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join(_plain_line(line) for line in lines).strip()
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def markup(text: str) -> str:
    """Return the text so that a reader of markup shows it literally."""
    return html.escape(text, quote=False)


def _plain_line(line: str) -> str:
    spaced = (" " if char.isspace() else char for char in line)
    return "".join(char for char in spaced if char.isprintable())
