"""Requests to the desktop's portals, and a connection to them on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from dbus_fast import DBusError, Message, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.core.signals import Signal
from tray_dictate.system.autostart import xdg
from tray_dictate.system.desktop import dbus
from tray_dictate.system.threads import Bridge

log = logging.getLogger(__name__)

T = TypeVar("T")
OnSignal = Callable[..., None]

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
PORTAL = "org.freedesktop.portal."
PROMPT = 3.0  # seconds for what takes milliseconds and asks nobody
_REGISTRY = "org.freedesktop.host.portal.Registry"
_UNKNOWN = (
    "UnknownMethod",
    "UnknownInterface",
    "UnknownObject",
)  # portals before 1.19 do not ask who we are
# seconds until the portal is asked again whether it knows our application's entry, which is new
_NOTICED = (0.0, 0.05, 0.2, 0.5, 1.0)
DENIED = 1  # the code of a response: by the user; 2 is any other failure


class DeniedError(Exception):
    """The user denied a request."""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request: 0 or why it failed, and the results."""

    code: int
    results: dict[str, Any]


class Requests:
    """Requests to the portals over one connection: a signal brings each one's response."""

    def __init__(self, portals: dbus.Service) -> None:
        """`portals` is the object that has all portals."""
        self._portals = portals
        self._responses: dict[str, asyncio.Future[Response]] = {}

    async def listen(self) -> None:
        """Receive responses from now on. Raises one of dbus.TROUBLE."""
        await self._portals.signals(self._responded, f"{PORTAL}Request", "Response")

    async def send(
        self, member: str, signature: str, *body: Any,
        options: dict[str, Variant] | None = None, start: bool = False,
    ) -> Response:  # fmt: skip
        """Return the response to "RemoteDesktop.Start", however long the user takes to decide.

        With `start` the bus starts portals that do not run. Raises one of dbus.TROUBLE.
        """
        token = "tray_dictate_" + secrets.token_hex(8)
        caller = (self._portals.bus.unique_name or "")[1:].replace(".", "_")
        path = f"{PATH}/request/{caller}/{token}"
        response = asyncio.get_running_loop().create_future()
        self._responses[path] = response
        try:
            interface, _, method = member.rpartition(".")
            [handle] = await self._portals.call(
                PORTAL + interface, method, signature, *body,
                {"handle_token": Variant("s", token), **(options or {})}, start=start,
            )  # fmt: skip
            self._responses[handle] = response  # portals before 0.9 choose the path themselves
            return await response
        finally:
            self._responses = {
                path: pending
                for path, pending in self._responses.items()
                if pending is not response
            }

    def fail(self, reason: DBusError) -> None:
        """Raise this error from every request that waits for its response."""
        for response in self._responses.values():
            if not response.done():
                response.set_exception(reason)
                response.exception()  # else asyncio complains where the call fails first

    def _responded(self, message: Message) -> None:
        response = self._responses.get(message.path or "")
        if response and not response.done():
            code, results = message.body
            response.set_result(
                Response(code, {name: each.value for name, each in results.items()})
            )


class Portals:
    """One connection to the portals; `run` runs a coroutine on its thread."""

    def __init__(self) -> None:
        """Raises UnavailableError."""
        self._bridge = Bridge()
        self._on_bus: MessageBus | None = None
        self._signals: dict[str, OnSignal] = {}
        self.lost: Signal[()] = Signal()  # the portals and with them every session; on our thread
        self._known = False  # registered with the present owner of the portals
        self._bridge.start()
        try:
            self._on_bus = self.run(dbus.connect(files=True))
            self.run(self._begin())
        except dbus.TROUBLE as reason:
            self.close()
            raise UnavailableError(
                f"The desktop's portals cannot be reached: {why(reason)}.",
                "Start tray-dictate in your desktop session.",
            ) from reason

    def run(self, work: Coroutine[Any, Any, T], patience: float | None = None) -> T:
        """Run a coroutine on the portals' thread; TimeoutError after `patience` seconds."""
        future = self._bridge.run(work)
        try:
            return future.result(patience)
        except TimeoutError:
            future.cancel()
            raise

    def on(self, member: str, handle: OnSignal) -> None:
        """Call `handle` with path and arguments of a signal, "Session.Closed", on our thread."""
        self._signals[PORTAL + member] = handle

    def close(self) -> None:
        """End the connection and with it every session; idempotent."""
        if self._on_bus and self._on_bus.connected:
            with suppress(*dbus.TROUBLE):
                self.run(_end(self._on_bus), PROMPT)
        self._bridge.stop()

    # The rest runs on our thread.

    @property
    def _bus(self) -> MessageBus:
        assert self._on_bus
        return self._on_bus

    async def version(self, portal: str) -> int:
        """Return the version of "RemoteDesktop", 0 if no back end has it."""
        return await self.number(portal, "version")

    async def number(self, portal: str, what: str) -> int:
        """Return a property of a portal, 0 if it has none."""
        with suppress(*dbus.TROUBLE):
            return int(await self._service.property(PORTAL + portal, what, start=True))
        return 0

    async def call(self, member: str, signature: str, *body: Any, path: str = PATH) -> list[Any]:
        """Call "Session.Close" or the like; return its answer. Raises one of dbus.TROUBLE."""
        interface, _, method = member.rpartition(".")
        portal = dbus.Service(self._bus, NAME, path)
        return await portal.call(PORTAL + interface, method, signature, *body)

    async def file(self, member: str, signature: str, *body: Any) -> int:
        """Call a method that returns an open file. Raises one of dbus.TROUBLE."""
        interface, _, method = member.rpartition(".")
        async with asyncio.timeout(PROMPT):
            return await self._service.file(PORTAL + interface, method, signature, *body)

    async def request(
        self, member: str, signature: str, *body: Any, options: dict[str, Variant] | None = None
    ) -> dict[str, Any]:
        """Return the results of a request, however long the user takes to decide.

        Raises DeniedError, or one of dbus.TROUBLE.
        """
        if not self._known:  # they were restarted
            await self._register()
        response = await self._requests.send(member, signature, *body, options=options)
        if response.code == DENIED:
            raise DeniedError
        if response.code:
            raise DBusError(PORTAL + member, f"the desktop refuses it (response {response.code})")
        return response.results

    async def _begin(self) -> None:
        self._service = dbus.Service(self._bus, NAME, PATH)
        self._requests = Requests(self._service)
        await self._service.owner_changed(self._owned)
        await self._requests.listen()
        await self._service.signals(self._heard)
        await self._register()

    async def _register(self) -> None:
        await register(self._service)
        self._known = True

    def _owned(self, _owner: str) -> None:
        self._known = False
        self._requests.fail(DBusError(NAME, "the desktop's portal has ended"))
        self.lost.emit()

    def _heard(self, message: Message) -> None:
        if handle := self._signals.get(f"{message.interface}.{message.member}"):
            handle(message.path, *message.body)


async def register(service: dbus.Service) -> None:
    """Register as an application, which newer portals demand before all else.

    A refusal is only logged. Raises the others of dbus.TROUBLE.
    """
    for pause in (*_NOTICED, None):
        try:
            await service.call(_REGISTRY, "Register", "sa{sv}", xdg.APP_ID, {}, start=True)
        except DBusError as reason:
            log.debug("the portal's registry: %s", reason)
            if pause is None or str(reason.type).endswith(_UNKNOWN):
                return
            await asyncio.to_thread(xdg.make_application_entry)  # the portal looks for it
            await asyncio.sleep(pause)
        else:
            return


async def _end(bus: MessageBus) -> None:
    bus.disconnect()
    await bus.wait_for_disconnect()
