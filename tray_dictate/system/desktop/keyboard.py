"""Reads what the compositor reports about the keyboard: its keymap and its repetition."""

from __future__ import annotations

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.desktop.wayland import (
    Arguments,
    Connection,
    OnEvent,
    WaylandError,
    compositor_answers,
)

_CAPABILITIES, _GET_KEYBOARD = 0, 1  # event and request of the seat
_HAS_KEYBOARD = 2
_REPEATS_SINCE, _REPEAT_INFO = 4, 5  # version and event of the keyboard


def ask_keyboard(connection: Connection, on_event: OnEvent) -> None:
    """Handle the events of the seat's keyboard, if it has one.

    Raises UnavailableError, or WaylandError.
    """
    capabilities = list[int]()

    def on_seat(opcode: int, event: Arguments) -> None:
        if opcode == _CAPABILITIES:
            capabilities.append(event.uint())

    seat = connection.bind("wl_seat", _REPEATS_SINCE, on_seat)
    connection.roundtrip()
    if capabilities and capabilities[-1] & _HAS_KEYBOARD:
        connection.request(seat, _GET_KEYBOARD, connection.create(on_event))
        connection.roundtrip()


def repeat_delay() -> float | None:
    """Return after how many seconds a held key is repeated; None if it is not, or if unknown.

    Blocks.
    """
    found = list[float | None]()

    def on_keyboard(opcode: int, event: Arguments) -> None:
        if opcode == _REPEAT_INFO:
            rate, delay = event.int(), event.int()
            found.append(delay / 1000 if rate > 0 else None)

    if not compositor_answers():
        return None
    try:
        connection = Connection()
    except UnavailableError:
        return None
    try:
        ask_keyboard(connection, on_keyboard)
    except (UnavailableError, WaylandError):
        return None
    finally:
        connection.close()
    return found[-1] if found else None
