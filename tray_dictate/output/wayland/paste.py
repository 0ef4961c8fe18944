"""Pastes where the focus is: a chord is pressed, and the target's own read is the receipt."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import FocusCheck, UnsavedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selection_server import WaylandOffer

FETCH = 1.0  # seconds for the target to read a paste; it takes 1 to 40 ms where it does at all
SOON = 0.5  # seconds for the same after a chord that the window may not know
AGAIN = 0.1  # seconds in which a slow window that knows two chords reads for the second as well
REST = 5.0  # seconds more for a target that has begun to read a large text


class ChordSender(Protocol):
    """Presses keys."""

    def chord(self, chord: str, check: FocusCheck) -> None:
        """Press it once; `check` is asked right before the key.

        Raises MovedError where it says no, and DeliveryError where it cannot: then nothing was
        pressed.
        """
        ...


class Selections(Protocol):
    """Borrows the clipboard."""

    def offer(self, text: str, treatment: Treatment) -> WaylandOffer | None:
        """Put the text there; None where what is there could not be saved."""
        ...

    def settle(self, offer: WaylandOffer) -> None:
        """Give back what was there after a quiet time."""
        ...

    def withdraw(self, offer: WaylandOffer) -> None:
        """Give back what was there now, unless the text has been read."""
        ...


class _PressedFor:
    """A FocusCheck that notes for an offer that the key follows."""

    def __init__(self, offer: WaylandOffer, check: FocusCheck) -> None:
        self._offer, self._check = offer, check

    def is_focused(self) -> bool:
        """Tell whether the window has the focus; if so, the offer's key is pressed next."""
        focused = self._check.is_focused()
        self._offer.pressed = self._offer.pressed or focused
        return focused


class WaylandPaster:
    """Pastes text from borrowed selections; for one thread."""

    def __init__(self, sender: ChordSender, selections: Selections, stop: threading.Event) -> None:
        self._sender, self._selections, self._stop = sender, selections, stop

    def paste(
        self,
        text: str,
        treatment: Treatment,
        check: FocusCheck,
        chords: Sequence[str] = (),
    ) -> Receipt | None:
        """Paste; return None where no program read the text, and none can any more.

        Each of `chords` is pressed if no program has read after those before it; without any, the
        treatment's chord is pressed.

        Raises MovedError where `check` says no before a key, UnsavedError where a paste would
        destroy the user's clipboard, FocusMovedError where another window got a key (it gets an
        empty paste, unless it was too quick), and WaylandError.
        """
        if self._stop.is_set():
            return None
        offer = self._selections.offer(text, treatment)
        if offer is None:
            raise UnsavedError
        try:
            self._press(offer, chords or [treatment.chord], check)
            self._await_read(offer)
        except FocusMovedError:
            self._selections.withdraw(offer)
            raise FocusMovedError(astray=len(text) if offer.settled else 0) from None
        except DeliveryError:
            if not (offer.fetched.is_set() or offer.foreign or offer.begun or offer.once):
                offer.pressed = False
        finally:
            if not offer.settled:
                self._selections.withdraw(offer)
        if not offer.settled:
            return None
        return Receipt(confirmed=offer.fetched.is_set(), method="paste")

    def _press(self, offer: WaylandOffer, chords: Sequence[str], check: FocusCheck) -> None:
        """Press the chords until one is read for; a slow window may yet read for each of them."""
        pressing = _PressedFor(offer, check)
        for chord in chords[:-1]:
            self._sender.chord(chord, pressing)
            if offer.fetched.wait(SOON) or offer.begun or offer.foreign:
                return
            offer.once = True
        self._sender.chord(chords[-1], pressing)

    def _await_read(self, offer: WaylandOffer) -> None:
        if offer.fetched.wait(FETCH) or (offer.begun and offer.fetched.wait(REST)):
            if offer.once:
                self._stop.wait(AGAIN)
            return
        if offer.foreign or offer.begun:
            self._selections.settle(offer)
