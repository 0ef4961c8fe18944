"""Random schedules of modifiers pressed and let go on a keyboard while text is typed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import NamedTuple

from typing_extensions import override
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xinput, xtest

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import keys_down
from tests.rigs.x11_windows import TextWindow
from tests.waiting import wait_until
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.output.x11.output import X11Output
from tray_dictate.system.desktop.x11_requests import FakeDeviceKey

# the keycodes of a PC's keyboard: xdotool's names would cost a connection for each
MODIFIERS = {
    "ctrl_l": 37, "shift_l": 50, "shift_r": 62, "alt_l": 64, "ctrl_r": 105, "alt_r": 108,
    "super_l": 133,
}  # fmt: skip
BITS = {
    "ctrl": X.ControlMask, "shift": X.ShiftMask, "alt": X.Mod1Mask, "super": X.Mod4Mask,
}  # fmt: skip
SLAVE_KEYBOARD = 4  # XInput's
DEBOUNCE = 0.005  # seconds in which a keyboard reports no second edge of a key: its switch bounces
PAUSE = 127  # Xephyr notices only at the next key which modifiers of its host have changed
MASK = X.ShiftMask | X.LockMask | X.ControlMask | X.Mod1Mask | X.Mod4Mask | X.Mod5Mask
TEXT = "Ctrl+W closes. Grüße an ALLE, 5% (ok)? Привет 你好 😀! "


class Move(NamedTuple):
    """After so many ms, this key goes the other way: down if it is up."""

    after: float
    key: str


class Fingers:
    """A person's hands on a keyboard that the server takes for a real one.

    With Xephyr the keys are those of its host. It makes some of its own: where its host has a
    modifier on that it has not, it presses the modifier's first key, and releases that one only
    together with its own state. Without Xephyr the server's own keyboard device sends them, past
    any grab of the server, and nothing but what the schedule says.
    """

    def __init__(self, desktop: Desktop) -> None:
        self.by_xephyr = desktop.keyboard is not desktop.synthetic
        self._display = Display(desktop.keyboard._env["DISPLAY"])
        self._display.xtest_grab_control(True)  # XTEST's: no grab of the server holds us up
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        self._device = next(
            one.deviceid
            for one in devices
            if one.use == SLAVE_KEYBOARD and "XTEST" not in str(one.name)
        )
        self._first_event = self._display.query_extension("XInputExtension").first_event
        self._opcode = self._display.display.get_extension_major("XTEST")
        self.down: dict[str, None] = {}

    def turn(self, key: str) -> None:
        """Press a key that is up, let go of one that is down."""
        self._send(MODIFIERS[key], down=key not in self.down)
        self._display.sync()
        if key in self.down:
            del self.down[key]
        else:
            self.down[key] = None

    def _send(self, keycode: int, *, down: bool) -> None:
        if self.by_xephyr:
            xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, keycode)
            return
        FakeDeviceKey(
            display=self._display.display, opcode=self._opcode, keycode=keycode, delay=0,
            event_type=self._first_event + (1 if down else 2), device=self._device,
        )  # fmt: skip

    def play(self, moves: list[Move]) -> None:
        turned = dict.fromkeys(MODIFIERS, 0.0)
        for move in moves:
            bounces = turned[move.key] + DEBOUNCE - time.monotonic()
            time.sleep(max(move.after / 1000, bounces))
            self.turn(move.key)
            turned[move.key] = time.monotonic()

    def let_go(self) -> None:
        for key in list(self.down):
            self.turn(key)
        if self.by_xephyr:
            self.tap({PAUSE})

    def tap(self, keycodes: set[int]) -> None:
        for keycode in keycodes:
            self._send(keycode, down=True)
            self._send(keycode, down=False)
        self._display.sync()

    def close(self) -> None:
        self.let_go()
        self._display.close()


class Listening(FakeListener, FilteringHotkey):
    """The product's own hotkey, beside the output that announces its keys to it."""

    def __init__(self) -> None:
        FakeListener.__init__(self)
        FilteringHotkey.__init__(self)
        self.announced = 0
        self.edges: list[Edge] = []
        self._hotkey = XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices())
        self._hotkey.start(self)

    def edge(self, edge: Edge) -> None:
        self.edges.append(edge)

    @override
    def expect(self, keycode: int, down: bool | None) -> None:
        self.announced += 1
        self._hotkey.expect(keycode, down)

    def clear(self) -> None:
        self.announced = 0
        self.edges.clear()

    def heard(self, moves: list[Move]) -> str:
        """Return where it heard something else of the modifiers than what the hands did."""
        self._hotkey.catch_up(0)
        self.marks.get(timeout=20)  # else the hotkey reads no more
        for key in MODIFIERS:
            name = "alt_gr" if key == "alt_r" and self._is_alt_gr() else key
            done = sum(move.key == key for move in moves)
            done += done % 2  # let go at the end
            heard = [edge.down for edge in self.edges if edge.key == name]
            if heard != [number % 2 == 0 for number in range(done)]:
                return f"{key} moved {done} times, heard {heard}"
        return ""

    def _is_alt_gr(self) -> bool:
        return any(edge.key == "alt_gr" for edge in self.edges)

    def close(self) -> None:
        self._hotkey.stop()


def random_moves(seed: int, most: int = 12) -> list[Move]:
    """Return a schedule: short and long pauses, several keys at once, some held to the end."""
    chance = random.Random(seed)
    keys = chance.sample(sorted(MODIFIERS), chance.randint(1, 4))
    pause = lambda: chance.choice([0, 1, 3, 10, 30, 80]) * chance.random()  # noqa: E731
    return [Move(pause(), chance.choice(keys)) for _ in range(chance.randint(1, most))]


async def run(
    window: TextWindow, display: Display, fingers: Fingers, output: X11Output,
    listening: Listening, moves: list[Move], pieces: Sequence[str] = (TEXT * 4,),
) -> list[str]:  # fmt: skip
    """Deliver while the moves are made; return what is wrong, nothing where all is well."""
    text = "".join(pieces)
    faults: list[str] = []
    window.clear()
    listening.clear()
    playing = asyncio.create_task(asyncio.to_thread(fingers.play, moves))
    try:
        for piece in pieces:
            await output.deliver(piece)
    finally:
        await playing
    await asyncio.to_thread(arrive, window, text)
    if (got := window.text()) != text:
        faults.append(f"holds {got!r}")
    if fired := shortcuts(window):
        faults.append(f"shortcuts {fired}")
    expected = 0
    for key in fingers.down:
        expected |= BITS[key.partition("_")[0]]
    if expected:  # another dictation while they are held: they are back in effect after it
        await output.deliver("x")
        await asyncio.to_thread(arrive, window, text + "x")
        if window.text() != text + "x":
            faults.append(f"holds {window.text()!r} then")
        if mask(display) & expected != expected:
            faults.append(f"held {expected:#x}, in effect {mask(display):#x}")
    fingers.let_go()
    if fingers.by_xephyr:  # a key that it has pressed by itself
        fingers.tap(set(keys_down(display)) - {MODIFIERS[move.key] for move in moves})
    try:
        wait_until(lambda: not keys_down(display), 20, "no key is down")
        wait_until(lambda: not mask(display), 20, "no modifier is on")
    except AssertionError:
        faults.append(f"stuck: keys {keys_down(display)}, modifiers {mask(display):#x}")
    if not fingers.by_xephyr and (misheard := listening.heard(moves)):
        faults.append(f"hotkey: {misheard}")
    return faults


def arrive(window: TextWindow, text: str) -> None:
    end = time.monotonic() + 20
    while window.text() != text and time.monotonic() < end:
        time.sleep(0.01)


def mask(display: Display) -> int:
    return display.screen().root.query_pointer().mask & MASK


def shortcuts(window: TextWindow) -> list[str]:
    """Return the keys that the Tk window got with Ctrl, Alt or Super.

    Modifiers are left out, and the key that gives nothing, which keeps menus from opening.
    """
    if window.kind != "tk":
        return []
    keys = [key for key in window.key_events() if key.down and key.state & (4 | 8 | 64)]
    modifiers = ("Control", "Alt", "Shift", "Super", "ISO_Level3", "Meta", "??")
    return [key.keysym for key in keys if not key.keysym.startswith(modifiers)]
