"""The composition root: builds all components, starts them, and stops them in reverse order.

The main thread belongs to the tray; SIGTERM and Ctrl+C lead to the same clean shutdown as Quit.
A session runs one daemon: a second one asks the first to show a message, and ends. After the
shutdown the process may be replaced by another with the same command: where a library hangs in it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from types import FrameType
from typing import Any

import filelock

from tray_dictate import hotkey
from tray_dictate.app.component_swap import ComponentSwap
from tray_dictate.app.components import ComponentFactory, MakeEngine
from tray_dictate.app.control import client
from tray_dictate.app.control.commands import ControlCommands
from tray_dictate.app.control.server import ControlServer
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.documents import Documents
from tray_dictate.app.live_config import LiveConfig
from tray_dictate.app.menu import MenuController, PostedCommands
from tray_dictate.app.model_downloads import ModelDownloads
from tray_dictate.app.notices import HotkeyNotices, Notices, unseen, welcome
from tray_dictate.app.sound_recovery import SoundRecovery
from tray_dictate.audio.devices import DeviceList
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config, HotkeySettings
from tray_dictate.core.errors import ControlError, DictateError, RunningError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.ports import Hotkey, Notifier
from tray_dictate.engine import select as select_engine
from tray_dictate.engine.model_store import ModelStore
from tray_dictate.history.store import Store
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.system import autostart, files, logs, memory, remedies
from tray_dictate.system.programs import own_python
from tray_dictate.system.screen_lock import screen_lock
from tray_dictate.system.threads import Bridge

logger = logging.getLogger(__name__)

_SHUTDOWN = 20.0  # seconds
_ENDING = signal.SIGTERM, signal.SIGINT


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
    """Have the running daemon tell the user how to use it; return its message."""
    try:
        return str(client.send("show")["message"])
    except (ControlError, LookupError):  # it is starting, or of another version
        return (
            "tray_dictate is already running. To end it, choose Quit in its menu, or run "
            "`tray-dictate quit`."
        )


def run(sources: Sources, make_engine: MakeEngine = select_engine) -> int:
    """Run the daemon until it is quit; return the exit code. Raises DictateError."""
    environment = dict(os.environ)  # later, what opens a device may have changed it
    config = sources.load()
    logs.start(config.log.level)
    for warning in config.warnings:
        logger.warning("%s", warning)
    memory.one_arena()
    memory.without_core_dump()
    with ExitStack() as stack:
        stack.enter_context(only_one())
        autostart.repair_quietly()
        app = _App(sources, config, make_engine, stack)
        code = app.run()
    if app.begins_again:
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)  # one that comes from now on ends the program
        if app.begins_again:  # none has come until now
            own_python.begin_again(environment)
    return code


class _App:
    """Every part of one running daemon; ports.HotkeyListener, which passes keys to the loop."""

    def __init__(
        self, sources: Sources, config: Config, make_engine: MakeEngine, stack: ExitStack
    ) -> None:
        self._failed, self._over = "", False
        self.begins_again = False  # after `run`
        self._bridge = bridge = Bridge()
        bridge.start()
        stack.callback(bridge.stop)
        self._notices = notices = Notices()
        store = Store(config.history, notices)
        stack.callback(self._wait, store.close)
        self._hotkey = SwitchableHotkey(partial(_select_hotkey, bridge, notices), config.hotkey)
        self._lock = screen_lock()
        portaudio = PortAudio()
        stack.callback(portaudio.close)
        factory = ComponentFactory(
            bridge, portaudio, notices, make_engine, self._hotkey, store, self._lock
        )
        stack.callback(self._wait, factory.close_all)
        self._components = components = factory.components(config)
        self._daemon = daemon = Daemon(components, notices)
        self._recovery = SoundRecovery(portaudio, daemon, notices)
        self._recovery.due.subscribe(self._begin_again)
        swap = ComponentSwap(factory, self._hotkey, components, daemon, notices)
        self._live_config = live_config = LiveConfig(sources, config, swap, notices)
        stack.callback(self._wait, live_config.stop)
        documents = Documents.of(sources, notices, components)
        devices, models = DeviceList(portaudio), ModelStore()
        downloads = ModelDownloads(models, notices)
        self._menu = menu = MenuController(
            daemon, components, live_config, notices, devices, documents, models, downloads,
            self.quit,
        )  # fmt: skip
        factory.show_tray(components, PostedCommands(bridge, menu))
        commands = ControlCommands(
            daemon, components, live_config, notices, devices=devices, models=models, menu=menu
        )
        self._control = ControlServer(commands.handlers())
        stack.callback(self._wait, self._control.close)

    def run(self) -> int:
        """Start, block in the tray, stop; return the exit code."""
        for number in _ENDING:
            signal.signal(number, self._quit_by_signal)
        started = self._bridge.run(self._start())
        started.add_done_callback(self._started)
        self._hotkey.start(self)
        if sys.platform == "linux":
            from tray_dictate.app import sleep  # noqa: PLC0415 - D-Bus
            from tray_dictate.system.screen_lock import bus  # noqa: PLC0415 - D-Bus

            self._bridge.run(sleep.follow(self._daemon, self._components))
            self._lock.reported.subscribe(self._daemon.look_at_lock)
            self._bridge.run(bus.follow(self._lock))
        self._show()
        logger.info("stopping")
        self._hotkey.stop()
        self._wait(self._daemon.stop)
        self._wait(self._components.tray.close)
        if self._failed:
            sys.stderr.write(f"{self._failed}\n")
        return 1 if self._failed else 0

    async def _start(self) -> None:
        self._notices.show_on(self._components.tray)
        try:
            await self._control.start()
        except ControlError as reason:  # the hotkey and the tray work without it
            self._notices.tell(str(reason), "control")
        self._hotkey.trigger_changed.subscribe(partial(self._bridge.post, self._keys_named))
        self._welcome()
        await self._daemon.start()
        self._live_config.begin()
        self._menu.start()

    def _keys_named(self) -> None:
        """Tell the user which keys the desktop has assigned."""
        self._welcome()
        trigger = self._hotkey.trigger()
        if trigger and trigger.keys:
            self._notices.tell("", "hotkey")  # removes the message that there were none
        self._daemon.publisher.again()

    def _welcome(self) -> None:
        if how := welcome(self._components.config.hotkey, self._hotkey.trigger()):
            self._notices.tell(how, "welcome")
        if unnoticed := unseen(self._components.config):
            self._notices.tell(unnoticed, "unseen")

    def _show(self) -> None:
        """Run the tray until `quit`; other settings may replace it by another tray."""
        while not self._over:
            tray = self._components.tray
            tray.run()
            if tray is self._components.tray:
                return

    def quit(self) -> None:
        """End `run` for good; from any thread."""
        self.begins_again, self._over = False, True
        self._components.tray.stop()

    def _begin_again(self) -> None:
        if not self._over:
            self.quit()
            self.begins_again = True

    def _quit_by_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.quit()

    def _started(self, started: Future[None]) -> None:
        error = None if started.cancelled() else started.exception()
        if error is not None:
            logger.error("start-up failed", exc_info=error)
            self._fail(f"Start-up failed: {error}")

    def edge(self, edge: Edge) -> None:
        """Pass an edge to the daemon, on its loop."""
        self._bridge.post(self._daemon.edge, edge)

    def caught_up(self, mark: int) -> None:
        """Pass a mark to the daemon, after the edges."""
        self._bridge.post(self._daemon.caught_up, mark)

    def lost(self, reason: str) -> None:
        """End the program: no more edges come."""
        self._fail(f"The hotkey no longer works. {reason}")

    def _fail(self, reason: str) -> None:
        self._failed = reason
        self._bridge.post(self._notices.tell, reason, "stopped")
        self.quit()

    def _wait(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function on the loop and wait for its end, boundedly."""
        try:
            self._bridge.run(work()).result(_SHUTDOWN)
        except TimeoutError:
            logger.warning("%r did not end in time", work)


def _select_hotkey(bridge: Bridge, notices: Notifier, settings: HotkeySettings) -> Hotkey:
    return hotkey.select(settings, HotkeyNotices(bridge, notices, settings))
