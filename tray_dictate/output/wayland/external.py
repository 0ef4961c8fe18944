"""Typing by other programs: wtype (virtual keyboard), ydotool (the kernel's uinput).

Each is first run with nothing to type: an installed program may still not work, and a failure in
mid-text cannot be undone. The text is their stdin: a process list shows arguments to every user.
"""

from __future__ import annotations

import os
import string
import subprocess
import threading
from typing import ClassVar

from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.output.wayland.keymap import session_characters
from tray_dictate.system.key_variables import without_keys

CHUNK = 64  # characters of one run, between which `stop` is looked at
PATIENCE, EACH = 10.0, 0.1  # seconds for a run, and more per character

# early releases 1.0 of ydotool have [ \ ] ^ wrong and no _
YDOTOOL = frozenset(string.ascii_letters + string.digits + string.punctuation + " \n\t") - {
    *"[\\]^_"
}


class _Program:
    """A program that types its stdin; a subclass has its commands and remedies."""

    command: ClassVar[list[str]]
    nothing: ClassVar[list[str]]  # the command that types nothing
    missing, useless = "", ""  # the remedies

    def check(self) -> None:
        """Raise UnavailableError where it cannot type in this session."""
        name = self.command[0]
        try:
            code, said = _run(self.nothing, "")
        except (FileNotFoundError, PermissionError):
            raise UnavailableError(f"{name} is not installed.", self.missing) from None
        except (OSError, subprocess.TimeoutExpired):
            raise UnavailableError(f"{name} does not answer.", self.useless) from None
        if code or b"unavailable" in said:
            raise UnavailableError(f"{name} cannot type in this session.", self.useless)

    def type(self, text: str, stop: threading.Event) -> int:
        """Type; return how many characters went out, less where `stop` ends it.

        Raises UnavailableError where nothing was typed, else DeliveryError.
        """
        self.check()
        for done in range(0, len(text), CHUNK):
            if stop.is_set():
                return done
            try:
                code, _ = _run(self.command, text[done : done + CHUNK])
            except (OSError, subprocess.TimeoutExpired):
                code = -1
            if code:
                raise DeliveryError(f"{self.command[0]} failed while typing.", done)
        return len(text)


class Wtype(_Program):
    """wtype, where the compositor has virtual keyboards."""

    command: ClassVar = ["wtype", "-"]
    nothing: ClassVar = ["wtype", "-"]
    missing = "Install wtype."


class Ydotool(_Program):
    """ydotool, which presses the keys that a US keyboard has for a text, whatever they give."""

    command: ClassVar = ["ydotool", "type", "--file", "/dev/stdin"]  # not all releases know "-"
    nothing: ClassVar = ["ydotool", "type", "--file", os.devnull]
    missing = "Install ydotool."
    useless = "Start ydotoold: systemctl --user start ydotool"

    def __init__(self, characters: frozenset[str] | None = None) -> None:
        """`characters`: those where a US keyboard has them; None: the session's, at each text."""
        self._characters = characters

    def type(self, text: str, stop: threading.Event) -> int:
        """Type as above. Refuse text with characters for which it would press a wrong key."""
        characters = session_characters() if self._characters is None else self._characters
        if not (YDOTOOL & characters).issuperset(text):
            raise UnavailableError(
                "ydotool can only press the keys of a US keyboard, and the text needs others."
            )
        return super().type(text, stop)


def _run(command: list[str], text: str) -> tuple[int, bytes]:
    """Return the exit code and the error output."""
    ended = subprocess.run(
        command,
        input=text.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=PATIENCE + EACH * len(text),
        check=False,
        env=without_keys(LC_ALL="C.UTF-8"),  # else wtype drops the rest at the first umlaut
    )
    return ended.returncode, ended.stderr
