"""Which keys of one keyboard of an X server are down; the hotkey and the output both ask."""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from collections.abc import Sequence

from Xlib.protocol import rq

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
            kind, length = states[at : at + 2]
            if kind == wanted:  # class, length, how many there are, pad, 32 bytes of bits
                return bits_set(states[at + 4 : at + 36])
            at += length
        return None


def bits_set(bits: Sequence[int]) -> set[int]:
    """Return the numbers, of keycodes or buttons, whose bits are set in a map of 32 bytes."""
    return {code for code in range(1, 256) if bits[code // 8] & 1 << code % 8}
