"""No keyboard at all: the user binds a key of the desktop to `tray-dictate start` and `stop`."""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.core.chord import Edge
from tray_dictate.core.triggers import Trigger

ADVICE = (
    "This desktop gives no program the keyboard. Bind a key to `tray-dictate start` and its "
    "release to `tray-dictate stop`, or a press to `tray-dictate toggle`; `tray-dictate doctor` "
    "says how on your desktop."
)


class CommandsHotkey:
    """ports.Hotkey without edges."""

    def start(self, on_edge: Callable[[Edge], None], on_lost: Callable[[str], None]) -> None:
        """Do nothing: the commands come by the control socket."""

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: no key is ours."""

    def held(self) -> frozenset[str] | None:
        """Not known here."""
        return None

    def stop(self) -> None:
        """Nothing runs."""

    def trigger(self) -> Trigger:
        """Tell how a key is bound."""
        return Trigger("", ADVICE, "commands")

    def follow(self, changed: Callable[[], None]) -> None:
        """Do nothing: it never changes."""
