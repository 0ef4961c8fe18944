"""What the commands of the control socket do to the running daemon."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from tray_dictate import __version__
from tray_dictate.app.control.server import Answer, Handler
from tray_dictate.app.daemon import Daemon
from tray_dictate.config.schema import Config
from tray_dictate.core.desktop_shortcuts import CommandDebounce, Name, debounce
from tray_dictate.core.dictation import Cancel, Start, Status, Stop, Toggle
from tray_dictate.core.errors import CaptureError, ControlError, DictateError
from tray_dictate.ui.labels import METHODS, engine_title

log = logging.getLogger(__name__)

_EVENTS = {"start": Start(), "stop": Stop(), "toggle": Toggle()}
_RECORDS = (Status.OPENING, Status.RECORDING)
_PATIENCE = 2.0  # seconds for the microphone's name: a headset may be waking up
_SOON = 1.0  # second for settings to be in force, as they are where nobody dictates
_AT_LAST = 14.0  # seconds more for a new engine to load; a client waits for 20 in all
_LOCKED = (
    "The screen is locked, or another program keeps the keyboard to itself: nothing is recorded "
    "(hotkey.when_locked)."
)
_OFF = "Dictation is off. Switch it on in the tray's menu."


def handlers(
    daemon: Daemon,
    config: Callable[[], Config],
    quit: Callable[[], None],
    reload: Callable[[], Awaitable[str]],
    microphone: Callable[[], Awaitable[str]],
    *,
    forget: Callable[[], Awaitable[str]],
) -> dict[str, Handler]:
    """Return what answers each command, on the loop; each raises DictateError.

    `microphone` returns the name of the one that would be opened now, `forget` forgets all that
    was dictated.
    """

    async def cancel() -> Answer:
        daemon.post(Cancel())
        return {}

    async def status() -> Answer:
        return {**_report(daemon, config()), "microphone_found": await _found(microphone)}

    async def follow() -> AsyncGenerator[Answer]:
        changes: asyncio.Queue[Answer] = asyncio.Queue()
        leave = daemon.shown.follow(lambda: changes.put_nowait(_report(daemon, config())))
        try:
            yield _report(daemon, config())
            while True:
                yield await changes.get()
        finally:
            leave()

    async def show() -> Answer:
        """Answer a second daemon, which then ends; the user wanted to see something."""
        message = f"Dictation is running already: {daemon.shown.hint()}."
        if daemon.status is Status.OFF:
            message = f"Dictation is running already, but off: {_OFF.partition('. ')[2]}"
        daemon.tell(message, "asked")
        return {"message": message}

    async def end() -> Answer:
        quit()
        return {}

    delivery = daemon.delivery
    return {
        **_starting(daemon), "cancel": cancel,
        "redo": _asking(delivery.redo), "undo": _asking(delivery.undo),
        "copy": _asking(delivery.copy), "forget": _asking(forget),
        "reload": _reloading(daemon, reload),
        "status": status, "follow": follow, "show": show, "quit": end,
    }  # fmt: skip


def _reloading(daemon: Daemon, reload: Callable[[], Awaitable[str]]) -> Handler:
    """Answer in time also where new settings have to wait for a dictation to be over."""
    waiting: set[asyncio.Future[str]] = set()

    def done(late: asyncio.Future[str]) -> None:
        waiting.discard(late)
        if late.cancelled():
            return
        reason = late.exception()
        if reason is not None:
            daemon.tell(f"The settings of before stay in force. {_why(reason)}", "asked")

    async def answer() -> Answer:
        changing = asyncio.ensure_future(reload())
        for seconds in (_SOON, _AT_LAST):
            await asyncio.wait([changing], timeout=seconds)
            if changing.done():
                return {"message": changing.result()}
            if _dictates(daemon):
                break
        waiting.add(changing)
        changing.add_done_callback(done)
        why = "when the dictation is over" if _dictates(daemon) else "when all is ready for it"
        return {"message": f"What has changed takes effect {why}. If it cannot, you are told."}

    return answer


async def _found(microphone: Callable[[], Awaitable[str]]) -> str:
    """Return its name, or what is wrong with it; nothing where the sound server hangs."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await microphone()
    except CaptureError as reason:
        return str(reason)
    except TimeoutError:
        return ""


def _dictates(daemon: Daemon) -> bool:
    return daemon.status in (*_RECORDS, Status.TRANSCRIBING)


def _why(reason: BaseException) -> str:
    if isinstance(reason, DictateError):
        return str(reason)
    log.error("the settings could not be applied", exc_info=reason)
    return "The log has the details."


def _asking(work: Callable[[], Awaitable[str]]) -> Handler:
    async def answer() -> Answer:
        return {"message": await work()}

    return answer


def _starting(daemon: Daemon) -> dict[str, Handler]:
    """Return start, stop and toggle, which know of each other (core.asked)."""
    asked = CommandDebounce()

    def posting(name: Name) -> Handler:
        async def post() -> Answer:
            nonlocal asked
            if name != "stop" and daemon.status is Status.OFF:
                raise ControlError(_OFF)
            recording = daemon.status in _RECORDS
            now = asyncio.get_running_loop().time()
            asked, meant, refused = debounce(asked, name, now, recording=recording)
            if refused:
                return {"message": refused}
            daemon.post(_EVENTS[meant])
            if meant != "stop" and daemon.locked:
                raise ControlError(_LOCKED)
            return {}

        return post

    return {"start": posting("start"), "stop": posting("stop"), "toggle": posting("toggle")}


def _report(daemon: Daemon, config: Config) -> dict[str, Any]:
    """Return what there is to know; no address, which may hold a password."""
    shown = daemon.shown
    return {
        "status": shown.status, "detail": shown.detail, "since": shown.since,
        "microphone_open": shown.is_open,
        "hotkey": config.hotkey.keys, "mode": config.hotkey.mode, "hint": shown.hint(),
        "engine": config.engine.name, "engine_title": engine_title(config.engine.name),
        "model": config.engine.model, "microphone": config.audio.device,
        "output": config.output.method, "output_title": METHODS[config.output.method],
        "program": __version__, "pid": os.getpid(), "started": shown.started,
    }  # fmt: skip
