"""Our own virtual keyboard at the compositor's seat (zwp_virtual_keyboard_v1).

It does not share the modifiers that the user holds on other keyboards. Killed at any moment, we
leave nothing pressed: each burst is a single write, and the compositor ends the keyboard with the
connection.

Events that a program does not read are queued, and the compositor ends the program when its queue
is full. The number of writes counts more than their size: single keys fill it with fewer than 300
characters, bursts of 32 with some 3,000. So text goes in bursts, with pauses.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.wayland.focus import FocusTracker, track_focus
from tray_dictate.output.wayland.keymap import US, assign_keys, chord_codes, is_typed, keymap, mask
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError

STRIDE = 32  # keys in a burst
FAST = 512  # keys sent at KeyTiming's pace before it slows down to SLOW
SLOW = 0.004  # the slower pace: slow toolkits keep up with it, and unread keys add up
SETTLE_X = 0.25  # seconds for Xwayland and its programs to take a keymap
DRAIN_X, LONGEST_DRAIN = 0.006, 4.0  # seconds a key to read what was typed, before the next one
SETTLE_NEW = 0.5  # seconds for programs to notice that the seat has a keyboard at last

_SEAT, _SEAT_CAPABILITIES, _HAS_KEYBOARD = "wl_seat", 0, 2
_MANAGER, _CREATE = "zwp_virtual_keyboard_manager_v1", 0
_KEYMAP, _KEY, _MODIFIERS, _DESTROY = 0, 1, 2, 3  # requests
_XKB_V1 = 1
_NOBODYS = 32  # Mod3, a modifier that no common layout gives a meaning to


@dataclass(frozen=True, slots=True)
class KeyTiming:
    """How fast keys are sent, in seconds."""

    pace: float = 0.001  # a key on the average, for Wayland programs
    pace_x: float = 0.002  # the same for programs on Xwayland
    trusted: float = 3.0  # after the last key: the compositor is taken to have our keymap still


class VirtualKeyboard:
    """Presses keys and types text; for one thread, with that thread's connection."""

    def __init__(self, connection: Connection, timing: KeyTiming | None = None) -> None:
        """Raises UnavailableError if the compositor does not let programs have a keyboard."""
        self._connection, self._timing = connection, timing or KeyTiming()
        self._capabilities = 0
        self._keymap = ""  # the one in use
        self._text_keymap = ""  # the last one for text
        self._places = dict[str, int]()  # the key of each character in it
        self._recent = 0.0  # keys that a program may not have read
        # times of the monotonic clock: of the last burst, of the next one, when those on Xwayland
        # will have read the last one
        self._sent, self._next, self._unread_until = 0.0, 0.0, 0.0
        try:
            manager = connection.bind(_MANAGER)
            seat = connection.bind(_SEAT, on_event=self._on_seat)
            connection.roundtrip()
            alone = not self._capabilities & _HAS_KEYBOARD
            self._id = connection.create()
            connection.request(manager, _CREATE, seat, self._id)
            self._map(US)
            connection.roundtrip()
        except WaylandError as reason:
            raise UnavailableError(
                f"The compositor refuses a virtual keyboard: {reason}."
            ) from None
        if alone:  # else the first keys would be lost
            time.sleep(SETTLE_NEW)

    def chord(self, chord: str, check: FocusCheck = ANY_WINDOW) -> None:
        """Press "shift+insert", "enter" ... once.

        Raises MovedError where `check` says no right before the key, FocusMovedError where another
        window got it all the same, and DeliveryError.
        """
        if not self.press(chord, 1, threading.Event(), check):
            raise MovedError

    def press(
        self,
        chord: str,
        times: int,
        stop: threading.Event,
        check: FocusCheck = ANY_WINDOW,
    ) -> int:
        """Press a chord `times` times; return how often, less where `stop` or `check` ends it.

        `check` is asked right before each burst. Raises DeliveryError, FocusMovedError where
        another window has got a burst all the same.
        """
        try:
            codes = chord_codes(chord)
        except ValueError as reason:
            raise DeliveryError(f"{chord!r} cannot be pressed: {reason}.") from None
        done = 0
        self._expire_keymap()
        try:
            with track_focus(self._connection, check) as tracker:
                while done < times:
                    part = min(STRIDE // len(codes), times - done)  # chords of one write
                    self._pause(stop)
                    self._map(US)
                    if stop.is_set() or not tracker.has_focus():
                        break
                    if not self._burst([codes] * part, self._timing.pace_x, tracker):
                        raise FocusMovedError(done, astray=part)
                    done += part
        except WaylandError as reason:
            raise DeliveryError(f"The key could not be pressed: {reason}.", done) from None
        return done

    def type(
        self,
        text: str,
        stop: threading.Event,
        check: FocusCheck = ANY_WINDOW,
        *,
        xwayland: bool = False,
    ) -> int:
        """Type any text; return how much of it, less where `stop` or `check` ends it.

        `check` is asked right before each burst. Raises DeliveryError, FocusMovedError where
        another window has got a burst all the same.
        """
        done = 0
        self._expire_keymap()
        try:
            with track_focus(self._connection, check) as tracker:
                while done < len(text):
                    self._pause(stop)
                    part = self._prepare(text, done, stop, xwayland=xwayland)
                    keys = [[self._places[character]] for character in part if is_typed(character)]
                    if stop.is_set() or not tracker.has_focus():
                        break
                    pace = self._timing.pace_x if xwayland else self._timing.pace
                    if not self._burst(keys, pace, tracker):
                        raise FocusMovedError(done, astray=len(part))
                    done += len(part)
        except WaylandError as reason:
            raise DeliveryError(f"The text could not be typed: {reason}.", done) from None
        return done

    def close(self) -> None:
        """Remove the keyboard; the caller closes the connection."""
        with suppress(WaylandError):
            self._connection.request(self._id, _DESTROY)
            self._connection.roundtrip()

    def _prepare(self, text: str, at: int, stop: threading.Event, *, xwayland: bool) -> str:
        """Return the next part of the text, after setting a keymap that gives all of it."""
        part = text[at : at + STRIDE]
        if any(character not in self._places for character in part if is_typed(character)):
            self._places = assign_keys(text[at:])
            self._text_keymap = keymap(self._places)
        if self._keymap != self._text_keymap:
            if xwayland:
                stop.wait(max(self._unread_until - time.monotonic(), 0))
            self._map(self._text_keymap)
            if xwayland:
                self._announce_keymap()
                stop.wait(SETTLE_X)
        return part

    def _expire_keymap(self) -> None:
        """Have the keymap sent again: on a reload, sway gives every keyboard its configured one."""
        if time.monotonic() - self._sent > self._timing.trusted:
            self._keymap = ""

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

    def _announce_keymap(self) -> None:
        """Make programs load this keyboard's keymap now, not only at its first key."""
        self._modify(_NOBODYS)
        self._modify(0)
        self._connection.roundtrip()

    def _burst(self, chords: Sequence[Sequence[int]], pace: float, tracker: FocusTracker) -> bool:
        """Press and release these in one write; the next burst waits until programs have read them.

        Return whether they reached the window that they were for.
        """
        held = list[bool]()
        with self._connection.together():
            for codes in chords:
                for at, code in enumerate(codes, 1):
                    self._key(code, down=True)
                    if mask(codes):
                        self._modify(mask(codes[:at]))
                for at, code in reversed([*enumerate(codes)]):
                    self._key(code, down=False)
                    if mask(codes):
                        self._modify(mask(codes[:at]))
            self._connection.sync(lambda: held.append(tracker.had_focus()))
        now, keys = time.monotonic(), len(chords)
        self._recent = max(self._recent - (now - self._sent) / SLOW, 0) + keys
        self._sent = now
        self._next = now + keys * (pace if self._recent < FAST else SLOW)
        unread = min(max(self._unread_until - now, 0) + keys * DRAIN_X, LONGEST_DRAIN)
        self._unread_until = now + unread
        self._connection.answered(held)
        return held[0]

    def _pause(self, stop: threading.Event) -> None:
        stop.wait(max(self._next - time.monotonic(), 0))

    def _key(self, code: int, *, down: bool) -> None:
        milliseconds = time.monotonic_ns() // 1_000_000
        self._connection.request(self._id, _KEY, milliseconds, code, int(down))

    def _modify(self, modifiers: int) -> None:
        self._connection.request(self._id, _MODIFIERS, modifiers, 0, 0, 0)

    def _on_seat(self, opcode: int, event: Arguments) -> None:
        if opcode == _SEAT_CAPABILITIES:
            self._capabilities = event.uint()
