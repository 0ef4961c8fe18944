"""One recording: what the microphone brings from its opening to its stop, as an async iterator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tray_dictate.core.errors import CaptureError
from tray_dictate.core.pcm import peak, seconds

if TYPE_CHECKING:
    from tray_dictate.audio.microphone import Microphone

_SILENT = 2.0  # seconds of nothing but zeros: a real microphone has noise
_FAINT = 0.003  # full scale: below this in a whole recording, nobody was heard


class Recording:
    """ports.Capture: one recording."""

    def __init__(self, microphone: Microphone, rate: int) -> None:
        self._microphone, self._rate = microphone, rate
        self._chunks: asyncio.Queue[bytes | CaptureError | None] = asyncio.Queue()
        self._stopped = False
        self._zeros = self._captured = 0.0  # seconds
        self._loudest = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Start the microphone; see ports.Capture."""
        await self._microphone.attach(self, self._rate)
        try:
            yield self._iterate()
        finally:
            await self._microphone.detach(self)
            if self._captured > 1 and 0 < self._loudest < _FAINT:
                self._microphone.report(
                    "The microphone is very quiet: hardly anything was heard. "
                    "Raise its level in the sound settings, or choose another with audio.device."
                )

    def stop(self) -> None:
        """End the iterator after what is queued."""
        if not self._stopped:
            self._stopped = True
            self._chunks.put_nowait(None)

    def put(self, chunk: bytes) -> None:
        """Queue a chunk, unless it was stopped."""
        if chunk and not self._stopped:
            self._chunks.put_nowait(chunk)

    def fail(self, error: CaptureError) -> None:
        """End the iterator with an error after what is queued."""
        if not self._stopped:
            self._stopped = True
            self._chunks.put_nowait(error)

    async def _iterate(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(1):  # 3.11's wait_for may swallow a cancellation
                    chunk = await self._chunks.get()
            except TimeoutError:
                self._microphone.check()
                continue
            if chunk is None:
                return
            if isinstance(chunk, CaptureError):
                raise chunk
            self._listen(chunk)
            yield chunk

    def _listen(self, chunk: bytes) -> None:
        """Notice a microphone that sends only zeros, once in a recording."""
        length, level = seconds(len(chunk), self._rate), peak(chunk)
        self._captured += length
        self._loudest = max(self._loudest, level)
        before, self._zeros = self._zeros, self._zeros + length if self._loudest == 0 else 0.0
        if before < _SILENT <= self._zeros:
            self._microphone.report(
                "The microphone sends only silence. It may be muted, by a switch on it or in the "
                "sound settings; or choose another with audio.device."
            )
