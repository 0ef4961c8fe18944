"""The last link: the text goes on the clipboard, and the user pastes it.

It goes through the programs that pyperclip knows (xclip, xsel, wl-copy, pbcopy, Windows itself).
What was on the clipboard before is gone: here the text is meant to stay.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pyperclip

from tray_dictate.errors import DeliveryError, UnavailableError
from tray_dictate.output.blind import Blind
from tray_dictate.output.plain import plain
from tray_dictate.ports import Receipt, Target

REMEDY = "Install xclip (X11) or wl-clipboard (Wayland)."


class ClipboardOutput(Blind):
    """Copies."""

    def __init__(self) -> None:
        """Raises UnavailableError where no program can reach a clipboard."""
        found: tuple[Any, Any] = pyperclip.determine_clipboard()
        self._copy, self._paste = found
        if not self._copy:  # pyperclip's stand-in for a missing program is false
            raise UnavailableError("No program here can reach a clipboard.", REMEDY)

    async def target(self) -> Target | None:
        """Return the clipboard: it is always there."""
        return Target("clipboard")

    async def deliver(self, text: str, target: Target | None = None) -> Receipt:
        """Copy the text. Raises DeliveryError."""
        del target
        await self.keep(text)
        return Receipt(confirmed=False, method="clipboard")

    async def keep(self, text: str) -> None:
        """Copy the text. Raises DeliveryError."""
        await asyncio.to_thread(self._keep, plain(text))

    async def close(self) -> None:
        """Leave the clipboard as it is: the text on it is the user's."""

    def _keep(self, text: str) -> None:
        try:
            self._copy(text)
            kept = self._paste() == text  # xclip fails without a word to us
        except (pyperclip.PyperclipException, OSError, UnicodeDecodeError) as reason:
            raise DeliveryError(f"The text could not be copied: {reason}. {REMEDY}") from reason
        if not kept:
            raise DeliveryError(f"The text did not stay on the clipboard. {REMEDY}")
