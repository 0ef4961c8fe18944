"""The keyboard on X11 by XInput2 raw events.

They come whatever has the focus or a grab, do not repeat, never stall, and name the device, so
that a key on the user's keyboard is told from one that a program sends by XTEST
(shared/facts/x11.md, sections 1 and 2). Some users' keys are XTEST's, too (remote desktops), so
our own are recognised by announcement: the output calls `expect` before it sends each one.

A chord with an ordinary key in it (ctrl+alt+space, f9) is hidden from the windows by a passive
grab that is let go at once, and does not repeat while it is down: released of its modifiers by
our output, a repeating space would type spaces. So is what is claimed, such as Escape while a
dictation records. A button of the mouse is hidden until it is up: "back" counts when it is let go.

When an event happened the server says: a contact that bounces lets go for some milliseconds, which
are more until a busy machine lets us read of it.

The key events that our own output has announced, told from the user's.

What our output sends by XTEST comes from a device that no keyboard has. But a modifier that the
user still holds is given its effect back by their own keyboard, which releases and presses it:
there only the count tells. Until that press is seen, one release is ours; a second one is the
user's, who has let go at that very moment, and our output releases the key again after it.

X keycodes -> the canonical names of `core.keys`, following the keyboard map in force.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import logging
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from Xlib import XK, X, display, error
from Xlib.ext import ge, xinput

from tray_dictate.core.chord import POINTER, Edge
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.event_clock import EventClock
from tray_dictate.core.keycodes import CODES, XKB
from tray_dictate.core.keys import (
    FUNCTION,
    MODIFIERS,
    NAMED,
    Chord,
    Slot,
    button_of,
    in_words,
    is_bare,
    parse_key,
    place_of,
    spell,
)
from tray_dictate.core.keysyms import BY_NUMBER, keysym
from tray_dictate.hotkey.x11_locks import Locks
from tray_dictate.system import x11
from tray_dictate.system.wakeup import WakeUp
from tray_dictate.system.x11_requests import QueryDeviceState, bits_set

LIMIT = 2.0  # seconds after which an announced event will not come any more


@dataclass(slots=True)
class _Again:
    """What is to come of one key from the user's own keyboard."""

    until: float
    presses: int = 0
    releases: int = 0


class Expected:
    """Announced from any thread, taken on the reader's."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, bool, float]] = deque()
        self._again: dict[int, _Again] = {}
        self._lock = threading.Lock()

    def add(self, keycode: int, down: bool | None) -> None:
        """Expect an event by XTEST; with None the user's keyboard to release and press a key."""
        now = time.monotonic()
        with self._lock:
            if down is not None:
                self._sent.append((keycode, down, now + LIMIT))
                return
            again = self._again.get(keycode)
            if not again or again.until < now:
                again = self._again[keycode] = _Again(now + LIMIT)
            again.presses, again.releases = again.presses + 1, again.releases + 1

    def sent(self, keycode: int, down: bool) -> bool:
        """Tell whether this event by XTEST is ours."""
        now = time.monotonic()
        with self._lock:
            while self._sent and self._sent[0][2] < now:
                self._sent.popleft()
            entry = next((one for one in self._sent if one[:2] == (keycode, down)), None)
            if entry:
                self._sent.remove(entry)
        return entry is not None

    def again(self, keycode: int, down: bool) -> bool | None:
        """Tell whether this event of a keyboard is ours; None: it is, and the user has let go."""
        with self._lock:
            again = self._again.get(keycode)
            if not again:
                return False
            if again.until < time.monotonic():
                del self._again[keycode]
                return False
            if not down:
                again.releases -= 1
                return True
            again.presses -= 1
            if again.presses:
                return True
            del self._again[keycode]
            return None if again.releases < 0 else True


_NAMED = {
    "Control_L": "ctrl_l", "Control_R": "ctrl_r", "Alt_L": "alt_l", "Alt_R": "alt_r",
    "Meta_L": "alt_l", "Meta_R": "alt_r", "Shift_L": "shift_l", "Shift_R": "shift_r",
    "Super_L": "super_l", "Super_R": "super_r", "ISO_Level3_Shift": "alt_gr",
    "Mode_switch": "alt_gr", **{keysym(name): name for name in (*NAMED, *FUNCTION)},
}  # fmt: skip
XK.load_keysym_group("xkb")  # ISO_Level3_Shift
_NAMES = BY_NUMBER | {XK.string_to_keysym(symbol): name for symbol, name in _NAMED.items()}
_UNICODE = 0x01000000  # what a keysym of a character beyond Latin-1 begins with

# Where the map has no Latin letters (a purely Russian one), a letter means its place on a US
# keyboard. X keycodes are the kernel's plus 8.
_US_ROWS = {10: "1234567890", 24: "qwertyuiop", 38: "asdfghjkl", 52: "zxcvbnm"}
_US_PLACES = {first + n: key for first, row in _US_ROWS.items() for n, key in enumerate(row)}

Rows = list[Any]  # of keysyms, for each keycode from the first on


class KeyMap:
    """The map in force, and the names that the wanted keys have in it.

    A wanted key that no key gives by name is sought among all that the keys give, with Shift or in
    another layout, and by its place: f13 is where it always is, whatever the map makes of it. That
    is not so of a modifier: a right Ctrl that composes characters would do so while it is held.
    """

    def __init__(self, display: Any, wanted: Iterable[str] = ()) -> None:
        self._first = display.display.info.min_keycode
        count = display.display.info.max_keycode - self._first + 1
        self._rows: Rows = display.get_keyboard_mapping(self._first, count)
        self.names = self._named()
        self.missing: frozenset[str] = frozenset(
            key for key in wanted if not (key in self.names.values() or self._find(key))
        )

    def gives(self, key: str) -> str:
        """Return in words what the key gives that is where a key of this name is on a keyboard."""
        code = CODES.get(key)
        row = self._row(code + XKB) if code else ()
        return next((_spelt(number) for number in row if number), "")

    def _named(self) -> dict[int, str]:
        """Return a name for every keycode; nameless keys are called "keycode 123"."""
        rows = enumerate(self._rows, self._first)
        names = {code: _name(row) or f"keycode {code}" for code, row in rows}
        taken = set(names.values())
        missing = {code: key for code, key in _US_PLACES.items() if key not in taken}
        return names | missing

    def _find(self, key: str) -> bool:
        """Give the name of a wanted key to those that are meant by it; return whether any is."""
        place = place_of(key)
        if place is not None:
            found = [place] if place in self.names else []
        elif key in BY_NUMBER.values() or key in _NAMED.values():
            found = [code for code in self.names if self._can_give(code, key)]
            by_place = CODES.get(key, 0) + XKB
            if not found and key in FUNCTION and by_place in self.names:
                found = [by_place]
        else:
            found = list[int]()
        self.names |= dict.fromkeys(found, key)
        return bool(found)

    def _can_give(self, code: int, key: str) -> bool:
        return any(_NAMES.get(number) == key for number in self._row(code))

    def _row(self, code: int) -> Any:
        at = code - self._first
        return self._rows[at] if 0 <= at < len(self._rows) else ()


def _name(keysyms: Any) -> str:
    """Name a key by what it gives unshifted, in whichever layout gives a name that we know."""
    for number in keysyms[::2]:  # every second column is the shifted one
        if number in _NAMES:
            return _NAMES[number]
        if 0x20 < number < 0x7F or 0xA0 < number < 0x100:  # these are their characters
            return chr(number).lower()
        if number == 0x20AC or number > _UNICODE:
            return _character(number)
    return ""


def _character(number: int) -> str:
    point = number & (_UNICODE - 1)
    return chr(point).lower() if point < 0x110000 and chr(point).isprintable() else ""


def _spelt(number: int) -> str:
    name = _name([number])
    if name:
        return in_words((parse_key(name),))
    return XK.keysym_to_string(number) or f"keysym {number:#x}"


log = logging.getLogger(__name__)

_RAW_PRESS, _RAW_RELEASE = 13, 14
_RAW_EVENT = struct.Struct("=HIIHHI")  # device, time, keycode, source device, valuators, flags
_BUTTONS = 3  # those above are the wheel, which moves no caret
_WRAP = 2**32 / 1000  # seconds after which the server's time, 32 bits of ms, begins anew
_SELDOM = ("pause", "scroll_lock", "f9")  # keys that most keyboards have and few programs use
_LOCKS = (0, X.LockMask, X.Mod2Mask, X.LockMask | X.Mod2Mask)  # Caps Lock and Num Lock may be on


class XInputHotkey:
    """ports.Hotkey; `chord` and `others` are what to hide from the windows."""

    def __init__(
        self,
        chord: Chord,
        others: tuple[Chord, ...] = (),
        tell: Callable[[str], None] = log.warning,
        *,
        watched: frozenset[str] = frozenset(),
    ) -> None:
        """`tell` tells the user of what no key of the keyboard gives; `watched` are other keys.

        Raises UnavailableError.
        """
        try:
            self._display = display.Display()  # the reader thread's, once it runs
            self._asking = display.Display()  # the loop's: python-xlib wants one for each thread
        except (error.DisplayError, OSError) as reason:
            raise UnavailableError(
                f"The X server cannot be reached: {reason}.", "Start it from your desktop session."
            ) from reason
        if not self._display.has_extension("XInputExtension"):
            raise UnavailableError("This X server has no XInput2.", "Another way is tried.")
        self._announce()
        self._chord, self._others = chord, others
        self._root = self._display.screen().root
        wanted = watched.union(*(slot for one in (chord, *others) for slot in one))
        self._buttons = {n: key for key in wanted if (n := button_of(key)) is not None}
        self._wanted = wanted - set(self._buttons.values())
        self._tell, self._lacking = tell, frozenset[Slot]()
        self._look_at_map()
        self._locks = Locks(self._display)
        self._clock = EventClock(_WRAP)
        self._pressed: dict[int, int] = {}  # button -> source device
        self._xtest = self._find_xtest()
        self._down: dict[int, int] = {}  # keycode -> source device, of the user's keys
        self._cleared: set[int] = set()  # held by the user through XTEST, released by us
        self._expected = Expected()
        self._hidden, self._claimed = set[int](), set[int]()
        self._grabs: dict[Chord, tuple[set[int], list[int]]] = {}  # its keycodes, its modifiers
        self._claims: deque[frozenset[str]] = deque()
        self._behind: deque[Callable[[], None]] = deque()  # who waits for it to have read all
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._read, name="hotkey", daemon=True)
        self._stopped = False

    def start(self, on_edge: Callable[[Edge], None], on_lost: Callable[[str], None]) -> None:
        """Report every edge of the user's keys, on the reader's thread."""
        self._on_edge, self._on_lost = on_edge, on_lost
        mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask | xinput.RawButtonPressMask
        mask |= xinput.RawButtonReleaseMask if self._buttons else 0
        self._root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        self._hide()
        for chord in (self._chord, *self._others):
            self._hide_buttons(chord)
        self._display.sync()
        self._thread.start()

    def expect(self, keycode: int, down: bool | None) -> None:
        """Learn that the next XTEST event like this is ours; from any thread, before it is sent.

        None: the user's own keyboard will release the key and press it again.
        """
        self._expected.add(keycode, down)
        if down is False and keycode in self._down:
            self._cleared.add(keycode)

    def held(self) -> frozenset[str] | None:
        """Return the names of the keys that are physically down now."""
        down = dict(self._down)
        merged = bits_set(self._asking.query_keymap())
        states = {source: self._state(source) for source in set(down.values()) - self._xtest}
        keys = frozenset(
            self._names[keycode]
            for keycode, source in down.items()
            if keycode in self._cleared  # only its own release can tell
            or keycode in (merged if (own := states.get(source)) is None else own)
        )
        return keys | self._held_buttons()

    def _held_buttons(self) -> frozenset[str]:
        pressed = dict(self._pressed)
        states = {source: self._state(source, buttons=True) for source in set(pressed.values())}
        return frozenset(
            self._buttons[button]
            for button, source in pressed.items()
            if (own := states[source]) is None or button in own
        )

    def claim(self, keys: frozenset[str]) -> None:
        """Keep presses of these keys, and no others, from the windows; from any thread."""
        if not self._stopped:  # else its grabs have gone with its connection
            self._claims.append(keys)
            self._wake_up.set()

    def catch_up(self, done: Callable[[], None]) -> None:
        """Call `done` on the reader's thread, when all that the server has sent by now is read."""
        self._behind.append(done)
        if not self._stopped:
            self._wake_up.set()

    def stop(self) -> None:
        """End the reader; grabs go with its connection."""
        if not self._stopped:
            self._stopped = True
            self._wake_up.set()
            if self._thread.ident:
                self._thread.join()
            for end in (self._display, self._asking, self._locks):
                _close(end)
            self._wake_up.close()

    # On the reader's thread

    def _read(self) -> None:
        try:
            while True:
                while self._display.pending_events():
                    self._take(self._display.next_event())
                if x11.wait(self._display, self._wake_up):
                    self._obey()
                    self._catch_up()
                if self._stopped:
                    break
            self._repeat(self._hidden, on=True)
        except (error.ConnectionClosedError, OSError, ValueError) as reason:
            self._on_lost(f"The X server is gone: {reason}.")
        except Exception:
            log.exception("the hotkey's reader failed")
            self._on_lost("The hotkey's reader failed; the log has the details.")

    def _take(self, event: Any) -> None:
        if event.type == ge.GenericEventCode and event.evtype in (_RAW_PRESS, _RAW_RELEASE):
            _, at, keycode, source, _, _ = _RAW_EVENT.unpack(bytes(event.data)[: _RAW_EVENT.size])
            self._edge(keycode, event.evtype == _RAW_PRESS, source, self._when(at))
        elif event.type == ge.GenericEventCode:
            _, at, button, source, _, _ = _RAW_EVENT.unpack(bytes(event.data)[: _RAW_EVENT.size])
            self._click(button, event.evtype == xinput.RawButtonPress, source, self._when(at))
        elif event.type == X.KeyRelease:
            self._let_go(event)
        elif event.type == X.ButtonRelease:  # of what is hidden: who has a grab gets no raw one
            if source := self._pressed.get(event.detail):
                self._click(event.detail, False, source, self._when(event.time))
        elif event.type == X.KeyPress:  # of what is hidden: just this press
            self._display.ungrab_keyboard(X.CurrentTime)
            if event.detail in self._hidden:
                self._locks.pressed(event)
            x11.flush(self._display)
        elif event.type == X.MappingNotify and event.request == X.MappingKeyboard:
            self._look_at_map()
            self._hide_anew()

    def _when(self, milliseconds: int) -> float:
        """Return when an event of this time of the server's was, on our clock."""
        return self._clock.at(milliseconds / 1000, time.monotonic())

    def _let_go(self, event: Any) -> None:
        """Take a release of a hidden key that came before its grab was let go.

        Who has a grab gets no raw one. But a repetition is a release and a press, too.
        """
        source = self._down.get(event.detail)
        if source and event.detail not in bits_set(self._display.query_keymap()):
            self._edge(event.detail, False, source, self._when(event.time))

    def _click(self, button: int, down: bool, source: int, at: float) -> None:
        if name := self._buttons.get(button):
            if down:
                self._pressed[button] = source
            else:
                self._pressed.pop(button, None)
            self._on_edge(Edge(name, down, at))
        elif down and button <= _BUTTONS:
            self._on_edge(Edge(POINTER, True, at))

    def _look_at_map(self) -> None:
        """Learn what the keys are called now, and tell of a chord that has lost one."""
        keys = KeyMap(self._display, self._wanted)
        self._names = keys.names
        slots = {slot for chord in (self._chord, *self._others) for slot in chord}
        lacking = frozenset(slot for slot in slots if slot <= keys.missing)
        if lacking - self._lacking:
            self._tell(_without(lacking - self._lacking, keys))
        elif lacking != self._lacking:
            log.info("the keyboard map has changed: %d keys are not on it", len(lacking))
        self._lacking = lacking

    def _obey(self) -> None:
        while self._claims:
            keys = self._claims.popleft()
            for keycode in self._claimed:
                self._root.ungrab_key(keycode, X.AnyModifier)
            self._claimed = {code for code, name in self._names.items() if name in keys}
            self._claimed -= self._hidden  # the chord's own grab is there already
            self._grab(self._claimed, [X.AnyModifier])

    def _catch_up(self) -> None:
        """Read what has happened by now, then tell those who wait for that."""
        if not (behind := len(self._behind)):
            return
        self._display.sync()  # an answer comes after the events of before it
        while self._display.pending_events():
            self._take(self._display.next_event())
        for _ in range(behind):
            self._behind.popleft()()

    def _edge(self, keycode: int, down: bool, source: int, at: float) -> None:
        if source not in self._known:
            self._xtest = self._find_xtest()  # a keyboard has been plugged in
        if source in self._xtest:
            if self._expected.sent(keycode, down):
                return
        elif (ours := self._expected.again(keycode, down)) is not False:
            if ours:
                return
            down = False
        elif not down and keycode not in self._down:
            return  # it was let go when our output had just pressed it again
        if down:
            self._down[keycode] = source
        else:
            self._down.pop(keycode, None)
        self._cleared.discard(keycode)
        if keycode in self._hidden:
            self._repeat({keycode}, on=not down)
        if not down:
            self._locks.released(keycode)
        name = self._names.get(keycode, f"keycode {keycode}")
        self._on_edge(Edge(name, down, at))

    def _find_xtest(self) -> set[int]:
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        self._known = {device.deviceid for device in devices}
        return {device.deviceid for device in devices if "XTEST" in str(device.name)}

    def _announce(self) -> None:
        """Say that we know version 2.2: since 2.1 raw events come whoever has a grab.

        python-xlib itself says 2.0, and then a menu or a locker that grabs the keyboard hides it.
        """
        major = self._display.display.get_extension_major("XInputExtension")
        xinput.XIQueryVersion(
            display=self._display.display, opcode=major, major_version=2, minor_version=2
        )

    def _state(self, source: int, *, buttons: bool = False) -> set[int] | None:
        """Return what is down of a device's keys or buttons; None: it is gone or has none."""
        major = self._asking.display.get_extension_major("XInputExtension")
        try:
            reply = QueryDeviceState(display=self._asking.display, opcode=major, device=source)
        except error.XError:
            return None
        return reply.buttons() if buttons else reply.keys()

    def _hide(self) -> None:
        if not is_bare(self._chord):
            self._hidden = self._hide_chord(self._chord)
        for chord in self._others:
            self._hide_chord(chord)

    def _hide_anew(self) -> None:
        """Hide what the chords are now, where the map has moved their keys."""
        if all(self._grabbed(chord) == grabbed for chord, grabbed in self._grabs.items()):
            return
        for keycodes, masks in self._grabs.values():
            for keycode in keycodes:
                for mask in masks:
                    self._root.ungrab_key(keycode, mask)
        self._repeat(self._hidden, on=True)
        self._hide()
        x11.flush(self._display)

    def _hide_buttons(self, chord: Chord) -> None:
        own = {key for slot in chord for key in slot}
        caught = error.CatchError(error.BadAccess)
        for button in (button for button, name in self._buttons.items() if name in own):
            for mask in self._grabbed(chord)[1]:
                self._root.grab_button(
                    button, mask, False, X.ButtonPressMask | X.ButtonReleaseMask,
                    X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, onerror=caught,
                )  # fmt: skip
        self._display.sync()
        if caught.get_error():
            log.warning("another program has taken %s; windows will see it, too", spell(chord))

    def _hide_chord(self, chord: Chord) -> set[int]:
        hidden, masks = self._grabs[chord] = self._grabbed(chord)
        if not self._grab(hidden, masks):
            log.warning("another program has taken %s; windows will see it, too", spell(chord))
        return hidden

    def _grabbed(self, chord: Chord) -> tuple[set[int], list[int]]:
        """Return the keycodes and modifiers by which a chord is hidden."""
        modifiers = self._modifier_masks()
        masks = 0
        for slot in chord:
            if slot <= MODIFIERS:
                masks |= next((modifiers[key] for key in sorted(slot) if key in modifiers), 0)
        own = {key for slot in chord for key in slot} - MODIFIERS
        hidden = {keycode for keycode, name in self._names.items() if name in own}
        return hidden, [masks | locks for locks in _LOCKS]

    def _grab(self, keycodes: set[int], modifiers: list[int]) -> bool:
        """Be the first to get these keys; return whether no other program had them before."""
        caught = error.CatchError(error.BadAccess)
        for keycode in keycodes:
            for mask in modifiers:
                self._root.grab_key(
                    keycode, mask, 0, X.GrabModeAsync, X.GrabModeAsync, onerror=caught
                )
        self._display.sync()
        return not caught.get_error()

    def _repeat(self, keycodes: set[int], *, on: bool) -> None:
        mode = X.AutoRepeatModeOn if on else X.AutoRepeatModeOff
        for keycode in keycodes:
            self._display.change_keyboard_control(key=keycode, auto_repeat_mode=mode)
        x11.flush(self._display)

    def _modifier_masks(self) -> dict[str, int]:
        """Return which modifier bit each modifier key sets."""
        rows = self._display.get_modifier_mapping()
        return {
            self._names[keycode]: 1 << bit
            for bit, row in enumerate(rows)
            for keycode in row
            if keycode and keycode in self._names
        }


def _without(lacking: frozenset[Slot], keys: KeyMap) -> str:
    """Return what to tell of keys that nothing on the keyboard gives."""
    words: list[str] = []
    for slot in sorted(lacking, key=min):
        given = keys.gives(min(slot))
        instead = f": the one in its place gives {given}" if given else ""
        words.append(f"No key of your keyboard gives {in_words((slot,))}{instead}.")
    there = [in_words((frozenset({key}),)) for key in _SELDOM if key in keys.names.values()]
    offered = " or ".join(f"{name}" for name in there)
    return f"{' '.join(words)} The hotkey is not heard. Set hotkey.keys to another: {offered}."


def _close(connection: Any) -> None:
    try:
        connection.close()
    except (error.ConnectionClosedError, OSError) as reason:
        log.debug("closing after the server: %s", reason)
