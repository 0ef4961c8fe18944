"""Watches the hotkey on X11 by XInput2 raw events.

Raw events arrive whatever window has the focus or a grab, do not repeat, never stall, and name
their device, which distinguishes a key on the user's keyboard from one that a program sends by
XTEST. Some users' keys come by XTEST, too (remote desktops), so our own are recognised by
announcement: the output calls `expect` before it sends each one.

An edge has the server's time of its event: a bouncing contact opens for some milliseconds only, but
a busy machine may read of it much later.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import logging
import struct
import time
from collections import deque
from typing import Any

from Xlib import X, display, error
from Xlib.ext import ge, xinput

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.event_clock import EventClock
from tray_dictate.core.keys.chord import POINTER, Edge
from tray_dictate.core.keys.names import Chord, Slot, button_of
from tray_dictate.core.ports import Notifier
from tray_dictate.hotkey.reader import KeyReader
from tray_dictate.hotkey.x11.grabs import Grabs
from tray_dictate.hotkey.x11.key_map import KeyMap, missing_keys
from tray_dictate.hotkey.x11.locks import Locks
from tray_dictate.hotkey.x11.own_keys import OwnKeys
from tray_dictate.system.desktop import x11
from tray_dictate.system.desktop.x11_requests import QueryDeviceState, bits_set

log = logging.getLogger(__name__)

_RAW_PRESS, _RAW_RELEASE = 13, 14
_RAW_EVENT = struct.Struct("=HIIHHI")  # device, time, keycode, source device, valuators, flags
_BUTTONS = 3  # those above are the wheel, which moves no caret
_WRAP = 2**32 / 1000  # seconds after which the server's time, 32 bits of ms, begins anew


class XInputHotkey(KeyReader):
    """ports.Hotkey that hides `chord` and `others` from the windows."""

    def __init__(
        self,
        chord: Chord,
        others: tuple[Chord, ...],
        notices: Notifier,
        *,
        watched: frozenset[str] = frozenset(),
        own_keys: OwnKeys | None = None,
    ) -> None:
        """`notices` gets the keys that the keyboard lacks; `watched` are more keys to name.

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
            raise UnavailableError("This X server has no XInput2.", "Another source is tried.")
        self._announce()
        self._chord, self._others = chord, others
        self._root = self._display.screen().root
        wanted = watched.union(*(slot for keys in (chord, *others) for slot in keys))
        self._buttons = {n: key for key in wanted if (n := button_of(key)) is not None}
        self._wanted = wanted - set(self._buttons.values())
        self._notices, self._lacking = notices, frozenset[Slot]()
        self._look_at_map()
        self._locks = Locks(self._display)
        self._clock = EventClock(_WRAP)
        self._pressed: dict[int, int] = {}  # button -> source device
        self._xtest = self._find_xtest()
        self._down: dict[int, int] = {}  # keycode -> source device, of the user's keys
        self._cleared: set[int] = set()  # held by the user through XTEST, released by us
        self._own_keys = own_keys or OwnKeys()
        self._grabs = Grabs(self._display, chord, others)
        self._claims: deque[frozenset[str]] = deque()
        super().__init__()

    def expect(self, keycode: int, down: bool | None) -> None:
        """Ignore the next XTEST event like this; call it on any thread before sending that.

        None: the user's own keyboard will release the key and press it again.
        """
        self._own_keys.announce(keycode, down)
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
        """Hide presses of these keys, and no others, from the windows; from any thread."""
        if not self._stopped:  # else its grabs have gone with its connection
            self._claims.append(keys)
            self._wake_up.set()

    def _begin(self) -> None:
        mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask | xinput.RawButtonPressMask
        mask |= xinput.RawButtonReleaseMask if self._buttons else 0
        self._root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        self._grabs.hide(self._names, self._buttons)
        self._display.sync()

    def _close(self) -> None:
        """Close the connections; the grabs go with the reader's."""
        for end in (self._display, self._asking, self._locks):
            _close(end)

    # On the reader's thread

    def _read(self) -> None:
        try:
            while True:
                while self._display.pending_events():
                    self._take(self._display.next_event())
                if x11.wait(self._display, self._wake_up):
                    self._take_claims()
                    self._report_marks()
                if self._stopped:
                    break
        except (error.ConnectionClosedError, OSError, ValueError) as reason:
            self._listener.lost(f"The X server is gone: {reason}.")

    def _take(self, event: Any) -> None:
        if event.type == ge.GenericEventCode and event.evtype in (_RAW_PRESS, _RAW_RELEASE):
            _, at, keycode, source, _, _ = _RAW_EVENT.unpack(bytes(event.data)[: _RAW_EVENT.size])
            self._edge(keycode, event.evtype == _RAW_PRESS, source, self._when(at))
        elif event.type == ge.GenericEventCode:
            _, at, button, source, _, _ = _RAW_EVENT.unpack(bytes(event.data)[: _RAW_EVENT.size])
            self._click(button, event.evtype == xinput.RawButtonPress, source, self._when(at))
        elif event.type == X.KeyRelease:
            self._hidden_key_released(event)
        elif event.type == X.ButtonRelease:  # of what is hidden: who has a grab gets no raw one
            if source := self._pressed.get(event.detail):
                self._click(event.detail, False, source, self._when(event.time))
        elif event.type == X.KeyPress:  # of what is hidden: just this press
            self._display.ungrab_keyboard(X.CurrentTime)
            if event.detail in self._grabs.hidden:
                self._locks.pressed(event)
            x11.flush(self._display)
        elif event.type == X.MappingNotify and event.request == X.MappingKeyboard:
            self._look_at_map()
            self._grabs.hide_again(self._names)

    def _when(self, milliseconds: int) -> float:
        """Convert a time of the server to our clock."""
        return self._clock.at(milliseconds / 1000, time.monotonic())

    def _hidden_key_released(self, event: Any) -> None:
        """Process the release of a hidden key that came before its grab was released.

        A client with a grab gets no raw event of it.
        """
        source = self._down.get(event.detail)
        if source and not self._is_repetition(event):
            self._edge(event.detail, False, source, self._when(event.time))

    def _is_repetition(self, release: Any) -> bool:
        """Return whether the key is only repeated: then a press comes with the release.

        What is down now does not tell: our output may have released the key meanwhile, and the
        announcement of that must be left for its own event.
        """
        self._display.sync()  # an answer comes after the events of before it
        return any(
            event.type == X.KeyPress
            and (event.detail, event.time) == (release.detail, release.time)
            for event in self._display.display.event_queue
        )

    def _click(self, button: int, down: bool, source: int, at: float) -> None:
        if name := self._buttons.get(button):
            if down:
                self._pressed[button] = source
            else:
                self._pressed.pop(button, None)
            self._listener.edge(Edge(name, down, at))
        elif down and button <= _BUTTONS:
            self._listener.edge(Edge(POINTER, True, at))

    def _look_at_map(self) -> None:
        """Read the names of the keys, and tell the user which keys of the chords are missing."""
        keys = KeyMap(self._display, self._wanted)
        self._names = keys.names
        slots = {slot for chord in (self._chord, *self._others) for slot in chord}
        lacking = frozenset(slot for slot in slots if slot <= keys.missing)
        if lacking - self._lacking:
            self._notices.tell(missing_keys(lacking - self._lacking, keys), "hotkey")
        elif lacking != self._lacking:
            log.info("the keyboard map has changed: %d keys are not on it", len(lacking))
        self._lacking = lacking

    def _take_claims(self) -> None:
        while self._claims:
            keys = self._claims.popleft()
            self._grabs.claim({code for code, name in self._names.items() if name in keys})

    def _read_all(self) -> None:
        self._display.sync()  # an answer comes after the events of before it
        while self._display.pending_events():
            self._take(self._display.next_event())

    def _edge(self, keycode: int, down: bool, source: int, at: float) -> None:
        if source not in self._known:
            self._xtest = self._find_xtest()  # a keyboard has been plugged in
        if source in self._xtest:
            if self._own_keys.take_sent(keycode, down):
                if not down and keycode in self._down:  # pressed just before, and read only now
                    self._cleared.add(keycode)
                return
        elif (ours := self._own_keys.take_restored(keycode, down)) is not False:
            if ours:
                return
            down = False
        elif not down and keycode not in self._down:
            return  # the user released it when our output had just pressed it again
        if down:
            self._down[keycode] = source
        else:
            self._down.pop(keycode, None)
        self._cleared.discard(keycode)
        if not down:
            self._locks.released(keycode)
        name = self._names.get(keycode, f"keycode {keycode}")
        self._listener.edge(Edge(name, down, at))

    def _find_xtest(self) -> set[int]:
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        self._known = {device.deviceid for device in devices}
        return {device.deviceid for device in devices if "XTEST" in str(device.name)}

    def _announce(self) -> None:
        """Announce version 2.2 of XInput: since 2.1 raw events arrive in spite of grabs.

        python-xlib announces 2.0, with which a menu or a locker that grabs the keyboard hides them.
        """
        major = self._display.display.get_extension_major("XInputExtension")
        xinput.XIQueryVersion(
            display=self._display.display, opcode=major, major_version=2, minor_version=2
        )

    def _state(self, source: int, *, buttons: bool = False) -> set[int] | None:
        """Return a device's keys or buttons that are down; None if it is gone or has none."""
        major = self._asking.display.get_extension_major("XInputExtension")
        try:
            reply = QueryDeviceState(display=self._asking.display, opcode=major, device=source)
        except error.XError:
            return None
        return reply.buttons() if buttons else reply.keys()


def _close(connection: Any) -> None:
    try:
        connection.close()
    except (error.ConnectionClosedError, OSError) as reason:
        log.debug("closing after the server: %s", reason)
