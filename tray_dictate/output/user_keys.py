"""The keys that the user holds while text is typed: the hotkey's, most of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tray_dictate.system.physical_keys import PhysicalKeys

Held = Callable[[], frozenset[str] | None]
OnSynthetic = Callable[[int, bool | None], None]


@dataclass(frozen=True, slots=True)
class UserKeys:
    """What the hotkey knows of the keyboard.

    `held` returns the keys that are down, None where that is not known; `own` the hotkey's keys;
    `announce` is called for keys that we release and press again, with the system's key code.
    """

    held: Held = lambda: None
    own: Callable[[], frozenset[str]] = frozenset[str]
    announce: OnSynthetic | None = None

    def modifiers(self, keys: PhysicalKeys) -> frozenset[str]:
        """Return which of the system's modifiers belong to the hotkey."""
        own = self.own()
        return frozenset(name for name in keys.modifiers if name in own or _also(name) in own)

    def holds(self, key: str) -> bool:
        """Tell whether the user may be holding this key."""
        held = self.held()
        return held is None or key in held or _also(key) in held

    def announce_key(self, code: int, *, down: bool) -> None:
        """Announce that a key was pressed again, or is about to be released."""
        if self.announce:
            self.announce(code, down)


def _also(name: str) -> str:
    """Return what else a key may be called: the right Alt is AltGr in some layouts."""
    return "alt_gr" if name == "alt_r" else name
