"""Windows and macOS: typing through pynput, whose characters go in as Unicode there.

NOT RUN by us: we had neither machine. To check it: open a text editor, start `tray-dictate`, hold
the hotkey and say a sentence; again with Caps Lock on, and into a browser. Expected: exact text
once the hotkey is up, and no shortcut of the editor's fires. On macOS the first attempt asks for
the Accessibility permission, without which the system drops every key in silence.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pynput import keyboard

from tray_dictate.errors import DeliveryError
from tray_dictate.output.blind import Blind
from tray_dictate.output.clipboard import ClipboardOutput
from tray_dictate.output.plain import plain
from tray_dictate.ports import Receipt, Target

LET_GO_LIMIT = 60.0  # seconds that we wait for the user to let go of the modifiers
LOOK = 0.03  # seconds between two looks at them meanwhile
STRIDE = 16  # characters between two pauses of PAUSE
PAUSE = 0.005  # seconds, for programs that read their keys slowly


class DesktopOutput(Blind):
    """Types on one thread, in order."""

    def __init__(self) -> None:
        self._controller = keyboard.Controller()
        self._stop = threading.Event()
        self._worker = ThreadPoolExecutor(1, "output")

    async def target(self) -> Target | None:
        """Return whatever has the focus: which window that is is not asked here yet."""
        return Target("focus")

    async def deliver(self, text: str, target: Target | None = None) -> Receipt:
        """Type the text into whatever has the focus. Raises DeliveryError."""
        del target
        if self._stop.is_set():
            raise DeliveryError("Dictation was ended before the text was delivered.")
        text = plain(text)
        await asyncio.get_running_loop().run_in_executor(self._worker, self._type, text)
        return Receipt(confirmed=False, method="type")

    async def keep(self, text: str) -> None:
        """Make the text the user's clipboard. Raises DeliveryError."""
        await ClipboardOutput().keep(text)

    async def close(self) -> None:
        """End typing between two characters; idempotent."""
        self._stop.set()
        self._worker.shutdown(wait=False)

    def _type(self, text: str) -> None:
        self._await_modifiers()
        for start in range(0, len(text), STRIDE):
            if self._stop.is_set():
                raise DeliveryError("Dictation was ended while the text was typed.")
            try:
                self._controller.type(text[start : start + STRIDE])
            except self._controller.InvalidCharacterException as reason:
                raise DeliveryError(f"A character could not be typed: {reason}.") from reason
            time.sleep(PAUSE)

    def _await_modifiers(self) -> None:
        """Wait until no modifier is down: with one, the system would take text for shortcuts."""
        end = time.monotonic() + LET_GO_LIMIT
        while _modifier_down() and time.monotonic() < end and not self._stop.wait(LOOK):
            pass


def _modifier_down() -> bool:
    """Whether Shift, Ctrl, Alt, Command or Windows is down now."""
    if sys.platform == "win32":
        state = ctypes.windll.user32.GetAsyncKeyState
        return any(state(key) & 0x8000 for key in (0x10, 0x11, 0x12, 0x5B, 0x5C))
    if sys.platform == "darwin":
        import Quartz  # noqa: PLC0415 - there only, with pynput

        flags = Quartz.CGEventSourceFlagsState(Quartz.kCGEventSourceStateHIDSystemState)
        return bool(flags & 0x001E0000)  # Shift, Control, Option, Command
    return False
