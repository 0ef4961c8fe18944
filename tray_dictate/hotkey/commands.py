"""No keyboard at all: the user binds a key of the desktop to `tray-dictate start` and `stop`."""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.core.chord import Edge
from tray_dictate.core.desktop_shortcuts import Trigger

ADVICE = (
    "`tray-dictate doctor` says how to bind your hotkey: this desktop gives no program the "
    "keyboard. A key's press is to run `tray-dictate start` and its release `tray-dictate stop`, "
    "or a press `tray-dictate toggle`."
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

    def catch_up(self, done: Callable[[], None]) -> None:
        """There is nothing to wait for."""
        done()

    def stop(self) -> None:
        """Nothing runs."""

    def trigger(self) -> Trigger:
        """Tell how a key is bound."""
        return Trigger("", ADVICE, "commands")

    def follow(self, changed: Callable[[], None]) -> None:
        """Do nothing: it never changes."""

    def forget(self) -> None:
        """Do nothing: no key is known to be held."""
