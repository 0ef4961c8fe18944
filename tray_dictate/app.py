"""The composition root: builds every part, starts them, stops them in reverse.

The only file that knows them all. The main thread belongs to the tray; SIGTERM and Ctrl+C end in
the same clean shutdown as Quit.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

import filelock

from tray_dictate import hotkey, log, output, paths, tray
from tray_dictate.audio.cues import Cues
from tray_dictate.audio.microphone import Microphone
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.bridge import Bridge
from tray_dictate.commands import handlers
from tray_dictate.config import Config
from tray_dictate.config_engine import EngineSettings
from tray_dictate.control_server import ControlServer
from tray_dictate.core.dictation import Enable, Toggle
from tray_dictate.core.keys import parse_chord
from tray_dictate.daemon import Daemon, Parts
from tray_dictate.engine import select as select_engine
from tray_dictate.errors import ControlError, DictateError
from tray_dictate.history_async import AsyncHistory
from tray_dictate.ports import Actions, Allowance, Engine
from tray_dictate.rewrite import Rewriter
from tray_dictate.stats_async import AsyncStats
from tray_dictate.welcome import welcome

logger = logging.getLogger(__name__)

_SHUTDOWN = 20.0  # seconds


MakeEngine = Callable[[EngineSettings, Callable[[str], None], Allowance], Engine]


def run(config: Config, make_engine: MakeEngine = select_engine) -> int:
    """Run the daemon until it is told to stop; return the exit code. Raises DictateError."""
    log.start(config.log.level)
    with ExitStack() as stack:
        stack.enter_context(_only_one())
        return _App(config, make_engine, stack).run()


class _App:
    """Every part of one running daemon."""

    def __init__(self, config: Config, make_engine: MakeEngine, stack: ExitStack) -> None:
        self._failed, self._config = "", config
        stats = AsyncStats(self._about("history"))
        engine = make_engine(config.engine, self._about("engine"), stats)
        self._bridge = Bridge()
        self._bridge.start()
        stack.callback(self._bridge.stop)
        stack.callback(self._wait, stats.close)
        actions = Actions(
            enable=lambda on: self._bridge.post(self._daemon.post, Enable(on)),
            toggle=lambda: self._bridge.post(self._daemon.post, Toggle()),
            last=lambda name: self._bridge.post(self._daemon.from_menu, name),
            clicked=lambda: self._bridge.post(self._daemon.own_click),
            quit=self.quit,
        )
        shortcuts = tuple(config.hotkey.shortcuts.values())
        self._hotkey = hotkey.select(parse_chord(config.hotkey.keys), shortcuts)
        self._output = output.select(
            config.output.method, hotkey.synthetic(self._hotkey), config.output.rules,
            private=config.output.private,
        )  # fmt: skip
        stack.callback(self._wait, self._output.close)
        history = AsyncHistory(config.history, self._about("history"), stats=stats)
        stack.callback(self._wait, history.close)
        rewriter = Rewriter(config.rewrite, self._about("rewrite"))
        stack.callback(self._wait, rewriter.close)
        portaudio = PortAudio()
        stack.callback(portaudio.close)
        stack.callback(self._wait, engine.close)
        self._tray = tray.select(
            self._bridge, actions, icon=config.tray.icon, notifications=config.tray.notifications
        )
        microphone = Microphone(config.audio, portaudio, self._bridge, self._about("microphone"))
        stack.callback(self._wait, microphone.close)
        parts = Parts(
            config, self._hotkey, microphone, engine, self._output, self._tray,
            Cues(config.audio, portaudio), rewriter, history,
        )  # fmt: skip
        self._daemon = Daemon(parts)
        self._control = ControlServer(handlers(self._daemon))
        stack.callback(self._wait, self._control.close)

    def run(self) -> int:
        """Start, block in the tray, stop; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.quit())
        started = self._bridge.run(self._start())
        started.add_done_callback(self._started)
        self._hotkey.start(
            lambda edge: self._bridge.post(self._daemon.edge, edge), self._hotkey_lost
        )
        self._tray.run()
        logger.info("stopping")
        self._hotkey.stop()
        self._wait(self._daemon.stop)
        if self._failed:
            sys.stderr.write(f"{self._failed}\n")
        return 1 if self._failed else 0

    async def _start(self) -> None:
        try:
            await self._control.start()
        except ControlError as reason:  # the hotkey and the tray work without it
            self._daemon.tell(str(reason), "control")
        if how := welcome(self._config.hotkey):
            self._daemon.tell(how, "welcome")
        await self._daemon.start()

    def quit(self) -> None:
        """End `run`; from any thread."""
        self._tray.stop()

    def _started(self, started: Future[None]) -> None:
        error = None if started.cancelled() else started.exception()
        if error is not None:
            logger.error("start-up failed", exc_info=error)
            self._fail(f"Start-up failed: {error}")

    def _hotkey_lost(self, reason: str) -> None:
        self._fail(f"The hotkey no longer works. {reason}")

    def _fail(self, reason: str) -> None:
        self._failed = reason
        self.quit()

    def _about(self, cause: str) -> Callable[[str], None]:
        """Return what tells the user about one part; the daemon is built last."""
        return lambda message: self._daemon.tell(message, cause)

    def _wait(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function on the loop and wait for its end, boundedly."""
        try:
            self._bridge.run(work()).result(_SHUTDOWN)
        except TimeoutError:
            logger.warning("%r did not end in time", work)


def _only_one() -> filelock.BaseFileLock:
    """Return the lock of the one daemon of this session. Raises DictateError."""
    path = paths.lock_file()
    try:
        paths.private_folder(path.parent)
        lock = filelock.FileLock(path)
        lock.acquire(blocking=False)
    except filelock.Timeout as taken:
        raise DictateError(
            "tray_dictate is running already. Quit it from its tray icon first."
        ) from taken
    except OSError as reason:
        raise DictateError(
            f"{path.parent} cannot be written: {reason.strerror}. Set XDG_RUNTIME_DIR."
        ) from reason
    return lock
