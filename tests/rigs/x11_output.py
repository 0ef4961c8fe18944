"""What the tests of delivery share: texts, outputs that are closed, and what the server says."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib.display import Display
from Xlib.ext import ge, xinput

from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow
from tests.waiting import wait_until

# ruff: noqa: E501, RUF001 - the texts
TEXTS = {
    "ascii": "The quick brown fox: 'Why (not) [now]?' {x} <y> a@b.c #5 $3 50% ^ & * _ - + = ~ ` | \\ / \" ; done!",
    "accents": "Élève français: où êtes-vous, à Noël? Grüße, Straße, Übermut. ¿Qué? Łódź, žluťoučký kůň, İstanbul.",
    "cjk": "今天天气很好，我们去公园散步吧。日本語の文章を入力するテストです。한국어 문장도 입력해 봅시다.",
    "emoji": "Hi 😀 ok 🎉 wow 🚀 nice 👍 love ❤ fire 🔥 star ⭐ sad 😢 dog 🐶 sun ☀ moon 🌙 end.",
    "mixed": "Say: Привет, мир! Grüße 今天 😀, съешь ещё этих мягких французских булок — done.\tTab\nand a line.",
}


@contextmanager
def connected(desktop: Desktop) -> Iterator[Display]:
    display = Display(desktop.display)
    try:
        yield display
    finally:
        display.close()


def keys_down(display: Display) -> list[int]:
    keymap = display.query_keymap()
    return [code for code in range(8, 256) if keymap[code // 8] & 1 << code % 8]


def keymap(display: Display) -> list[tuple[int, ...]]:
    return [tuple(row) for row in display.get_keyboard_mapping(8, 248)]


class RawKeys:
    """An XInput2 listener: every key event, and whether XTEST made it."""

    def __init__(self, desktop: Desktop) -> None:
        self._display = Display(desktop.display)
        self._display.xinput_query_version()
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        self._xtest = {one.deviceid for one in devices if "XTEST" in str(one.name)}
        mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
        self._display.screen().root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        self._display.sync()

    def take(self) -> list[tuple[int, bool, bool]]:
        """Return (keycode, down, by XTEST) of every event since the last call."""
        self._display.sync()
        events: list[tuple[int, bool, bool]] = []
        while self._display.pending_events():
            event: Any = self._display.next_event()
            if event.type == ge.GenericEventCode:
                keycode, source = struct.unpack("=IH", bytes(event.data)[6:12])
                events.append((keycode, event.evtype == xinput.RawKeyPress, source in self._xtest))
        return events

    def take_as(self, wanted: list[tuple[int, bool]]) -> None:
        """Wait until these events, and no others, have come since the last call."""
        seen: list[tuple[int, bool]] = []

        def all_there() -> bool:  # a connection of our own hears of the last ones a little later
            seen.extend((code, down) for code, down, _ in self.take())
            return len(seen) >= len(wanted)

        with suppress(AssertionError):
            wait_until(all_there, 5, "as many events")
        assert seen == wanted

    def close(self) -> None:
        self._display.close()


def rename(desktop: Desktop, window: TextWindow, *names: str) -> None:
    """Have a window say that it is of another application."""
    with connected(desktop) as display:
        display.create_resource_object("window", int(window.id)).set_wm_class(*names)
        display.sync()
