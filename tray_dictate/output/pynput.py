"""Types text into whatever has the focus on Windows and macOS, as Unicode characters.

NOT RUN by us on macOS. To check it: open a text editor, start `tray-dictate`, hold the hotkey and
say two sentences; again with Caps Lock on, and into a browser. Expected: the first sentence is
there while the key is still down, the text is exact, and no shortcut of the editor's fires. On
macOS the first attempt asks for the Accessibility permission, without which the system drops every
key in silence.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from pynput import keyboard

from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import sanitize
from tray_dictate.output.clipboard import ClipboardOnly, ClipboardOutput
from tray_dictate.output.user_keys import UNKNOWN_KEYS, UserKeys, hotkey_modifiers
from tray_dictate.output.windows_typist import WindowsTypist
from tray_dictate.system.physical_keys import PhysicalKeys, physical_keys

LET_GO_LIMIT = 60.0  # seconds that we wait for the user to let go of the modifiers
LOOK = 0.03  # seconds between two looks at them meanwhile
STRIDE = 16  # characters between two pauses of PAUSE
PAUSE = 0.005  # seconds, for programs that read their keys slowly


class Typist(Protocol):
    """Types a few characters at once."""

    def type(self, text: str) -> None:
        """Type them all. Raises DeliveryError."""
        ...


class PynputTypist:
    """Typist by pynput, whose events carry no modifiers on macOS, whatever is held."""

    def __init__(self) -> None:
        self._controller = keyboard.Controller()

    def type(self, text: str) -> None:
        """Type them all. Raises DeliveryError."""
        try:
            self._controller.type(text)
        except self._controller.InvalidCharacterException as reason:
            raise DeliveryError(f"A character could not be typed: {reason}.") from reason


class DesktopOutput(ClipboardOnly):
    """ports.Output that types, on one thread and in order."""

    def __init__(
        self,
        user_keys: UserKeys = UNKNOWN_KEYS,
        keys: PhysicalKeys | None = None,
        typist: Typist | None = None,
    ) -> None:
        self._user_keys = user_keys
        self._keys = keys or physical_keys()
        self._typist = typist or _typist(self._keys, self._user_keys)
        self._stop = threading.Event()
        self._worker = ThreadPoolExecutor(1, "output")

    async def target(self) -> Target | None:
        """Return whatever has the focus: windows cannot be told apart here yet."""
        return Target("focus")

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Type the text into whatever has the focus. Raises DeliveryError."""
        del target, onward
        if self._stop.is_set():
            raise DeliveryError("Dictation ended before the text was inserted.")
        text = sanitize(text)
        await asyncio.get_running_loop().run_in_executor(self._worker, self._type, text)
        return Receipt(confirmed=False, method="type")

    async def copy_to_clipboard(self, text: str) -> None:
        """Make the text the user's clipboard. Raises DeliveryError."""
        await ClipboardOutput().copy_to_clipboard(text)

    async def close(self) -> None:
        """End typing between two characters; idempotent."""
        self._stop.set()
        self._worker.shutdown(wait=False)

    def _type(self, text: str) -> None:
        self._await_modifiers()
        for start in range(0, len(text), STRIDE):
            if self._stop.is_set():
                raise DeliveryError("Dictation ended while the text was being typed.")
            self._typist.type(text[start : start + STRIDE])
            time.sleep(PAUSE)

    def _await_modifiers(self) -> None:
        """Wait until no modifier is down: with one, the system would take text for shortcuts.

        The hotkey's own are down while the user dictates. Raises DeliveryError after a long time.
        """
        end = time.monotonic() + LET_GO_LIMIT
        while self._modifier_down() and not self._stop.wait(LOOK):
            if time.monotonic() > end:
                raise DeliveryError(
                    "Release the modifier key: while it is down, the text would trigger shortcuts."
                )

    def _modifier_down(self) -> bool:
        if not self._keys:
            return False
        others = self._keys.modifiers.keys() - hotkey_modifiers(self._user_keys, self._keys)
        return any(self._keys.is_down(self._keys.modifiers[name]) for name in others)


def _typist(keys: PhysicalKeys | None, user_keys: UserKeys) -> Typist:
    if sys.platform == "win32" and keys:
        return WindowsTypist(ctypes.windll.user32, keys, user_keys)
    return PynputTypist()
