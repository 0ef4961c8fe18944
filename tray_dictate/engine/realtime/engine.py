"""Transcribes on a server: finds its key, keeps a connection warm, and opens sessions on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import CloudQuota, Engine, Notifier, Session
from tray_dictate.engine.credentials import CredentialSource, endpoint
from tray_dictate.engine.models import DetectorModel
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.connector import Connector
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, model, url
from tray_dictate.engine.realtime.protocol.events import detects
from tray_dictate.engine.realtime.session import Plan, ResilientSession, TurnEnd
from tray_dictate.engine.realtime.transport import TIMES, Connect, Server
from tray_dictate.engine.segmenter import PauseDetector
from tray_dictate.system.memory import trim
from tray_dictate.system.programs import own_python
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)


class LocalModels(Protocol):
    """The models on this computer, loaded when they are first needed."""

    def offline_engine(self) -> Engine:
        """Return the offline engine, not yet loaded."""
        ...

    def load_detector(self) -> DetectorModel:
        """Load the voice detection model; it blocks. Raises UnavailableError."""
        ...

    def warning(self) -> str:
        """Return what the user should know about the model that is used; empty if nothing."""
        ...


@dataclass(frozen=True, slots=True)
class OfflineRescue:
    """The offline engine, for what the server cannot or must not transcribe."""

    local: LocalModels
    engine: Engine

    async def load(self) -> None:
        """Load the model. Raises UnavailableError."""
        await self.engine.load()

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session for a turn. Raises EngineError."""
        return self.engine.session()

    def warning(self) -> str:
        """Return which languages in the settings its model does not know; empty if none."""
        return self.local.warning()


class OnlineEngine:
    """Sessions on a server; one connection is kept warm between them."""

    def __init__(
        self,
        settings: EngineSettings,
        notices: Notifier,
        local: LocalModels,
        quota: CloudQuota | None = None,
    ) -> None:
        """The offline engine transcribes what the server cannot or must not. Raises ConfigError."""
        self._settings, self._notices = settings, notices
        self._quota = quota if settings.cloud else None
        self._dialect = DIALECTS[settings.name]
        self._credentials = CredentialSource(settings, self._dialect.header)
        self._url = url(self._dialect, settings, endpoint(settings))
        model(self._dialect, settings)
        self._local, self._offline = local, local.offline_engine()
        self._detection: DetectorModel | None = None
        self._connect: Connect | None = None
        self._loading: asyncio.Task[None] | None = None
        self._dropped: set[str] = set()
        self._idle: WarmConnection | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._closing = TaskSet()
        self._reported: set[str] = set()

    @property
    def rate(self) -> int:
        """Samples per second of the chunks that its sessions accept."""
        return self._dialect.rate

    async def load(self) -> None:
        """Load the transport and models, and check that there is a key. Raises UnavailableError."""
        await self._load()
        await self._credentials.get()

    @asynccontextmanager
    async def session(self, recording: bytearray | None = None) -> AsyncGenerator[ResilientSession]:
        """Open a session; it can take sound before it has a connection. Raises EngineError."""
        with suppress(UnavailableError):  # reported when a connection is needed
            await self._load()
        detection = self._detection
        pauses = PauseDetector(detection.detector(), self.rate) if detection else None
        settings = self._settings
        plan = Plan(
            self.rate, self._turns(hears_pauses=pauses is not None), settings.patience_seconds,
            self._tell_once, OfflineRescue(self._local, self._offline),
        )  # fmt: skip
        session = ResilientSession(plan, self, pauses, recording)
        try:
            yield session
        finally:
            await session.give_up()
            await asyncio.to_thread(trim)

    async def after_resume(self) -> None:
        """Close the idle connection: it does not survive the machine's sleep."""
        self._expire()

    async def close(self) -> None:
        """Close the connection and the offline engine; idempotent."""
        if self._expiry:
            self._expiry.cancel()
        if self._idle:
            self._close_soon(self._idle)
            self._idle = None
        await self._closing.wait()
        await self._credentials.close()
        await self._offline.close()

    async def acquire(self, limit: float) -> WarmConnection:
        """Return a warm connection, or a new one. Raises EngineError, UnavailableError."""
        if self._quota:
            await self._quota.check(self._settings.cap_minutes)
        if self._expiry:
            self._expiry.cancel()
        idle, self._idle = self._idle, None
        if idle and idle.reusable:
            return idle
        if idle:
            self._close_soon(idle)
        await self._load()
        assert self._connect is not None  # loaded
        known = await self._credentials.get()
        server = Server(
            self._dialect, self._settings, self._url, known.headers, known.source, self._consume
        )
        limit = min(TIMES.handshake, limit)
        return await WarmConnection.open(server, self._connect, self._dropped, limit)

    def release(self, connection: WarmConnection) -> None:
        """Keep a connection for the next take, or close it."""
        warm = self._settings.warm_seconds
        if not connection.reusable or not warm or self._idle:
            self._close_soon(connection)
            return
        self._reported.clear()  # the server works: report the next failure, even the same again
        self._idle = connection
        self._expiry = asyncio.get_running_loop().call_later(warm, self._expire)

    def _consume(self, seconds: float) -> None:
        if self._quota:
            self._quota.consume(self._settings.name, seconds, self._settings.cap_minutes)

    def _turns(self, *, hears_pauses: bool) -> TurnEnd:
        wanted = self._settings.turns
        if wanted == "server" and detects(self._dialect, self._settings, self._dropped):
            return wanted
        return wanted if wanted == "release" else "pauses" if hears_pauses else "release"

    def _expire(self) -> None:
        if self._idle:
            self._close_soon(self._idle)
            self._idle = None

    def _close_soon(self, connection: WarmConnection) -> None:
        self._closing.start(connection.close())

    def _tell_once(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self._notices.tell(message, "engine")

    async def _load(self) -> None:
        if self._connect is None:
            self._loading = self._loading or asyncio.create_task(self._load_parts())
            try:
                await asyncio.shield(self._loading)
            except UnavailableError:
                self._loading = None
                raise

    async def _load_parts(self) -> None:
        """Import the transport and load the models on a thread: they may take seconds."""
        try:
            self._detection = await asyncio.to_thread(self._local.load_detector)
        except UnavailableError as reason:  # without a detector, turns end at the release only
            self._tell_once(f"Pauses cannot be detected. {reason}")
        self._connect = await asyncio.to_thread(transport, self._settings)
        await asyncio.to_thread(trim)


def transport(settings: EngineSettings) -> Connect:
    """Import the configured transport, which takes a while; return its function that connects.

    Raises UnavailableError.
    """
    times = replace(TIMES, handshake=min(TIMES.handshake, settings.patience_seconds))
    if settings.transport == "websocket":
        from tray_dictate.engine.realtime.transport import open_websocket  # noqa: PLC0415 - only where used

        return Connector(partial(open_websocket, times=times), times.handshake).connect
    try:
        from tray_dictate.engine.realtime.sdk_transport import open_sdk  # noqa: PLC0415 - it takes a second
    except ImportError as reason:
        raise UnavailableError(
            'engine.transport = "sdk" needs the openai package, which is not installed.',
            f'Install it: {own_python.PIP} install "tray-dictate[sdk]"',
        ) from reason
    return Connector(partial(open_sdk, times=times), times.handshake).connect
