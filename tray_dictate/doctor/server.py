"""Checks a server or the offline engine step by step, and measures each step.

    settings ─▶ address ─▶ key ─▶ handshake ─▶ session ─▶ round trip ─▶ text ─▶ text, warm
    (only the session's settings are sent)                           (the recording is sent)

A check uses the same connections, conversation and session as a dictation, but if the server fails,
the offline engine does not take over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from tray_dictate.audio import files
from tray_dictate.config.api_keys import NO_SOURCE
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import ConfigError, DictateError, EngineError, UnavailableError
from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.core.ports import CloudQuota, Engine, Session
from tray_dictate.core.segments import SpokenOrder
from tray_dictate.core.text.normalize import clean, join
from tray_dictate.engine import InstalledModels, load_detector, model_files
from tray_dictate.engine.credentials import Credentials, CredentialSource, endpoint
from tray_dictate.engine.local_model import LocalModel
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.engine import transport
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, model, url
from tray_dictate.engine.realtime.session import Plan, ResilientSession
from tray_dictate.engine.realtime.transport import TIMES, Connect, Connection, Server
from tray_dictate.engine.segmenter import PauseDetector
from tray_dictate.system.programs import own_python

T = TypeVar("T")

_SPOKEN = "ever tried ever failed no matter try again fail again fail better"  # in the recording
_LENGTH = 9.2  # seconds of speech in the recording; the rest is silence
_ENOUGH = 0.6  # of the words: the smallest models mistake two of the twelve
_CHUNK = 0.04  # seconds, as a microphone's
_LIMIT = 15.0  # seconds for a step; connections and sessions have their own 10
_PING = 5.0  # seconds
_SECRET = 6  # characters of the shortest secret: shorter ones are parts of many words
_PUBLIC = ("intent", "model", "deployment", "api-version")  # what we add to the query of a URL
_PUNCTUATION = str.maketrans("", "", ".,;:!?\"'")


class Recording:
    """Nine seconds of Beckett, which come with the offline model."""

    def __init__(self) -> None:
        """Raises UnavailableError if the package of the model is not installed."""
        wheel = model_files.MOONSHINE
        folder = model_files.installed(wheel.package)
        path = folder / "assets" / "beckett.wav" if folder else None
        if path is None or not path.is_file():
            raise UnavailableError(
                f"There is no recording to send: {wheel.distribution} is not installed.",
                f"Install it: {own_python.PIP} install {wheel.distribution}",
            )
        self._path: Path = path

    def read(self, rate: int) -> bytes:
        """Return the speech as PCM16, in samples per second. Raises AudioFileError."""
        return files.read(self._path, rate)[: int(rate * _LENGTH) * SAMPLE]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """A step of the check, and its result."""

    name: str
    passed: bool
    words: str = ""
    value: float | None = None
    unit: str = "ms"
    warning: bool = False  # passed, but not as the settings ask for


@dataclass(frozen=True, slots=True)
class TrialTake:
    """The transcribed recording; times in seconds."""

    text: str
    first: float | None  # first text, after the first sound
    last: float  # last text, after the end of speech; 0 if it came before

    @property
    def right(self) -> float:
        """The share of the words that are right, 0 to 1."""
        heard = clean(self.text).lower().translate(_PUNCTUATION).split()
        return SequenceMatcher(None, _SPOKEN.split(), heard, autojunk=False).ratio()


async def try_step(
    name: str, work: Awaitable[T], limit: float = _LIMIT
) -> tuple[CheckStep, T | None]:
    """Await the work; return it as a step with its milliseconds, and its result if it passed."""
    began = time.monotonic()
    result, words = None, ""
    try:
        async with asyncio.timeout(limit):
            result = await work
    except TimeoutError:
        words = f"No answer within {limit:g} s."
    except DictateError as error:
        words = str(error).strip()
    return CheckStep(name, not words, words, (time.monotonic() - began) * 1e3), result


def rate_take(name: str, take: TrialTake, words: str) -> CheckStep:
    """Return a take as a step, which has passed if most words are right."""
    passed = take.right >= _ENOUGH
    words += f"; {take.right:.0%} of the words are right"
    if not passed:
        words += (
            f". Expected {_SPOKEN!r}, got {clean(take.text)[:200]!r}. "
            "Check engine.model and engine.languages: the recording is English."
        )
    return CheckStep(name, passed, words, take.last * 1e3)


async def transcribe(session: Session, pcm: bytes, rate: int, *, live: bool) -> TrialTake:
    """Send the recording to a session, `live` at the speed of speech. Raises EngineError."""
    loop = asyncio.get_running_loop()
    began, size = loop.time(), int(rate * _CHUNK) * SAMPLE
    listening = asyncio.create_task(_listen(session))
    try:
        for start in range(0, len(pcm), size):
            await session.send(pcm[start : start + size])
            if live:
                await asyncio.sleep(began + seconds(start + size, rate) - loop.time())
            if listening.done():  # the session failed
                break
        end = loop.time()
        session.key_released()
        await session.finish()
        text, times = await listening
    finally:
        listening.cancel()
    first = times[0] - began if times else None
    return TrialTake(text, first, max(0.0, (times or [loop.time()])[-1] - end))


async def _listen(session: Session) -> tuple[str, list[float]]:
    order, text, times = SpokenOrder(), "", list[float]()
    async for event in session.events():
        for segment in order.feed(event):
            text += join(text, segment.text)
            times.append(asyncio.get_running_loop().time())
    return text, times


async def offline_steps(
    settings: EngineSettings, recording: Recording
) -> AsyncGenerator[CheckStep]:
    """Yield the steps of the offline engine; the first that has not passed is the last."""
    local = InstalledModels(settings, live=False)
    step, found = await try_step("model", asyncio.to_thread(_check_model, local))
    if found is None:
        yield step
        return
    model, words = found
    yield replace(step, words=words)
    engine = local.offline_engine()
    try:
        step, _ = await try_step("load", engine.load())
        yield step
        if not step.passed:
            return
        pcm = recording.read(engine.rate)
        began = time.monotonic()
        step, take = await try_step("text", _transcribe_offline(engine, pcm), 4 * _LIMIT)
        if take:
            spoken = seconds(len(pcm), engine.rate)
            factor = (time.monotonic() - began) / spoken
            words = f"of real time, for {spoken:.1f} s of speech"
            if model.knows_english:
                step = rate_take("text", take, words)
            else:
                step = replace(step, words=f"{words}; its words are English and are not checked")
            step = replace(step, value=factor, unit="x")
        yield step
        if model.warning:
            yield CheckStep("languages", passed=True, words=model.warning, warning=True)
    finally:
        await engine.close()


def _check_model(local: InstalledModels) -> tuple[LocalModel, str]:
    """Return the model that is used, and its name, size and runtime.

    Raises UnavailableError if there is none, or a file that it needs is missing or changed.
    """
    model = local.choose()
    wheels = [model_files.SILERO]
    if model.runtime == "moonshine":  # with the tokenizer of the whole family
        wheels.insert(0, model_files.MOONSHINE)
    for wheel in wheels:
        model_files.find(wheel)
    try:
        size = model.size()
    except OSError as error:
        raise UnavailableError(f"{model.name} cannot be read: {error.strerror}.") from error
    runs = "onnxruntime" if model.runtime == "moonshine" else model.runtime
    packages = " and ".join(wheel.distribution for wheel in wheels)
    sized = f"{model.name}, {size / 1e6:,.0f} MB" if size else model.name
    return model, f"{sized}, run by {runs}; {packages}: installed and unchanged"


async def _transcribe_offline(engine: Engine, pcm: bytes) -> TrialTake:
    async with engine.session() as session:
        return await transcribe(session, pcm, engine.rate, live=False)


class Checkup:
    """Checks one server; without a recording, it is sent no sound."""

    def __init__(
        self,
        settings: EngineSettings,
        recording: Recording | None,
        quota: CloudQuota | None = None,
    ) -> None:
        self._settings, self._recording = settings, recording
        self._quota = quota if settings.cloud else None
        self._dialect = DIALECTS[settings.name]
        self._secrets: set[str] = set()
        self._connections: _Connections | None = None

    async def steps(self) -> AsyncGenerator[CheckStep]:
        """Yield each step when it ends; the first that has not passed is the last."""
        source = CredentialSource(self._settings, self._dialect.header)
        try:
            async for step in self._steps(source):
                yield replace(step, words=self._without_secrets(step.words))
                if not step.passed:
                    return
        finally:
            if self._connections:
                await self._connections.close()
            await source.close()

    async def _steps(self, source: CredentialSource) -> AsyncGenerator[CheckStep]:
        settings, title = self._settings, self._dialect.title
        try:
            address = url(self._dialect, settings, endpoint(settings))
            name = model(self._dialect, settings)
        except ConfigError as error:
            yield CheckStep("settings", passed=False, words=str(error))
            return
        words = f"{title}, {name or 'the model that the server chooses'}, over {settings.transport}"
        yield CheckStep("settings", passed=True, words=words)
        yield CheckStep("address", passed=True, words=hide_secrets(address))
        step, key = await try_step("key", source.get())
        if key is None:
            yield step
            return
        self._secrets |= {text.split()[-1] for text in key.headers.values()}
        yield replace(step, words=_origin(key))
        server = Server(self._dialect, settings, address, key.headers, key.source, self._consume)
        async for step in self._connected(server):
            yield step

    def _consume(self, seconds: float) -> None:
        if self._quota:
            self._quota.consume(self._settings.name, seconds, self._settings.cap_minutes)

    async def _connected(self, server: Server) -> AsyncGenerator[CheckStep]:
        step, connect = await try_step("transport", asyncio.to_thread(transport, self._settings))
        if connect is None:
            yield step
            return
        step, connection = await try_step("handshake", connect(server))
        yield step
        if connection is None:
            return
        self._connections = connections = _Connections(server, connect)
        step, warm = await try_step("session", connections.begin(connection))
        if warm is None:
            yield step
            return
        answer = "acknowledged" if server.dialect.acknowledges else "started"
        yield replace(step, words=f"{answer}, with our settings")
        async for step in _round_trip(connection):
            yield step
        for note in warm.conversation.notes:
            yield CheckStep("refused", passed=True, words=note, warning=True)
        warm.conversation.notes.clear()
        if self._recording:
            async for step in self._takes(connections, self._recording.read(self._dialect.rate)):
                yield step

    async def _takes(self, connections: _Connections, pcm: bytes) -> AsyncGenerator[CheckStep]:
        detector = None
        try:
            detector = (await asyncio.to_thread(load_detector)).detector()
        except UnavailableError as reason:
            yield CheckStep(
                "pauses", passed=True, words=f"Pauses cannot be detected. {reason}", warning=True
            )
        for name in ("text", "text, warm"):
            before = connections.opened
            pauses = PauseDetector(detector, self._dialect.rate) if detector else None
            step, take = await try_step(name, self._take(connections, pauses, pcm), 4 * _LIMIT)
            if take is None:
                yield step
                return
            yield rate_take(name, take, self._describe(take, pcm))
            if connections.opened > before:
                yield CheckStep(
                    "connection", passed=True, warning=True,
                    words=f"{self._dialect.title} closed the connection: a new one was needed.",
                )  # fmt: skip
            for note in connections.notes():
                yield CheckStep("refused", passed=True, words=note, warning=True)

    async def _take(
        self, connections: _Connections, pauses: PauseDetector | None, pcm: bytes
    ) -> TrialTake:
        settings = self._settings
        turns = settings.turns if pauses or settings.turns == "server" else "release"
        plan = Plan(
            self._dialect.rate, turns, settings.patience_seconds, connections.note, _NoRescue()
        )
        session = ResilientSession(plan, connections, pauses)
        try:
            return await transcribe(session, pcm, self._dialect.rate, live=True)
        finally:
            await session.give_up()

    def _describe(self, take: TrialTake, pcm: bytes) -> str:
        spoken = seconds(len(pcm), self._dialect.rate)
        early = take.first is not None and take.first < spoken
        when = f", the first {take.first:.1f} s after the start" if early else ""
        return (
            f"after the end of {spoken:.1f} s of speech; {'' if early else 'no '}text while "
            f"speaking{when}"
        )

    def _without_secrets(self, words: str) -> str:
        """Return a text without the key, which a server may have quoted."""
        for secret in self._secrets:
            if len(secret) >= _SECRET:
                words = words.replace(secret, "…")
        return words


class _Connections:
    """The connections to the server: the first one, and those that takes open later."""

    def __init__(self, server: Server, connect: Connect) -> None:
        self.opened = 0  # after the first
        self._server, self._connect = server, connect
        self._dropped: set[str] = set()
        self._all: list[WarmConnection] = []
        self._idle: WarmConnection | None = None
        self._notes: list[str] = []

    async def begin(self, connection: Connection) -> WarmConnection:
        """Start the session on the first connection. Raises LostError, RefusedError."""

        async def connected(_server: Server) -> Connection:
            return connection

        self._idle = await self._open(connected, self._server.settings.patience_seconds)
        return self._idle

    async def acquire(self, limit: float) -> WarmConnection:
        """Return the kept connection, or a new one. Raises LostError, RefusedError."""
        idle, self._idle = self._idle, None
        if idle and idle.reusable:
            return idle
        self.opened += 1
        return await self._open(self._connect, limit)

    def release(self, connection: WarmConnection) -> None:
        """Keep a connection for the next take."""
        self._idle = connection

    def note(self, words: str) -> None:
        """Keep a message for the user."""
        self._notes.append(words)

    def notes(self) -> list[str]:
        """Return the messages since the last call."""
        notes, self._notes = self._notes, []
        return notes

    async def close(self) -> None:
        """Close every connection."""
        for warm in self._all:
            await warm.close()

    async def _open(self, connect: Connect, limit: float) -> WarmConnection:
        limit = min(TIMES.handshake, limit)
        warm = await WarmConnection.open(self._server, connect, self._dropped, limit)
        self._all.append(warm)
        return warm


def hide_secrets(address: str) -> str:
    """Return an address without values in its query that we do not set: they may be secret."""
    parts = urlsplit(address)
    query = "&".join(
        f"{quote(name)}={quote(value) if name in _PUBLIC else '…'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{query}" if query else "")


def _origin(key: Credentials) -> str:
    if key.source == NO_SOURCE:
        return "none is sent"
    (header,) = key.headers.values()
    return f"from {key.source}, {len(header.removeprefix('Bearer '))} characters"


async def _round_trip(connection: Connection) -> AsyncGenerator[CheckStep]:
    step, answer = await try_step("round trip", connection.ping(), _PING)
    if answer is not None:
        yield replace(step, value=answer * 1e3, words="a WebSocket ping and its answer")
    elif not step.passed:
        yield step


class _NoRescue:
    """No offline engine: the error of the server is the message."""

    async def load(self) -> None:
        raise UnavailableError("")

    def session(self) -> AbstractAsyncContextManager[Session]:
        raise EngineError("")

    def warning(self) -> str:
        return ""
