"""A server's end of a connection that can fall silent, or be gone."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress

from websockets.asyncio.server import ServerConnection

from tests.servers.realtime.faults import Faults
from tests.servers.realtime.record import Record
from tests.servers.realtime.shapes import Problem


class Socket(ServerConnection):
    """A server's connection that can fall silent, or be gone."""

    faults: Faults
    record: Record
    fatal: Problem | None = None
    muted = False
    wire = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.began = time.monotonic()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes, up to those at which the network fails."""
        limit = self.faults.drop_after_wire if hasattr(self, "faults") else None
        if limit is not None:
            data, before = data[: max(0, limit - self.wire)], self.wire
            self.wire += len(data)
            if before < limit <= self.wire:
                self.record.fired.append("drop_after_wire")
                self.loop.call_later(0.005, self.reset)  # what came in time was still heard
        super().data_received(data)

    def send_data(self) -> None:
        """Write, unless nothing may be answered any more."""
        if self.muted:
            self.protocol.data_to_send()
        else:
            super().send_data()

    def reset(self) -> None:
        """End TCP with a reset."""
        with suppress(OSError):  # it is closed already
            on = struct.pack("ii", 1, 0)
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on)
        self.transport.abort()

    async def half_a_message(self, text: str) -> None:
        """Send the first half of a text message's bytes, then end TCP with a reset."""
        payload = text.encode()
        length = len(payload)
        size = bytes([length]) if length < 126 else b"\x7e" + struct.pack("!H", length)
        frame = b"\x81" + size + payload
        self.transport.write(frame[: len(frame) // 2])
        await asyncio.sleep(0.02)  # it must have been read before the reset undoes it
        self.reset()
