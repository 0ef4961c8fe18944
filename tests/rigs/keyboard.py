"""Keys pressed through XTEST, as a person would: press, hold, release.

Not by xdotool: its `keydown Control_R` presses Control_L first.
"""

from __future__ import annotations

import subprocess
from contextlib import closing

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest


class Keyboard:
    """The keys of one display, by keysym (Control_R, space, F9, a) or by keycode ("38")."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self._down: dict[int, None] = {}  # keycodes, in the order of pressing

    def keydown(self, *keys: str) -> None:
        """Press keys, in this order, and keep them down."""
        for code in self._send(X.KeyPress, keys):
            self._down[code] = None

    def keyup(self, *keys: str) -> None:
        """Let go of keys, in this order."""
        for code in self._send(X.KeyRelease, keys):
            self._down.pop(code, None)

    def tap(self, *keys: str) -> None:
        """Press and let go; several keys are a chord."""
        self.keydown(*keys)
        self.keyup(*reversed(keys))

    def type(self, text: str) -> None:
        """Type plain ASCII, character by character."""
        argv = ["xdotool", "type", "--delay", "5", "--", text]
        subprocess.run(argv, env=self._env, check=True, timeout=60)

    def let_go(self) -> None:
        """Let go of whatever is still down."""
        if self._down:
            self.keyup(*(str(code) for code in reversed(self._down)))

    def _send(self, event: int, keys: tuple[str, ...]) -> list[int]:
        # a connection each time, so that the keymap is the one of now
        with closing(Display(self._env["DISPLAY"])) as display:
            codes = [_keycode(display, key) for key in keys]
            for code in codes:
                xtest.fake_input(display, event, code)
            display.sync()
        return codes


def _keycode(display: Display, key: str) -> int:
    code = int(key) if len(key) > 1 and key.isdigit() else 0
    code = code or display.keysym_to_keycode(XK.string_to_keysym(key))
    assert code, f"No key gives {key} in this layout; a keycode can be named instead."
    return code
