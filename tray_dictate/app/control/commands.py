"""Carries out the commands of the control socket on the running daemon."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from typing import Any

from tray_dictate import __version__
from tray_dictate.app.components import Components
from tray_dictate.app.control.server import Answer, Handler
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.live_config import LiveConfig
from tray_dictate.audio.devices import DeviceList
from tray_dictate.core.dictation import Cancel, Start, Status, Stop, Toggle
from tray_dictate.core.errors import CaptureError, ControlError, DictateError, HistoryError
from tray_dictate.core.keys.desktop_shortcuts import CommandDebounce, Name, debounce
from tray_dictate.core.ports import Notifier, TrayCommands
from tray_dictate.engine.local_model import Store, model_title
from tray_dictate.system.desktop.keyboard import repeat_delay
from tray_dictate.system.threads import TaskSet, run_in_thread
from tray_dictate.ui.labels import METHODS, engine_title

log = logging.getLogger(__name__)

_EVENTS = {"start": Start(), "stop": Stop(), "toggle": Toggle()}
_RECORDS = (Status.OPENING, Status.RECORDING)
_PATIENCE = 2.0  # seconds for the name of the microphone: a headset may be waking up
_SOON = 1.0  # second for new settings to take effect while no dictation is in progress
_LOCKED = (
    "The screen is locked, or another program has grabbed the keyboard: nothing is recorded "
    "(hotkey.when_locked)."
)
_OFF = "Dictation is off. Turn it on in the tray's menu."


class ControlCommands:
    """The handler of each command; on the loop. All of them raise DictateError."""

    def __init__(
        self,
        daemon: Daemon,
        components: Components,
        live_config: LiveConfig,
        notices: Notifier,
        *,
        devices: DeviceList,
        models: Store,
        menu: TrayCommands,
        patience: float = 14.0,
    ) -> None:
        """`patience` is how long `reload` waits for a new engine, in seconds; a client waits 20."""
        self._daemon, self._components = daemon, components
        self._live_config, self._devices, self._models = live_config, devices, models
        self._notices, self._menu, self._patience = notices, menu, patience
        self._asked = CommandDebounce()
        self._tasks = TaskSet()  # reloads, which may wait for the end of a dictation, and readings

    def handlers(self) -> dict[str, Handler]:
        """Return the commands by name."""
        return {
            "start": self.start, "stop": self.stop, "toggle": self.toggle, "cancel": self.cancel,
            "redo": self.redo, "undo": self.undo, "copy": self.copy, "forget": self.forget,
            "reload": self.reload, "models": self.models, "status": self.status,
            "follow": self.follow, "show": self.show, "quit": self.quit,
        }  # fmt: skip

    async def start(self) -> Answer:
        """Start a dictation."""
        return self._post("start")

    async def stop(self) -> Answer:
        """Stop the current dictation."""
        return self._post("stop")

    async def toggle(self) -> Answer:
        """Start a dictation, or stop the current one."""
        return self._post("toggle")

    async def cancel(self) -> Answer:
        """Cancel the current dictation."""
        self._daemon.post(Cancel())
        return {}

    async def redo(self) -> Answer:
        """Insert the last dictation again."""
        return {"message": await self._daemon.delivery.redo()}

    async def undo(self) -> Answer:
        """Undo the last dictation."""
        return {"message": await self._daemon.delivery.undo()}

    async def copy(self) -> Answer:
        """Put the last dictation on the clipboard."""
        return {"message": await self._daemon.delivery.copy()}

    async def forget(self) -> Answer:
        """Delete all dictations, in memory and on disk."""
        self._daemon.delivery.forget()
        emptied = await self._components.history.clear()  # also what is in memory, or on its way
        self._menu.refresh()
        if not emptied:
            raise HistoryError("Could not clear the history; the log has the details.")
        return {"message": ""}

    async def reload(self) -> Answer:
        """Apply the settings file; answer before the client gives up, even during a dictation."""
        changing = self._tasks.start(self._live_config.reload())
        for seconds in (_SOON, self._patience):
            await asyncio.wait([changing], timeout=seconds)
            if changing.done():
                return {"message": changing.result()}
            if self._dictates():
                break
        changing.add_done_callback(self._reloaded_late)
        when = "when the dictation ends" if self._dictates() else "when the new engine is ready"
        return {"message": f"The changes take effect {when}. If they cannot, a message says why."}

    async def models(self) -> Answer:
        """Build the engine again, as a model was installed; answer at once."""
        self._tasks.start(self._renew_engine())
        return {}

    async def status(self) -> Answer:
        """Report the status and the microphone that would be opened now."""
        return {
            **self._report(),
            "local_model": await self._local_model(),
            "microphone_found": await self._microphone(),
        }

    async def follow(self) -> AsyncGenerator[Answer]:
        """Report the status now and at each change."""
        changes: asyncio.Queue[Answer] = asyncio.Queue()

        def changed(*_: object) -> None:
            changes.put_nowait(self._report())

        leave = self._daemon.publisher.status_changed.subscribe(changed)
        try:
            yield self._report()
            while True:
                yield await changes.get()
        finally:
            leave()

    async def show(self) -> Answer:
        """Tell the user, who has started a second daemon, how to use this one."""
        message = f"Dictation is already running: {self._components.hint()}."
        if self._daemon.status is Status.OFF:
            message = f"Dictation is already running, but off: {_OFF.partition('. ')[2]}"
        self._notices.tell(message, "asked")
        return {"message": message}

    async def quit(self) -> Answer:
        """Quit the daemon."""
        self._menu.quit()
        return {}

    def _post(self, name: Name) -> Answer:
        """Post start, stop or toggle, except for repetitions of a key that is held."""
        if name != "stop" and self._daemon.status is Status.OFF:
            raise ControlError(_OFF)
        recording = self._daemon.status in _RECORDS
        now = asyncio.get_running_loop().time()
        self._asked, meant, refused = debounce(self._asked, name, now, recording=recording)
        if refused:
            return {"message": refused}
        self._daemon.post(_EVENTS[meant])
        if name != "stop":
            self._tasks.start(self._read_delay())
        if meant != "stop" and self._daemon.locked:
            raise ControlError(_LOCKED)
        return {}

    async def _read_delay(self) -> None:
        """Read how late a held key repeats the command, which the user may have changed."""
        if delay := await run_in_thread(repeat_delay):
            self._asked = self._asked.with_delay(delay)

    async def _renew_engine(self) -> str:
        try:
            await self._live_config.renew_engine()
        except DictateError as reason:
            self._notices.tell(str(reason), "engine")
        return ""

    def _reloaded_late(self, late: asyncio.Future[str]) -> None:
        if late.cancelled():
            return
        reason = late.exception()
        if reason is not None:
            words = f"Your previous settings stay in effect. {_why(reason)}"
            self._notices.tell(words, "asked")

    def _dictates(self) -> bool:
        return self._daemon.status in (*_RECORDS, Status.TRANSCRIBING)

    async def _local_model(self) -> str:
        """Return the name of the model that the offline engine uses; "" with another engine."""
        settings = self._components.config.engine
        if settings.name != "offline":
            return ""
        return await asyncio.to_thread(model_title, settings, self._models)

    async def _microphone(self) -> str:
        """Return the microphone's name, or what is wrong; "" if the sound server hangs."""
        wanted = self._components.config.audio.device
        try:
            async with asyncio.timeout(_PATIENCE):
                picked = await self._devices.pick(wanted)
        except CaptureError as reason:
            return str(reason)
        except TimeoutError:
            return ""
        if wanted and not picked.named:
            return f"{wanted} (not connected); using {picked.source.name}"
        default = " (the system's default)" if picked.source.default and not wanted else ""
        return f"{picked.source.name}{default}"

    def _report(self) -> dict[str, Any]:
        """Return the status as JSON; without addresses, which may hold passwords."""
        shown, config = self._daemon.publisher, self._components.config
        return {
            "status": shown.status, "detail": shown.detail, "since": shown.since,
            "microphone_open": shown.is_open, "hotkey": config.hotkey.keys,
            "hotkey_source": self._components.hotkey_source(),
            "mode": config.hotkey.mode, "hint": self._components.hint(),
            "engine": config.engine.name, "engine_title": engine_title(config.engine.name),
            "model": config.engine.model, "microphone": config.audio.device,
            "output": config.output.method, "output_title": METHODS[config.output.method],
            "program": __version__, "pid": os.getpid(), "started": shown.started,
        }  # fmt: skip


def _why(reason: BaseException) -> str:
    if isinstance(reason, DictateError):
        return str(reason)
    log.error("the settings could not be applied", exc_info=reason)
    return "The log has the details."
