"""What the commands of the control socket do to the running daemon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tray_dictate.core.dictation import Cancel, Event, Start, Status, Stop, Toggle
from tray_dictate.daemon import Daemon
from tray_dictate.errors import ControlError

Handler = Callable[[], Awaitable[dict[str, Any]]]


def handlers(daemon: Daemon) -> dict[str, Handler]:
    """Return what answers each command, on the loop; each raises DictateError."""

    def posting(event: Event, *, begins: bool = False) -> Handler:
        async def post() -> dict[str, Any]:
            if begins and daemon.status is Status.OFF:
                raise ControlError("Dictation is off. Switch it on in the tray's menu.")
            daemon.post(event)
            return {"status": daemon.status}

        return post

    def asking(work: Callable[[], Awaitable[str]]) -> Handler:
        async def ask() -> dict[str, Any]:
            return {"message": await work()}

        return ask

    delivery = daemon.delivery
    return {
        "start": posting(Start(), begins=True),
        "stop": posting(Stop()),
        "toggle": posting(Toggle(), begins=True),
        "cancel": posting(Cancel()),
        "redo": asking(delivery.redo),
        "undo": asking(delivery.undo),
        "copy": asking(delivery.copy),
    }
