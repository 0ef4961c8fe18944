"""What the user can do where no key is watched, in the words of messages, status and doctor."""

from __future__ import annotations

from tray_dictate.core.keys.desktop_shortcuts import Trigger

_COMMANDS = (
    "Bind a key's press to `tray-dictate start` and its release to `tray-dictate stop`, or a press "
    "to `tray-dictate toggle`"
)
_SHOWN = ": `tray-dictate doctor` shows how on your desktop."
BINDING = _COMMANDS + _SHOWN
UNWATCHED = Trigger(
    "", f"This desktop lets no program watch the keyboard. {BINDING}", source="commands"
)


def outside_doctor(advice: str) -> str:
    """Return advice as doctor prints it, without its own command."""
    return advice.replace(_SHOWN, ".")
