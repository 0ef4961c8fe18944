"""What an output asks the hotkey about the user's keys, and tells it of the keys that it presses.

The hotkey's own keys matter most: they are down while the user dictates.
"""

from __future__ import annotations

from typing import Protocol

from tray_dictate.system.physical_keys import PhysicalKeys


class KeyState(Protocol):
    """Knows which keys the user holds."""

    def held(self) -> frozenset[str] | None:
        """Return the keys physically down now; None where that is not known."""
        ...

    def reports_hold(self) -> bool:
        """Tell whether the hotkey is down as a service of the desktop reports it.

        It may report the release too early, or never, if another key is pressed before.
        """
        ...

    def disturb(self) -> None:
        """Note that we are about to press keys from the user's own seat; from any thread.

        If the user presses the hotkey in this very moment, its release is reported too early.
        """
        ...


class UserKeys(KeyState, Protocol):
    """The user's keys as the hotkey knows them."""

    def own(self) -> frozenset[str]:
        """Return the hotkey's keys, which are never waited for."""
        ...

    def filters_own_keys(self) -> bool:
        """Tell whether `expect` keeps our keys from being taken for the user's.

        If not, the user's keys are waited for.
        """
        ...

    def expect(self, keycode: int, down: bool | None) -> None:
        """Take the next event like this for ours; called before each, from any thread.

        `keycode` is the system's. `down` is None before the user's own keyboard releases the key
        and presses it again.
        """
        ...


class _UnknownKeys:
    """UserKeys without a hotkey."""

    def held(self) -> frozenset[str] | None:
        return None

    def reports_hold(self) -> bool:
        return False

    def disturb(self) -> None:
        pass

    def own(self) -> frozenset[str]:
        return frozenset()

    def filters_own_keys(self) -> bool:
        return False

    def expect(self, keycode: int, down: bool | None) -> None:
        pass


UNKNOWN_KEYS: UserKeys = _UnknownKeys()


def hotkey_modifiers(user_keys: UserKeys, keys: PhysicalKeys) -> frozenset[str]:
    """Return which of the system's modifiers belong to the hotkey."""
    own = user_keys.own()
    return frozenset(name for name in keys.modifiers if name in own or _alias(name) in own)


def may_hold(user_keys: UserKeys, key: str) -> bool:
    """Tell whether the user may be holding this key."""
    held = user_keys.held()
    return held is None or key in held or _alias(key) in held


def _alias(name: str) -> str:
    """Return what else a key may be called: the right Alt is AltGr in some layouts."""
    return "alt_gr" if name == "alt_r" else name
