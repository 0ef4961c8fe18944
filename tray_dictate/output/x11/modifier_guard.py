"""Keeps modifiers that the user presses while text is typed from reaching the window.

The server merges the user's keyboard with ours, event by event, so checking the modifiers cannot
prevent one from going down between two of our keys. So every modifier key is grabbed meanwhile,
with a freeze: from its press on the server holds back all events, our own keys included, until we
have looked. Then all of them come to us and none to the window, and we know exactly which of our
keys the window has not seen: they are sent again.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from Xlib import X
from Xlib.display import Display
from Xlib.ext import ge, xinput

from tray_dictate.system.desktop.x11_requests import (
    AllowEvents,
    FakeDeviceKey,
    PassiveUngrab,
    QueryDeviceState,
)

_ANY = 0x80000000  # XIAnyModifier
_KEYS = xinput.KeyPressMask | xinput.KeyReleaseMask
_RAW = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
_REPLAY = 2  # XIReplayDevice: as if there had been no grab
_SLAVE_KEYBOARD = 4


class _Edge(NamedTuple):
    """A key of a keyboard went down or up; `number` is that of our last request before it."""

    device: int
    keycode: int
    down: bool
    number: int

    def after(self, request: int) -> bool:
        """Return whether the server had answered this request of our connection by then."""
        return (self.number - request) & 0xFFFF < 0x8000


class KeySender(Protocol):
    """Our keyboard: keyboard.SyntheticKeyboard."""

    def announce_again(self, keycode: int) -> None:
        """Announce that the user's own keyboard releases this key and presses it again."""
        ...

    def tap(self, *keycodes: int) -> None:
        """Press keys in this order and release them in the other; the requests are queued."""
        ...


class ModifierGuard:
    """The grabs; for one thread, with that thread's connection, which must announce XInput."""

    def __init__(self, display: Display) -> None:
        self._display: Any = display
        self._root: Any = display.screen().root
        found = self._display.query_extension("XInputExtension")
        self._opcode, self._first_event = found.major_opcode, found.first_event
        # 2.1: raw events come during any grab; python-xlib itself asks for 2.0
        xinput.XIQueryVersion(
            display=self._display.display, opcode=self._opcode, major_version=2, minor_version=1
        )
        self._xtest = self._display.display.get_extension_major("XTEST")
        self._grabbed: set[int] = set()
        self._sprung = False
        self._active = False
        self._find()

    def cover(self, keycodes: set[int]) -> None:
        """Grab these keys, and no others."""
        for keycode in self._grabbed - keycodes:
            self._ungrab(keycode)
        replies = [
            xinput.XIPassiveGrabDevice(
                display=self._display.display, defer=True, opcode=self._opcode,
                deviceid=self._master, grab_window=self._root, time=X.CurrentTime, cursor=X.NONE,
                detail=keycode, grab_type=xinput.GrabtypeKeycode, grab_mode=xinput.GrabModeSync,
                paired_device_mode=xinput.GrabModeAsync, owner_events=False, mask=_KEYS,
                modifiers=[_ANY],
            )
            for keycode in keycodes - self._grabbed
        ]  # fmt: skip
        for reply in replies:  # one that another program has grabbed like this stays its own
            reply.reply()
        self._grabbed = set(keycodes)

    def sprung(self) -> bool:
        """Tell whether one of the keys has been pressed; everything is frozen since."""
        self._presses()
        return self._sprung

    def swallowed(self, sent: Sequence[int]) -> int:
        """Take what was frozen; return how many of the last keycodes sent are among it.

        The keyboard is ours afterwards, until `pass_on`.
        """
        self._root.xinput_grab_device(
            self._master, X.CurrentTime, xinput.GrabModeAsync, xinput.GrabModeAsync, False, _KEYS
        )
        self._active, self._sprung = True, False
        self._display.sync()
        pressed = self._presses()
        self._sprung = False
        count = 0
        for keycode in reversed(pressed):
            if count < len(sent) and sent[-1 - count] == keycode:
                count += 1
        return count

    def pass_on(self) -> None:
        """Let keys reach the window again; the request is queued."""
        if self._active:
            self._display.xinput_ungrab_device(self._master, X.CurrentTime)
            self._active = False

    def lift(self) -> None:
        """Give the keys back; a press that has frozen the keyboard goes where it belongs."""
        for keycode in self._grabbed:
            self._ungrab(keycode)
        self._grabbed = set()
        self.pass_on()
        AllowEvents(
            display=self._display.display, opcode=self._opcode, time=X.CurrentTime,
            device=self._master, mode=_REPLAY,
        )  # fmt: skip
        self._display.sync()
        self._presses()
        self._sprung = False

    def press_again(self, keycodes: set[int], keys: KeySender, idle: Sequence[int]) -> None:
        """Give effect to those of the keys that are physically down, unless let go meanwhile.

        The keyboard itself releases and presses them, so that the user's release ends it. `idle`
        is tapped right after that, before any release.
        """
        self._find()
        self._root.xinput_select_events([(self._master, _RAW)])
        self._display.sync()
        self._raw_events()
        # only now: a release between the look and our press must be among the edges
        again = [
            (device, keycode, looked)
            for device, (down, looked) in self._hardware().items()
            for keycode in sorted(down & keycodes)
        ]
        for device, keycode, _ in again:
            keys.announce_again(keycode)
            for down in (False, True):
                self._fake(device, keycode, down=down)
        keys.tap(*idle)
        self._display.sync()
        edges = self._raw_events()
        for device, keycode, looked in again:
            own = [
                edge.down for edge in edges if edge[:2] == (device, keycode) and edge.after(looked)
            ]
            if own.count(False) > own.count(True) and own[-1]:  # the user let go before our press
                self._fake(device, keycode, down=False)
        self._root.xinput_select_events([(self._master, 0)])
        self._display.sync()

    def _hardware(self) -> dict[int, tuple[set[int], int]]:
        """Return the keycodes that are physically down on each keyboard, and the look's number."""
        asked = {
            device: QueryDeviceState(
                display=self._display.display, defer=True, opcode=self._opcode, device=device
            )
            for device in self._keyboards
        }
        down: dict[int, tuple[set[int], int]] = {}
        for device, state in asked.items():
            state.reply()
            down[device] = state.keys() or set(), state.sequence_number
        return down

    def _fake(self, device: int, keycode: int, *, down: bool) -> None:
        FakeDeviceKey(
            display=self._display.display, opcode=self._xtest, keycode=keycode, delay=0,
            event_type=self._first_event + (1 if down else 2), device=device,
        )  # fmt: skip

    def _ungrab(self, keycode: int) -> None:
        PassiveUngrab(
            display=self._display.display, opcode=self._opcode, window=self._root.id,
            keycode=keycode, device=self._master, count=1, type=xinput.GrabtypeKeycode,
            modifiers=_ANY,
        )  # fmt: skip

    def _find(self) -> None:
        """Find the keyboards; another may have been plugged in."""
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        self._master = next(
            device.deviceid for device in devices if device.use == xinput.MasterKeyboard
        )
        self._keyboards = [
            device.deviceid
            for device in devices
            if device.use == _SLAVE_KEYBOARD
            and device.attachment == self._master
            and "XTEST" not in str(device.name)
        ]

    def _events(self) -> list[Any]:
        events: list[Any] = []
        while self._display.pending_events():
            event = self._display.next_event()
            if hasattr(event, "first_keycode"):  # a MappingNotify
                self._display.refresh_keyboard_mapping(event)
            if event.type == ge.GenericEventCode:
                events.append(event)
        return events

    def _presses(self) -> list[int]:
        """Return the keycodes of the presses that came to us; notes the first of a grab."""
        presses = [event for event in self._events() if event.evtype == xinput.KeyPress]
        codes = [event.data.detail for event in presses]
        self._sprung = self._sprung or bool(codes)
        return codes

    def _raw_events(self) -> list[_Edge]:
        edges: list[_Edge] = []
        for event in self._events():
            if event.evtype in (xinput.RawKeyPress, xinput.RawKeyRelease):
                raw = bytes(event.data)
                keycode = int.from_bytes(raw[6:10], "little")
                source = int.from_bytes(raw[10:12], "little")
                down = event.evtype == xinput.RawKeyPress
                edges.append(_Edge(source, keycode, down, event.sequence_number))
        return edges
