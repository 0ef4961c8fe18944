"""Has the daemon's process replaced where a call into the sound library never returns.

The library belongs to the process, so only another one can record again. It must be able to list
the microphones first: where the sound server itself hangs, another process hangs, too, and our own
call returns when the server goes on.
"""

from __future__ import annotations

import asyncio
import logging
import time

from tray_dictate.app.daemon import Daemon
from tray_dictate.audio.portaudio import HANGS, PortAudio
from tray_dictate.core.ports import Notifier
from tray_dictate.core.signals import Signal
from tray_dictate.system.programs import own_python, process
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

_AGAIN = "The sound library hung. tray_dictate starts again to be able to record."
_LIST = tuple(own_python.module("tray_dictate", "devices"))
_LIMIT = 20.0  # seconds for that
_LONGEST = 65536  # bytes of the list
_PAUSE, _LONG_PAUSE = 5.0, 60.0  # seconds between two tries, at first and at last
_APART = 30.0  # seconds between two replacements


class SoundRecovery:
    """Emits `due` when the process is to be replaced: no dictation is live, all is delivered."""

    def __init__(
        self,
        portaudio: PortAudio,
        daemon: Daemon,
        notices: Notifier,
        command: tuple[str, ...] = _LIST,
        *,
        apart: float = _APART,
    ) -> None:
        """`command` succeeds where another process can record; `apart` in seconds."""
        self.due = Signal[()]()
        self._portaudio, self._daemon, self._notices = portaudio, daemon, notices
        self._command, self._apart = list(command), apart
        self._began = time.monotonic()
        self._tasks = TaskSet()
        portaudio.hung.subscribe(self._begin)

    def _begin(self) -> None:
        if not self._tasks:
            self._tasks.start(self._recover())

    async def _recover(self) -> None:
        self._told = False
        age = time.monotonic() - self._began
        if age < self._apart:  # perhaps it does not help
            self._tell()
            await asyncio.sleep(self._apart - age)
        pause = _PAUSE
        while self._portaudio.hangs and not await self._works_elsewhere():
            self._tell()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONG_PAUSE)
        async with self._daemon.between_dictations():
            if self._portaudio.hangs:
                self._notices.tell(_AGAIN, "microphone")
                self.due.emit()
                return
        log.info("the sound system answers again")

    def _tell(self) -> None:
        """Tell the user, unless a dictation has just said the same."""
        if not self._told:
            self._told = True
            self._notices.tell(HANGS, "take")

    async def _works_elsewhere(self) -> bool:
        try:
            code, _ = await process.run(self._command, limit=_LIMIT, longest=_LONGEST)
        except (OSError, ValueError, TimeoutError, process.TooMuchError) as reason:
            log.info("another process does not list the microphones: %r", reason)
            return False
        return code == 0
