"""The last resort: the text goes on the clipboard, and the user pastes it.

The programs that pyperclip knows copy it (xsel, pbcopy, Windows itself), or xclip or wl-copy, which
stay to serve it and get none of the user's keys. wl-copy waits until the compositor lets it: where
we start it, only for a few seconds. The previous contents are gone: the text is meant to stay.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from functools import partial
from typing import Any

import pyperclip

from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import sanitize
from tray_dictate.system import remedies
from tray_dictate.system.key_variables import without_keys

REMEDY = remedies.CLIPBOARD
ANSWER = 3.0  # seconds for wl-copy, and for wl-paste
_OWNED = 1.0  # seconds for xclip to own the clipboard: it returns before it has asked for it
_XCLIP = ["xclip", "-selection", "clipboard"]
_TYPE = ["--type", "text/plain;charset=utf-8"]  # without one wl-copy asks xdg-mime: 0.2 s


class ClipboardOnly:
    """Base of outputs that know neither windows nor the caret: refuses what needs them."""

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Refuse: keys alone are not pressed here. Raises DeliveryError."""
        del target
        raise DeliveryError(f"{chord} cannot be pressed on this system.")

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Refuse: what stands before the caret is not known here. Raises DeliveryError."""
        del target
        raise DeliveryError(f"The last {characters} characters cannot be removed on this system.")

    async def activate(self, target: Target) -> None:
        """Refuse: windows cannot be told apart here. Raises DeliveryError."""
        raise DeliveryError(f"The focus cannot be given to {target.window} on this system.")

    async def is_gone(self, target: Target) -> bool:
        """Return False: windows cannot be told apart here."""
        del target
        return False


class ClipboardOutput(ClipboardOnly):
    """ports.Output that copies."""

    def __init__(self, answer: float = ANSWER) -> None:
        """Raises UnavailableError where no program can reach a clipboard.

        `answer` is how long such a program may take, in seconds.
        """
        self._answer = answer
        found: tuple[Any, Any] = (partial(_wl_copy, answer), partial(_wl_paste, answer))
        self._patience = 0.0  # each wl-paste may take the focus for a moment
        if not _is_wayland():
            is_x11 = os.environ.get("DISPLAY") and shutil.which("xclip")
            own = partial(_xclip, answer), partial(_xclip_out, answer)
            found = own if is_x11 else pyperclip.determine_clipboard()
            self._patience = _OWNED
        self._copy, self._paste = found
        if not self._copy:  # pyperclip's placeholder for a missing program is false
            raise UnavailableError("No program that can access the clipboard was found.", REMEDY)

    async def target(self) -> Target | None:
        """Return the clipboard: it is always there."""
        return Target("clipboard")

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Copy the text. Raises DeliveryError."""
        del target, onward
        await self.copy_to_clipboard(text)
        return Receipt(confirmed=False, method="clipboard")

    async def copy_to_clipboard(self, text: str) -> None:
        """Copy the text. Raises DeliveryError."""
        await asyncio.to_thread(self._copy_checked, sanitize(text))

    async def close(self) -> None:
        """Leave the clipboard as it is: the text on it is the user's."""

    def _copy_checked(self, text: str) -> None:
        """Copy the text and see it there. Raises DeliveryError."""
        try:
            self._copy(text)
            copied = self._is_there(text)
        except subprocess.TimeoutExpired as late:
            raise DeliveryError(
                f"The text could not be copied: {late.cmd[0]} did not answer within "
                f"{self._answer:g} s. Click into a window and try again."
            ) from None
        except subprocess.CalledProcessError as failed:
            raise DeliveryError(
                f"The text could not be copied: the compositor refused {failed.cmd[0]}. "
                "Click into a window and try again."
            ) from None
        except (pyperclip.PyperclipException, OSError, UnicodeDecodeError) as reason:
            raise DeliveryError(f"The text could not be copied: {reason}. {REMEDY}") from reason
        if not copied:
            raise DeliveryError(f"The text did not stay on the clipboard. {REMEDY}")

    def _is_there(self, text: str) -> bool:
        """Tell whether the text is on the clipboard: xclip does not report failures."""
        end = time.monotonic() + self._patience
        while self._paste() != text:
            if time.monotonic() >= end:
                return False
            time.sleep(0.01)
        return True


def _is_wayland() -> bool:
    programs = ("wl-copy", "wl-paste")
    return bool(os.environ.get("WAYLAND_DISPLAY")) and all(map(shutil.which, programs))


def _xclip(answer: float, text: str) -> None:
    """Raises TimeoutExpired; the xclip that stays to serve it inherits nothing."""
    quiet = subprocess.DEVNULL
    subprocess.run(
        _XCLIP, input=text.encode(), stdout=quiet, stderr=quiet, start_new_session=True,
        check=False, timeout=answer, env=without_keys(),
    )  # fmt: skip


def _xclip_out(answer: float) -> str:
    """Raises TimeoutExpired; empty if there is no text."""
    done = subprocess.run(
        [*_XCLIP, "-o"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=False, timeout=answer, env=without_keys(),
    )  # fmt: skip
    return done.stdout.decode()


def _wl_copy(answer: float, text: str) -> None:
    """Raises SubprocessError; the wl-copy that stays to serve it inherits nothing."""
    quiet = subprocess.DEVNULL
    subprocess.run(
        ["wl-copy", *_TYPE], input=text.encode(), stdout=quiet, stderr=quiet,
        start_new_session=True, check=True, timeout=answer, env=without_keys(),
    )  # fmt: skip


def _wl_paste(answer: float) -> str:
    """Raises TimeoutExpired; empty if there is no text."""
    done = subprocess.run(
        ["wl-paste", "--no-newline", *_TYPE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=False, timeout=answer, env=without_keys(),
    )  # fmt: skip
    return done.stdout.decode()
