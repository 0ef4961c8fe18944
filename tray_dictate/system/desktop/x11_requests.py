"""Requests of the X protocol that python-xlib lacks."""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from collections.abc import Sequence

from Xlib.display import Display
from Xlib.protocol import rq


class UseExtension(rq.ReplyRequest):
    """XkbUseExtension: without it the other requests of XKEYBOARD are refused."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Bool("supported"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card16("server_major"), rq.Card16("server_minor"), rq.Pad(20),
    )  # fmt: skip


class GetState(rq.ReplyRequest):
    """XkbGetState: which modifiers are down, latched and locked, and which group is active."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2)
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card8("mods"), rq.Card8("base"), rq.Card8("latched"), rq.Card8("locked"),
        rq.Card8("group"), rq.Pad(19),
    )  # fmt: skip


class LatchLockState(rq.Request):
    """XkbLatchLockState: the locked and latched modifiers, without any key."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(5), rq.RequestLength(), rq.Card16("device"),
        rq.Card8("affect_locks"), rq.Card8("locks"), rq.Pad(2),
        rq.Card8("affect_latches"), rq.Card8("latches"), rq.Pad(4),
    )  # fmt: skip


class FakeDeviceKey(rq.Request):
    """XTestFakeDeviceKeyEvent: a key event as if this very keyboard had sent it."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(2), rq.RequestLength(),
        rq.Card8("event_type"), rq.Card8("keycode"), rq.Pad(2), rq.Card32("delay"), rq.Pad(23),
        rq.Card8("device"),
    )  # fmt: skip


class AllowEvents(rq.Request):
    """XIAllowEvents of XInput 2.0: let a frozen keyboard go on."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(53), rq.RequestLength(), rq.Card32("time"),
        rq.Card16("device"), rq.Card8("mode"), rq.Pad(1),
    )  # fmt: skip


class PassiveUngrab(rq.Request):
    """XIPassiveUngrabDevice of a key with any modifier."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(55), rq.RequestLength(), rq.Window("window"),
        rq.Card32("keycode"), rq.Card16("device"), rq.Card16("count"), rq.Card8("type"),
        rq.Pad(3), rq.Card32("modifiers"),
    )  # fmt: skip


def open_xkb(display: Display) -> int:
    """Return the major opcode of the XKEYBOARD extension; 0 where there is none."""
    found = display.query_extension("XKEYBOARD")
    if not found or not found.present:
        return 0
    UseExtension(display=display.display, opcode=found.major_opcode, major=1, minor=0)
    return found.major_opcode


_KEYS, _BUTTONS = 0, 1  # classes


class QueryDeviceState(rq.ReplyRequest):
    """Request 30 of the X Input protocol, version 1: which keys of one device are down."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(30), rq.RequestLength(), rq.Card8("device"), rq.Pad(3)
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card8("classes"), rq.Pad(23), rq.List("states", rq.Card8Obj),
    )  # fmt: skip

    def keys(self) -> set[int] | None:
        """Return the keycodes that are down, None where the device has no keys."""
        return self._down(_KEYS)

    def buttons(self) -> set[int] | None:
        """Return the buttons that are down, None where the device has none."""
        return self._down(_BUTTONS)

    def _down(self, wanted: int) -> set[int] | None:
        states, at = list(self.states), 0
        for _ in range(self.classes):
            device_class, length = states[at : at + 2]
            if device_class == wanted:  # class, length, how many there are, pad, 32 bytes of bits
                return bits_set(states[at + 4 : at + 36])
            at += length
        return None


def bits_set(bits: Sequence[int]) -> set[int]:
    """Return the numbers, of keycodes or buttons, whose bits are set in a map of 32 bytes."""
    return {code for code in range(1, 256) if bits[code // 8] & 1 << code % 8}
