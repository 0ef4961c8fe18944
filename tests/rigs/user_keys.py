"""A hotkey beside an output that a test makes itself."""

from __future__ import annotations


class FilteringHotkey:
    """output.user_keys.UserKeys of a hotkey that takes no key of ours for the user's."""

    def __init__(self, *, filters: bool = True) -> None:
        self.filters = filters
        self.events: list[tuple[int, bool]] = []  # our keys, as they were announced

    def held(self) -> frozenset[str] | None:
        return None

    def reports_hold(self) -> bool:
        return False

    def disturb(self) -> None: ...

    def own(self) -> frozenset[str]:
        return frozenset()

    def filters_own_keys(self) -> bool:
        return self.filters

    def expect(self, keycode: int, down: bool | None) -> None:
        # None: the user's own keyboard releases it and presses it again
        self.events += [(keycode, edge) for edge in ((False, True) if down is None else (down,))]
