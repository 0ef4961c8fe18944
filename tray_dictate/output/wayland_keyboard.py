"""A keyboard of our own at the compositor's seat (zwp_virtual_keyboard_v1).

The modifiers that the user holds on other keyboards are not this one's. Killed at any moment, we
leave nothing pressed: the compositor ends the keyboard with the connection.

Keys are paced. Who reads no events for a while has them queued, and when the queue is full the
compositor ends that program: a burst of 2,000 characters does it within 2 seconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tray_dictate.errors import DeliveryError, UnavailableError
from tray_dictate.output.wayland_keymap import US, chord_codes, is_typed, keymap, mask, placed
from tray_dictate.output.wayland_wire import Arguments, Connection, WaylandError

PACE, PACE_X = 0.001, 0.002  # seconds a key, for Wayland programs and those on Xwayland
SETTLE_X = 0.1  # seconds for Xwayland and its programs to take a keymap
SETTLE_NEW = 0.2  # seconds for programs to notice that the seat has a keyboard at last

_SEAT, _SEAT_CAPABILITIES, _HAS_KEYBOARD = "wl_seat", 0, 2
_MAKER, _CREATE = "zwp_virtual_keyboard_manager_v1", 0
_KEYMAP, _KEY, _MODIFIERS, _DESTROY = 0, 1, 2, 3  # requests
_XKB_V1 = 1
_NOBODYS = 32  # a modifier that no common layout gives a meaning to (Mod3)


def _always() -> bool:
    return True


class VirtualKeyboard:
    """Presses keys and types text; for one thread, with that thread's connection."""

    def __init__(self, connection: Connection) -> None:
        """Raises UnavailableError where the compositor gives programs no keyboard."""
        self._connection = connection
        self._capabilities = 0
        self._down: list[int] = []
        self._keymap = ""  # the one in use
        self._made, self._places = "", dict[str, int]()  # the last one for text, and what it gives
        self._last = 0.0  # when the last key went out, on the monotonic clock
        try:
            maker = connection.bind(_MAKER)
            seat = connection.bind(_SEAT, on_event=self._on_seat)
            connection.roundtrip()
            alone = not self._capabilities & _HAS_KEYBOARD
            self._id = connection.create()
            connection.request(maker, _CREATE, seat, self._id)
            self._map(US)
            connection.roundtrip()
        except WaylandError as reason:
            raise UnavailableError(
                f"The compositor refuses a virtual keyboard: {reason}."
            ) from None
        if alone:  # else the first keys get lost
            time.sleep(SETTLE_NEW)

    def chord(self, chord: str) -> None:
        """Press "shift+insert", "enter" ... once. Raises DeliveryError."""
        self.press(chord, 1, threading.Event())

    def press(
        self,
        chord: str,
        times: int,
        stop: threading.Event,
        stays: Callable[[], bool] = _always,
    ) -> int:
        """Press a chord so often; return how often, less where `stop` or `stays` ends it.

        Raises DeliveryError.
        """
        try:
            codes = chord_codes(chord)
        except ValueError as reason:
            raise DeliveryError(f"{chord!r} cannot be pressed: {reason}.") from None
        done = 0
        try:
            self._map(US)
            while done < times and not stop.is_set() and stays():
                self._tap(codes)
                done += 1
                time.sleep(PACE_X if times > 1 else 0)
        except WaylandError as reason:
            raise DeliveryError(f"The key could not be pressed: {reason}.", done) from None
        finally:
            self.release_all()
        return done

    def type(
        self,
        text: str,
        stop: threading.Event,
        stays: Callable[[], bool] = _always,
        *,
        xwayland: bool = False,
    ) -> int:
        """Type any text; return how much of it, less where `stop` or `stays` ends it.

        `stays` is asked right before each character. Raises DeliveryError.
        """
        done = 0
        try:
            for done, character in enumerate(text):
                if not is_typed(character):
                    continue
                self._provide(text, done, xwayland=xwayland)
                if stop.is_set() or not stays():
                    return done
                self._tap([self._places[character]])
                time.sleep(PACE_X if xwayland else PACE)
        except WaylandError as reason:
            raise DeliveryError(f"The text could not be typed: {reason}.", done) from None
        finally:
            self.release_all()
        return len(text)

    def release_all(self) -> None:
        """Release what we have down, the last one first; idempotent."""
        with suppress(WaylandError):
            while self._down:
                self._key(self._down[-1], down=False)
                self._modify(mask(self._down))

    def close(self) -> None:
        """Take the keyboard away; the connection is its maker's to close."""
        self.release_all()
        with suppress(WaylandError):
            self._connection.request(self._id, _DESTROY)
            self._connection.roundtrip()

    def _provide(self, text: str, at: int, *, xwayland: bool) -> None:
        """Have a keymap that gives the character there, and what follows as far as it has room."""
        if text[at] not in self._places:
            self._places = placed(text[at:])
            self._made = keymap(self._places)
        if self._keymap == self._made:
            return
        if xwayland:  # its programs translate a key when they get round to it, with the map of then
            time.sleep(max(self._last + SETTLE_X - time.monotonic(), 0))
        self._map(self._made)
        if xwayland:
            self._modify(_NOBODYS)  # makes ours the keyboard, else the first key would
            self._modify(0)
            self._connection.roundtrip()
            time.sleep(SETTLE_X)

    def _map(self, text: str) -> None:
        if text == self._keymap:
            return
        data = text.encode() + b"\0"
        file = os.memfd_create("keymap", os.MFD_CLOEXEC)
        try:
            os.write(file, data)
            self._connection.request(self._id, _KEYMAP, _XKB_V1, len(data), files=[file])
        finally:
            os.close(file)
        self._keymap = text

    def _tap(self, codes: list[int]) -> None:
        """Press keys together and release them; return when the compositor has passed them on."""
        for code in codes:
            self._down.append(code)
            self._key(code, down=True)
            if len(codes) > 1:
                self._modify(mask(self._down))
        while self._down:
            self._key(self._down[-1], down=False)
            if len(codes) > 1:
                self._modify(mask(self._down))
        self._last = time.monotonic()
        self._connection.roundtrip()

    def _key(self, code: int, *, down: bool) -> None:
        milliseconds = int(time.monotonic() * 1000)
        self._connection.request(self._id, _KEY, milliseconds, code, int(down))
        if not down:
            self._down.remove(code)

    def _modify(self, modifiers: int) -> None:
        self._connection.request(self._id, _MODIFIERS, modifiers, 0, 0, 0)

    def _on_seat(self, opcode: int, event: Arguments) -> None:
        if opcode == _SEAT_CAPABILITIES:
            self._capabilities = event.uint()
