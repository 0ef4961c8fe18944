"""A server or the embedded engine on trial, step by step, each with its number.

    settings ─▶ address ─▶ key ─▶ handshake ─▶ session ─▶ round trip ─▶ text ─▶ text, warm
    (nothing but the session's settings is sent)                     (the recording is sent)

It goes the dictation's own ways: the same link, conversation and take. Only the embedded engine
does not help out: the server is on trial.

What a checkup is made of: steps with their numbers, and a recording whose words are known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from tray_dictate.config.api_keys import NO_SOURCE
from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.errors import ConfigError, DictateError, EngineError, UnavailableError
from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.core.ports import CloudQuota, Session
from tray_dictate.core.segments import SpokenOrder
from tray_dictate.core.text.normalize import clean, join
from tray_dictate.engine import model_files
from tray_dictate.engine.credentials import Credentials, CredentialSource, endpoint
from tray_dictate.engine.models import DetectorModel
from tray_dictate.engine.offline import english
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.engine import transport
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, model, url
from tray_dictate.engine.realtime.session import Plan, ResilientSession
from tray_dictate.engine.realtime.transport import TIMES, Connect, Connection, Server
from tray_dictate.engine.segmenter import PauseDetector

WORDS = "ever tried ever failed no matter try again fail again fail better"
_ENOUGH = 0.6  # of the words: the smallest models mistake two of the twelve
_CHUNK = 0.04  # seconds, as a microphone's
LIMIT = 15.0  # seconds for a step; connections and sessions have their own 10
_NO_WORDS = str.maketrans("", "", ".,;:!?\"'")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CheckStep:
    """What was tried, and what came of it."""

    name: str
    passed: bool
    words: str = ""
    value: float | None = None
    unit: str = "ms"
    warning: bool = False  # it works, but not as the user has set it


@dataclass(frozen=True, slots=True)
class TrialTake:
    """The recording, transcribed; times in seconds."""

    text: str
    first: float | None  # text, after the first sound
    last: float  # text, after the end of speech; 0 if it was there before

    @property
    def right(self) -> float:
        """Return how much of the words is right, 0 to 1."""
        heard = clean(self.text).lower().translate(_NO_WORDS).split()
        return SequenceMatcher(None, WORDS.split(), heard, autojunk=False).ratio()


async def tried(name: str, work: Awaitable[T], limit: float = LIMIT) -> tuple[CheckStep, T | None]:
    """Return the step that this was, with its milliseconds, and what came out if it passed."""
    began = time.monotonic()
    result, words = None, ""
    try:
        async with asyncio.timeout(limit):
            result = await work
    except TimeoutError:
        words = f"Nothing came within {limit:g} s."
    except DictateError as error:
        words = str(error).strip()
    return CheckStep(name, not words, words, (time.monotonic() - began) * 1e3), result


def judged(name: str, take: TrialTake, words: str) -> CheckStep:
    """Return the step of a take: without most of the words it has not passed."""
    passed = take.right >= _ENOUGH
    said = f"{words}; {take.right:.0%} of the words"
    if not passed:
        said += (
            f". It should be {WORDS!r} and is {clean(take.text)[:200]!r}. "
            "Check engine.model and engine.languages: the recording is English."
        )
    return CheckStep(name, passed, said, take.last * 1e3)


async def speak(session: Session, pcm: bytes, rate: int, *, live: bool) -> TrialTake:
    """Feed the recording, `live` at the speed of speech. Raises EngineError."""
    loop = asyncio.get_running_loop()
    began, size = loop.time(), int(rate * _CHUNK) * SAMPLE
    listening = asyncio.create_task(_listen(session))
    try:
        for start in range(0, len(pcm), size):
            await session.send(pcm[start : start + size])
            if live:
                await asyncio.sleep(began + seconds(start + size, rate) - loop.time())
            if listening.done():  # it failed
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


_PING = 5.0  # seconds
_SECRET = 6  # characters that make one; fewer are part of any word
_OURS = ("intent", "model", "deployment", "api-version")  # what a URL's query holds from us
Recording = Callable[[int], bytes]  # samples per second -> PCM16


async def embedded_steps(
    settings: EngineSettings, recording: Recording
) -> AsyncGenerator[CheckStep]:
    """Yield the steps of the embedded engine; the first that has not passed is the last."""
    step, found = await tried("model", asyncio.to_thread(_model_files))
    yield replace(step, words=found or step.words)
    if not found:
        return
    engine = OfflineEngine(live=False)
    try:
        step, _ = await tried("load", engine.load())
        yield step
        if not step.passed:
            return
        pcm = recording(engine.rate)
        began = time.monotonic()
        step, take = await tried("text", _transcribed(engine, pcm), 4 * LIMIT)
        if take:
            spoken = seconds(len(pcm), engine.rate)
            factor = (time.monotonic() - began) / spoken
            words = f"{factor:.3f} of real time, for {spoken:.1f} s of speech"
            step = replace(judged("text", take, words), value=factor, unit="x")
        yield step
        if misfit := english.misfit(settings):
            yield CheckStep("languages", passed=False, words=f"{misfit} {english.REMEDY}")
    finally:
        await engine.close()


def _model_files() -> str:
    carriers = model_files.MOONSHINE, model_files.SILERO
    for carrier in carriers:
        model_files.find(carrier)
    return f"{' and '.join(carrier.distribution for carrier in carriers)}: there and unchanged"


async def _transcribed(engine: OfflineEngine, pcm: bytes) -> TrialTake:
    async with engine.session() as session:
        return await speak(session, pcm, engine.rate, live=False)


class Checkup:
    """One server on trial; `recording` gives PCM16 at a rate, None sends no sound."""

    def __init__(
        self,
        settings: EngineSettings,
        recording: Recording | None,
        load_detector: Callable[[], DetectorModel],
        quota: CloudQuota | None = None,
    ) -> None:
        self._settings, self._recording, self._load_detector = settings, recording, load_detector
        self._quota = quota if settings.cloud else None
        self._dialect = DIALECTS[settings.name]
        self._secrets: set[str] = set()
        self._links: _Links | None = None

    async def steps(self) -> AsyncGenerator[CheckStep]:
        """Yield the steps as they end; the first that has not passed is the last."""
        source = CredentialSource(self._settings, self._dialect.header)
        try:
            async for step in self._steps(source):
                yield replace(step, words=self._without_secrets(step.words))
                if not step.passed:
                    return
        finally:
            if self._links:
                await self._links.close()
            await source.close()

    async def _steps(self, source: CredentialSource) -> AsyncGenerator[CheckStep]:
        settings, title = self._settings, self._dialect.title
        try:
            address = url(self._dialect, settings, endpoint(settings))
            name = model(self._dialect, settings)
        except ConfigError as error:
            yield CheckStep("settings", passed=False, words=str(error))
            return
        said = f"{title}, {name or 'the model that the server chooses'}, over {settings.transport}"
        yield CheckStep("settings", passed=True, words=said)
        yield CheckStep("address", passed=True, words=shown(address))
        step, known = await tried("key", source.get())
        if known is None:
            yield step
            return
        self._secrets |= {text.split()[-1] for text in known.headers.values()}
        yield replace(step, words=_origin(known))
        server = Server(
            self._dialect, settings, address, known.headers, known.source, self._consume
        )
        async for step in self._connected(server):
            yield step

    def _consume(self, seconds: float) -> None:
        if self._quota:
            self._quota.consume(self._settings.name, seconds, self._settings.cap_minutes)

    async def _connected(self, server: Server) -> AsyncGenerator[CheckStep]:
        step, connect = await tried("transport", asyncio.to_thread(transport, self._settings))
        if connect is None:
            yield step
            return
        step, connection = await tried("handshake", connect(server))
        yield step
        if connection is None:
            return
        self._links = links = _Links(server, connect)
        step, link = await tried("session", links.begin(connection))
        if link is None:
            yield step
            return
        answer = "acknowledged" if server.dialect.acknowledges else "begun"
        yield replace(step, words=f"{answer}, in our settings")
        async for step in _round_trip(connection):
            yield step
        for note in link.conversation.notes:
            yield CheckStep("refused", passed=True, words=note, warning=True)
        link.conversation.notes.clear()
        if self._recording:
            async for step in self._takes(links, self._recording(self._dialect.rate)):
                yield step

    async def _takes(self, links: _Links, pcm: bytes) -> AsyncGenerator[CheckStep]:
        detector = None
        try:
            detector = (await asyncio.to_thread(self._load_detector)).detector()
        except UnavailableError as reason:
            yield CheckStep(
                "pauses", passed=True, words=f"They cannot be detected. {reason}", warning=True
            )
        for name in ("text", "text, warm"):
            before = links.opened
            listener = PauseDetector(detector, self._dialect.rate) if detector else None
            step, take = await tried(name, self._take(links, listener, pcm), 4 * LIMIT)
            if take is None:
                yield step
                return
            yield judged(name, take, self._told(take, pcm))
            if links.opened > before:
                yield CheckStep(
                    "connection", passed=True, warning=True,
                    words=f"{self._dialect.title} did not keep it: another one was needed.",
                )  # fmt: skip
            for note in links.notes():
                yield CheckStep("refused", passed=True, words=note, warning=True)

    async def _take(self, links: _Links, listener: PauseDetector | None, pcm: bytes) -> TrialTake:
        settings = self._settings
        turns = settings.turns if listener or settings.turns == "server" else "release"
        plan = Plan(self._dialect.rate, turns, settings.patience_seconds, links.tell, _no_rescue)
        session = ResilientSession(plan, links, listener)
        try:
            return await speak(session, pcm, self._dialect.rate, live=True)
        finally:
            await session.give_up()

    def _told(self, take: TrialTake, pcm: bytes) -> str:
        spoken = seconds(len(pcm), self._dialect.rate)
        early = take.first is not None and take.first < spoken
        when = f"the first of it came after {take.first:.1f} s, " if early else "nothing came "
        return f"after the end of {spoken:.1f} s of speech; {when}while speaking"

    def _without_secrets(self, words: str) -> str:
        """A server may quote the key that it was sent."""
        for secret in self._secrets:
            if len(secret) >= _SECRET:
                words = words.replace(secret, "…")
        return words


class _Links:
    """The connection on trial, and another where a take needs one."""

    def __init__(self, server: Server, connect: Connect) -> None:
        self.opened = 0  # beside the first
        self._server, self._connect = server, connect
        self._dropped: set[str] = set()
        self._all: list[WarmConnection] = []
        self._idle: WarmConnection | None = None
        self._notes: list[str] = []

    async def begin(self, connection: Connection) -> WarmConnection:
        """Settle the session on a connection. Raises LostError, RefusedError."""

        async def connected(_server: Server) -> Connection:
            return connection

        self._idle = await self._open(connected)
        return self._idle

    async def acquire(self, limit: float) -> WarmConnection:
        """Return the connection, or another. Raises LostError, RefusedError."""
        idle, self._idle = self._idle, None
        if idle and idle.reusable:
            return idle
        self.opened += 1
        return await self._open(self._connect, limit)

    def release(self, connection: WarmConnection) -> None:
        """Keep a connection for the next take."""
        self._idle = connection

    def tell(self, note: str) -> None:
        """Keep what the user should know, but of a rescue: there is none."""
        self._notes.append(note)

    def notes(self) -> list[str]:
        """Return what was told, once."""
        notes, self._notes = self._notes, []
        return notes

    async def close(self) -> None:
        """End all of them."""
        for link in self._all:
            await link.close()

    async def _open(self, connect: Connect, limit: float = TIMES.handshake) -> WarmConnection:
        link = await WarmConnection.open(self._server, connect, self._dropped, limit)
        self._all.append(link)
        return link


def shown(address: str) -> str:
    """Return the address without the values that a proxy's own query may hold: they are secrets."""
    parts = urlsplit(address)
    query = "&".join(
        f"{quote(name)}={quote(value) if name in _OURS else '…'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{query}" if query else "")


def _origin(known: Credentials) -> str:
    if known.source == NO_SOURCE:
        return "none is sent"
    (header,) = known.headers.values()
    return f"from {known.source}, {len(header.removeprefix('Bearer '))} characters"


async def _round_trip(connection: Connection) -> AsyncGenerator[CheckStep]:
    step, answer = await tried("round trip", connection.ping(), _PING)
    if answer is not None:
        yield replace(step, value=answer * 1e3, words="a WebSocket ping and its answer")
    elif not step.passed:
        yield step


def _no_rescue() -> AbstractAsyncContextManager[Session]:
    raise EngineError("")  # the server's failure is the message
