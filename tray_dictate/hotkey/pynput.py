"""Watches the hotkey by pynput: Windows, macOS, and X servers without XInput2.

On X11 pynput cannot query the physical keys, nor distinguish our synthetic keys from the user's:
the output then waits until no modifier is down. Not run by us on Windows and macOS; there
`tray-dictate --set log.level=debug run` logs every edge of the hotkey's keys.
"""

# pyright: basic
# pynput chooses its platform's classes at import and types none of them.

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.names import FUNCTION, MODIFIERS, NAMED, in_words, place_of
from tray_dictate.core.ports import HotkeyListener
from tray_dictate.system.physical_keys import PhysicalKeys

log = logging.getLogger(__name__)

_RENAMED = {
    "ctrl": "ctrl_l", "alt": "alt_l", "shift": "shift_l", "cmd": "super_l", "cmd_r": "super_r",
    "cmd_l": "super_l", "esc": "escape", "media_play_pause": "xf86audioplay",
    "media_volume_mute": "xf86audiomute", "media_volume_down": "xf86audiolowervolume",
    "media_volume_up": "xf86audioraisevolume", "media_next": "xf86audionext",
    "media_previous": "xf86audioprev",
}  # fmt: skip
# Windows' numbers of keys that pynput has no names for
_NUMBERED = {
    **{0x60 + n: f"kp_{n}" for n in range(10)}, 0x6A: "kp_multiply", 0x6B: "kp_add",
    0x6C: "kp_separator", 0x6D: "kp_subtract", 0x6E: "kp_decimal", 0x6F: "kp_divide",
    **{0x84 + n: f"f{21 + n}" for n in range(4)},
}  # fmt: skip
_KNOWN = {*MODIFIERS, *NAMED, *FUNCTION, *_RENAMED.values(), *_NUMBERED.values()}
_SETTLING = 0.2  # seconds until the system itself knows of a press that its hook reported


class PynputHotkey:
    """ports.Hotkey over `pynput.keyboard.Listener`; `wanted` are the keys that matter."""

    def __init__(self, wanted: frozenset[str] = frozenset()) -> None:
        try:
            from pynput import keyboard  # noqa: PLC0415 - fails at import without a display
        except ImportError as reason:
            raise UnavailableError(
                "pynput cannot watch the keyboard: there is no usable display.",
                "Start it from your desktop session.",
            ) from reason
        unknown = sorted(key for key in wanted if not _can_name(key))
        if unknown:
            raise UnavailableError(
                f"{in_words((frozenset(unknown[:1]),))} cannot be detected on this system.",
                "Choose another, such as f9 or f13.",
            )
        self._keyboard: Any = keyboard
        self._wanted = wanted
        self._hook: Any = None  # pynput's listener
        self._listener: HotkeyListener | None = None
        self._stopped = False

    def start(self, listener: HotkeyListener) -> None:
        """Report every edge but those that pynput knows as injected, on pynput's thread."""

        def report(key: Any, injected: bool, *, down: bool) -> None:
            if injected:
                return
            name = self._name(key)
            if name in self._wanted:
                log.debug("%s %s", name, "down" if down else "up")
            self.reported(name, self._code(key), down=down)
            listener.edge(Edge(name, down, time.monotonic()))

        hook = self._keyboard.Listener(
            on_press=lambda key, injected: report(key, injected, down=True),
            on_release=lambda key, injected: report(key, injected, down=False),
        )

        def watch() -> None:  # `running` stays true when the server dies; only join() tells
            try:
                hook.join()
            except Exception:
                log.exception("pynput's listener failed")
            if not self._stopped:
                listener.lost("pynput's keyboard listener has ended.")

        self._hook, self._listener = hook, listener
        hook.start()
        hook.wait()
        threading.Thread(target=watch, name="hotkey-watch", daemon=True).start()

    def reported(self, name: str, code: int | None, *, down: bool) -> None:
        """Receive an edge before the listener does; for subclasses."""

    def held(self) -> frozenset[str] | None:
        """Return None: pynput does not know."""
        return None

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: pynput can hide all keys from the windows, but not some of them."""

    def catch_up(self, mark: int) -> None:
        """Report the mark at once: Windows itself waits until its hook has taken an edge."""
        if self._listener:
            self._listener.caught_up(mark)

    def stop(self) -> None:
        """End the listener."""
        self._stopped = True
        if self._hook is not None:
            self._hook.stop()  # on X11 its thread ends with the next key event

    def _code(self, key: Any) -> int | None:
        """Return the system's number of a key."""
        if key is None:
            return None
        return (key.value if isinstance(key, self._keyboard.Key) else key).vk

    def _name(self, key: Any) -> str:
        if isinstance(key, self._keyboard.Key):
            name = _RENAMED.get(str(key.name), str(key.name))
            # Windows has one key for both; which it is called is the layout's matter
            both = name in ("alt_r", "alt_gr") and sys.platform == "win32"
            return "alt_gr" if both and "alt_gr" in self._wanted else name
        if key is None:
            return "unknown"
        numbered = _NUMBERED.get(key.vk or 0) if sys.platform == "win32" else None
        if numbered in self._wanted:
            return numbered
        if f"keycode {key.vk}" in self._wanted:
            return f"keycode {key.vk}"
        if key.char and key.char.isprintable():
            return key.char.lower()
        vk = key.vk or 0  # with Ctrl down the character is a control character
        return chr(vk).lower() if 0x30 <= vk <= 0x5A else f"keycode {vk}"


class PynputStateHotkey(PynputHotkey):
    """PynputHotkey for systems that can be asked which keys are down.

    Windows reports to no hook what is released on its locked screen or in a prompt for rights.
    """

    def __init__(self, keys: PhysicalKeys, wanted: frozenset[str] = frozenset()) -> None:
        super().__init__(wanted)
        self._down = HeldKeys(keys)

    def reported(self, name: str, code: int | None, *, down: bool) -> None:
        """Record an edge before the listener receives it."""
        self._down.reported(name, code, down=down)

    def held(self) -> frozenset[str] | None:
        """Return the names of the keys that are physically down now."""
        return self._down.held()

    def expect(self, code: int, down: bool | None) -> None:
        """Note that our output presses or releases a key that the user holds; from any thread."""
        self._down.expect(code, down=bool(down))


class HeldKeys:
    """The keys that were reported as pressed, and which of them the system still calls down."""

    def __init__(self, keys: PhysicalKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys, self._clock = keys, clock
        self._down: dict[str, tuple[int | None, float]] = {}
        self._cleared = set[int]()  # codes that our output has released

    def reported(self, name: str, code: int | None, *, down: bool) -> None:
        """Record an edge of the user's."""
        if down:
            self._down.setdefault(name, (code, self._clock()))
        else:
            self._down.pop(name, None)

    def expect(self, code: int, *, down: bool) -> None:
        """Note that our output is about to release a key, or has pressed it again."""
        if down:
            self._cleared.discard(code)
        else:
            self._cleared.add(code)

    def held(self) -> frozenset[str]:
        """Return the names of the keys that are down; one without a number counts as down."""
        now = self._clock()
        return frozenset(
            name
            for name, (code, at) in dict(self._down).items()
            if code is None
            or code in self._cleared  # only its own release can tell
            or now - at < _SETTLING
            or self._keys.is_down(code)
        )


def _can_name(key: str) -> bool:
    return key in _KNOWN or len(key) == 1 or place_of(key) is not None
