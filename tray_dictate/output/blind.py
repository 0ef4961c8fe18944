"""What an output refuses that knows no windows and no caret."""

from __future__ import annotations

from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Target


class Blind:
    """The part of ports.Output that takes a look at the desktop."""

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Refuse: keys alone are not pressed here. Raises DeliveryError."""
        del target
        raise DeliveryError(f"{chord} cannot be pressed on this system.")

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Refuse: what stands before the caret is not known here. Raises DeliveryError."""
        del target
        raise DeliveryError(f"{characters} characters cannot be taken back on this system.")

    async def activate(self, target: Target) -> None:
        """Refuse: windows are not told apart here. Raises DeliveryError."""
        raise DeliveryError(f"The focus cannot be given to {target.window} on this system.")

    async def is_gone(self, target: Target) -> bool:
        """Return False: windows are not told apart here."""
        del target
        return False
