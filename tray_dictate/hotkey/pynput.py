"""The keyboard by pynput's listener: Windows, macOS, and X servers without XInput2.

It cannot ask for the physical keys, and on X11 it cannot tell our synthetic keys from the
user's: the output then waits until no modifier is down (output/x11.py). Not run on Windows and
macOS; `tray-dictate --set log.level=debug run` there logs every edge of the hotkey.
"""

# pyright: basic
# pynput chooses its platform's classes at import and types none of them.

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from tray_dictate.core.chord import Edge
from tray_dictate.errors import UnavailableError

log = logging.getLogger(__name__)

_RENAMED = {
    "ctrl": "ctrl_l", "alt": "alt_l", "shift": "shift_l", "cmd": "super_l", "cmd_r": "super_r",
    "cmd_l": "super_l", "esc": "escape",
}  # fmt: skip


class PynputHotkey:
    """ports.Hotkey over `pynput.keyboard.Listener`."""

    def __init__(self) -> None:
        try:
            from pynput import keyboard  # noqa: PLC0415 - fails at import without a display
        except ImportError as reason:
            raise UnavailableError(
                "pynput cannot watch the keyboard: there is no display that it can use.",
                "Start it from your desktop session.",
            ) from reason
        self._keyboard: Any = keyboard
        self._listener: Any = None
        self._stopped = False

    def start(self, on_edge: Callable[[Edge], None], on_lost: Callable[[str], None]) -> None:
        """Report every edge, on the listener's thread; what pynput knows as injected is not."""

        def report(key: Any, injected: bool, *, down: bool) -> None:
            if not injected:
                on_edge(Edge(self._name(key), down, time.monotonic()))

        listener = self._keyboard.Listener(
            on_press=lambda key, injected: report(key, injected, down=True),
            on_release=lambda key, injected: report(key, injected, down=False),
        )

        def watch() -> None:  # `running` stays true when the server dies; only join() tells
            try:
                listener.join()
            except Exception:
                log.exception("pynput's listener failed")
            if not self._stopped:
                on_lost("pynput's keyboard listener has ended.")

        self._listener = listener
        listener.start()
        listener.wait()
        threading.Thread(target=watch, name="hotkey-watch", daemon=True).start()

    def held(self) -> frozenset[str] | None:
        """Not known here."""
        return None

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: pynput can keep all keys from the windows, but not some."""

    def stop(self) -> None:
        """End the listener."""
        self._stopped = True
        if self._listener is not None:
            self._listener.stop()  # on X11 its thread ends with the next key event

    def _name(self, key: Any) -> str:
        if isinstance(key, self._keyboard.Key):
            return _RENAMED.get(str(key.name), str(key.name))
        if key is None:
            return "unknown"
        if key.char and key.char.isprintable():
            return key.char.lower()
        vk = key.vk or 0  # with Ctrl down the character is a control character
        return chr(vk).lower() if 0x30 <= vk <= 0x5A else f"keycode {vk}"
