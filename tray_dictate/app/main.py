"""The composition root: builds every part, starts them, stops them in reverse.

The only file that knows them all. The main thread belongs to the tray; SIGTERM and Ctrl+C end in
the same clean shutdown as Quit.

One daemon for a session: a second one has the first show itself, and ends.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from typing import Any

import filelock

from tray_dictate import hotkey
from tray_dictate.app.components import ComponentFactory, MakeEngine
from tray_dictate.app.control import client
from tray_dictate.app.control.commands import handlers
from tray_dictate.app.control.server import ControlServer
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.live_config import ComponentSwap, LiveConfig
from tray_dictate.app.menu import forgetting, microphone, offering
from tray_dictate.app.notices import unseen, welcome
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config, HotkeySettings
from tray_dictate.core.dictation import Enable, Toggle
from tray_dictate.core.errors import ControlError, DictateError, RunningError
from tray_dictate.core.ports import Actions
from tray_dictate.engine import select as select_engine
from tray_dictate.history.store import Store
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.system import autostart, files, logs, memory, remedies, threads
from tray_dictate.system.screen_lock import screen_lock
from tray_dictate.system.threads import Bridge


def only_one() -> filelock.BaseFileLock:
    """Return the lock of the one daemon of this session. Raises RunningError, DictateError."""
    path = files.lock_file()
    try:
        files.private_folder(path.parent)
        lock = filelock.FileLock(path, mode=0o600)
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise RunningError(_shown()) from None
    except OSError as reason:
        raise DictateError(
            f"{path.parent} cannot be written: {reason.strerror}. {remedies.RUNTIME_FOLDER}"
        ) from reason
    return lock


def _shown() -> str:
    """Let the one that runs tell the user how to use it; return what it tells."""
    try:
        return str(client.send("show")["message"])
    except (ControlError, LookupError):  # it is just starting, or of another version
        return "tray_dictate is running already. To end it: Quit in its menu, or tray-dictate quit."


logger = logging.getLogger(__name__)

_SHUTDOWN = 20.0  # seconds


def run(sources: Sources, make_engine: MakeEngine = select_engine) -> int:
    """Run the daemon until it is told to stop; return the exit code. Raises DictateError."""
    config = sources.load()
    logs.start(config.log.level)
    memory.one_arena()
    memory.without_core_dump()
    with ExitStack() as stack:
        stack.enter_context(only_one())
        autostart.repair_quietly()
        return _App(sources, config, make_engine, stack).run()


class _App:
    """Every part of one running daemon."""

    def __init__(
        self, sources: Sources, config: Config, make_engine: MakeEngine, stack: ExitStack
    ) -> None:
        self._failed, self._over = "", False
        self._built = asyncio.Event()
        self._bridge = Bridge()
        self._bridge.start()
        stack.callback(self._bridge.stop)
        store = Store(config.history, self._about("history"))
        stack.callback(self._wait, store.close)
        actions = Actions(
            enable=lambda on: self._bridge.post(self._daemon.post, Enable(on)),
            toggle=lambda: self._bridge.post(self._daemon.post, Toggle()),
            last=lambda name: self._bridge.post(self._daemon.from_menu, name),
            clicked=lambda: self._bridge.post(self._daemon.own_click),
            quit=self.quit,
            look=lambda: self._bridge.post(self._offering.look),
            set=lambda name, value: self._bridge.post(self._offering.set, name, value),
            copy=lambda at: self._bridge.post(self._offering.copy, at),
            autostart=lambda on: self._bridge.post(self._offering.autostart, on),
            open=lambda name: self._bridge.post(self._offering.open, name),
        )
        self._keyboard = keyboard = SwitchableHotkey(
            lambda settings: hotkey.select(settings, partial(self._hotkey_tells, settings)),
            config.hotkey,
        )
        self._lock = screen_lock()
        portaudio = PortAudio()
        stack.callback(portaudio.close)
        builder = ComponentFactory(
            self._bridge, portaudio, actions, self._about, make_engine, keyboard, store,
            self._lock,
        )  # fmt: skip
        stack.callback(self._wait, builder.close_all)
        self._parts = parts = builder.parts(config)
        self._daemon = Daemon(parts)
        self._settings = LiveConfig(
            sources, config, ComponentSwap(builder, keyboard, parts, self._daemon),
            self._about("settings"),
        )  # fmt: skip
        stack.callback(self._wait, self._settings.stop)
        path = sources.path or files.config_file()
        self._offering = offering(parts, self._settings, portaudio, path, self._about("asked"))
        answers = handlers(
            self._daemon, lambda: parts.config, self.quit, self._settings.reload,
            microphone(parts, portaudio),
            forget=forgetting(parts, self._daemon.delivery, self._offering.look),
        )  # fmt: skip
        self._control = ControlServer(answers)
        stack.callback(self._wait, self._control.close)

    def run(self) -> int:
        """Start, block in the tray, stop; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.quit())
        started = self._bridge.run(self._start())
        started.add_done_callback(self._started)
        self._parts.hotkey.start(
            lambda edge: self._bridge.post(self._daemon.edge, edge), self._hotkey_lost
        )
        if sys.platform == "linux":
            from tray_dictate.app import sleep  # noqa: PLC0415 - D-Bus
            from tray_dictate.system.screen_lock import bus  # noqa: PLC0415 - D-Bus

            self._bridge.run(sleep.follow(self._daemon, self._parts))
            self._bridge.run(bus.follow(self._lock, self._daemon.look_at_lock))
        self._show()
        logger.info("stopping")
        self._parts.hotkey.stop()
        self._wait(self._daemon.stop)
        self._wait(self._parts.tray.close)
        if self._failed:
            sys.stderr.write(f"{self._failed}\n")
        return 1 if self._failed else 0

    async def _start(self) -> None:
        self._built.set()
        try:
            await self._control.start()
        except ControlError as reason:  # the hotkey and the tray work without it
            self._daemon.tell(str(reason), "control")
        self._keyboard.follow(lambda: self._bridge.post(self._keys_named))
        self._welcome()
        await self._daemon.start()
        self._settings.begin()
        self._offering.follow()
        self._daemon.shown.follow(self._offering.follow)

    def _keys_named(self) -> None:
        """Tell of the keys that the desktop has chosen."""
        self._welcome()
        trigger = self._keyboard.trigger()
        if trigger and trigger.keys:
            self._daemon.tell("", "hotkey")  # it was told that there was none
        self._daemon.shown.again()

    def _welcome(self) -> None:
        if how := welcome(self._parts.config.hotkey, self._keyboard.trigger()):
            self._daemon.tell(how, "welcome")
        if unnoticed := unseen(self._parts.config):
            self._daemon.tell(unnoticed, "unseen")

    def _show(self) -> None:
        """Be the tray's thread until `quit`: other settings may bring another tray."""
        while not self._over:
            tray = self._parts.tray
            tray.run()
            if tray is self._parts.tray:
                return

    def quit(self) -> None:
        """End `run`; from any thread."""
        self._over = True
        self._parts.tray.stop()

    def _started(self, started: Future[None]) -> None:
        error = None if started.cancelled() else started.exception()
        if error is not None:
            logger.error("start-up failed", exc_info=error)
            self._fail(f"Start-up failed: {error}")

    def _hotkey_tells(self, settings: HotkeySettings, message: str) -> None:
        """Tell the user, from any thread: also while the daemon is not built yet."""

        def is_bound() -> bool:
            from tray_dictate.hotkey import bindings  # noqa: PLC0415 - few starts need it

            return bindings.is_bound(settings)

        async def tell() -> None:
            await self._built.wait()
            if settings.source == "auto" and await threads.run_in_thread(is_bound):
                # a portal may be there and give no keys: at each login that would be told
                logger.info("not told, as the compositor runs our commands: %s", message)
            else:
                self._daemon.tell(message, "hotkey")

        self._bridge.run(tell())

    def _hotkey_lost(self, reason: str) -> None:
        self._fail(f"The hotkey no longer works. {reason}")

    def _fail(self, reason: str) -> None:
        self._failed = reason
        self._bridge.post(self._daemon.tell, reason, "stopped")
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
