"""The shell: event -> step() -> perform the commands; one task per dictation.

Everything here runs on the loop. Nothing here decides: core.chord says what the keys mean,
core.dictation what to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, assert_never

from tray_dictate.audio.cues import Cues
from tray_dictate.config import Config
from tray_dictate.core.chord import POINTER, ChordMachine, Edge, Signal
from tray_dictate.core.dictation import (
    Abort,
    Begin,
    Cancel,
    Close,
    Command,
    Deliver,
    Delivered,
    Drained,
    Event,
    Finish,
    Heard,
    SegmentReady,
    Start,
    State,
    Status,
    Stop,
    step,
)
from tray_dictate.core.keys import MODIFIERS, Chord, parse_chord, parse_key
from tray_dictate.core.shortcuts import Shortcuts
from tray_dictate.core.sounds import Sounds
from tray_dictate.delivery import Delivery
from tray_dictate.errors import DictateError
from tray_dictate.history_async import AsyncHistory
from tray_dictate.ports import Engine, Hotkey, Microphone, Output, Rewriter, Tray
from tray_dictate.story import Story
from tray_dictate.take import Take
from tray_dictate.telling import Telling
from tray_dictate.ways import ways

log = logging.getLogger(__name__)

_FAREWELL = 10.0  # seconds at shutdown for a take to be transcribed and delivered
_UNFINISHED = "tray_dictate was ended before all that you said had become text."
_MENU = 0.3  # seconds for a menu to close, and for the focus to be back where it was
_Last = Callable[[], Coroutine[Any, Any, str]]  # returns what to tell
_SIGNALS = {Signal.START: Start(), Signal.STOP: Stop(), Signal.CANCEL: Cancel()}


@dataclass(slots=True)
class Parts:
    """What app.py has built."""

    config: Config
    hotkey: Hotkey
    microphone: Microphone
    engine: Engine
    output: Output
    tray: Tray
    cues: Cues
    rewriter: Rewriter
    history: AsyncHistory


@dataclass(slots=True)
class _Running:
    take: Take
    task: asyncio.Task[None]
    limit: asyncio.TimerHandle | None = field(default=None)


class Daemon:
    """Owns the state of all dictations; `post` events to it, on the loop."""

    def __init__(self, parts: Parts, farewell: float = _FAREWELL) -> None:
        self._parts, self._farewell = parts, farewell
        settings = parts.config.hotkey
        cancel: Chord = (parse_key(settings.cancel),) if settings.cancel else ()
        self._chord = ChordMachine(parse_chord(settings.keys), settings.mode == "toggle", cancel)
        self._own = frozenset(key for slot in self._chord.chord for key in slot)
        self._state = State()
        self._shown: tuple[Status, str] | None = None
        self._shortcuts = Shortcuts(settings.shortcuts)
        self._running: dict[int, _Running] = {}
        self._sounds = Sounds(parts.cues.play)
        self.tell = Telling(parts.tray.notify).tell  # the user; with a cause (telling.py)
        tell = partial(self.tell, cause="delivery")
        wanted = ways(parts.config, parts.output, parts.rewriter, parts.history, tell)
        self.delivery = Delivery(parts.output, wanted, self._delivered)
        self._last: dict[str, _Last] = {
            "redo": self.delivery.redo, "undo": self.delivery.undo, "copy": self.delivery.copy,
        }  # fmt: skip
        self._delivering: asyncio.Task[None] | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._pressed = 0.0
        self._idle = asyncio.Event()
        self._asked: set[asyncio.Task[None]] = set()

    @property
    def status(self) -> Status:
        """What the tray shows."""
        return self._state.status

    async def start(self) -> None:
        """Be ready, first with the microphone: what is said while the engine loads waits."""
        self._delivering = asyncio.create_task(self.delivery.run())
        self._show()
        settings = self._parts.config.hotkey
        await self._prepare(self._parts.microphone.warm_up(self._parts.engine.rate))
        log.info("ready: %s %s and speak", settings.mode, settings.keys)
        await self._prepare(self._parts.engine.load())
        log.info("the engine is loaded")
        for entry in await self._parts.history.last():
            self.delivery.inserted.recall(entry.text)

    async def _prepare(self, work: Awaitable[None]) -> None:
        try:
            await work
        except DictateError as trouble:  # told now, and again at a press; it may mend meanwhile
            self.tell(str(trouble))

    async def stop(self) -> None:
        """Finish what is being said, deliver it, and end."""
        self.post(Stop())
        if self._state.live:
            self._idle.clear()
            try:
                await asyncio.wait_for(self._idle.wait(), self._farewell)
            except TimeoutError:
                log.warning("%d dictations were not delivered in time", len(self._state.live))
        for running in self._running.values():
            if not running.task.done():  # a server that is away, most likely
                self.tell(f"{_UNFINISHED} {running.take.keep(_UNFINISHED)}", "take")
            running.task.cancel()
        if self._delivering:
            self._delivering.cancel()
        self.delivery.settle()

    def post(self, event: Event) -> None:
        """Let something happen."""
        recorded = self._state.recording is not None
        self._state, commands = step(self._state, event)
        for command in commands:
            self._perform(command)
        records = self._state.recording is not None
        if records != recorded and self._chord.cancel:  # Escape is for us, not for the window
            self._parts.hotkey.claim(self._chord.cancel[0] if records else frozenset())
        self._chord.follow(records)
        self._schedule()
        self._show()
        if not self._state.live:
            self._idle.set()

    def own_click(self) -> None:
        """Learn that the user's latest click was on our icon or its menu."""
        self.delivery.inserted.own_click(asyncio.get_running_loop().time())

    def from_menu(self, name: str) -> None:
        """Redo, undo or copy the last dictation, when the menu is gone and the focus back."""
        self._ask(self._when_the_menu_is_gone(self._last[name]))

    def edge(self, edge: Edge) -> None:
        """Take a key edge from the hotkey's back end."""
        asked = self._shortcuts.feed(edge)
        if edge.down and edge.key not in self._own | MODIFIERS and not asked:
            # the user types, or clicks: what we know of the caret is stale
            idle = not self._state.live
            if edge.key == POINTER:
                self.delivery.inserted.click(edge.at, before=idle)
            else:
                self.delivery.inserted.cover(before=idle)
        if edge.key != POINTER:
            self._act(self._chord.feed(edge), edge.at)
        for name in asked:
            self._ask(self._last[name]())

    def _ask(self, work: Coroutine[Any, Any, str]) -> None:
        """Do what the user has asked for; tell what stands in its way."""
        task = asyncio.get_running_loop().create_task(self._tell_failure(work))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _tell_failure(self, work: Coroutine[Any, Any, str]) -> None:
        try:
            await work
        except DictateError as reason:
            self.tell(str(reason), "asked")

    async def _when_the_menu_is_gone(self, work: _Last) -> str:
        await asyncio.sleep(_MENU)
        return await work()

    def _act(self, signals: list[Signal], at: float) -> None:
        for signal in signals:
            if signal is Signal.VERIFY:
                physical = self._parts.hotkey.held()
                if physical is not None:
                    self._act(self._chord.verify(physical, at), at)
                continue
            if signal is Signal.START:
                self._pressed = at
            self.post(_SIGNALS[signal])
        self._schedule()

    def _schedule(self) -> None:
        if self._wake:
            self._wake.cancel()
        at = self._chord.wake_at
        loop = asyncio.get_running_loop()
        self._wake = loop.call_at(at, self._tick) if at is not None else None

    def _tick(self) -> None:
        now = asyncio.get_running_loop().time()
        self._act(self._chord.tick(now), now)

    def _perform(self, command: Command) -> None:
        match command:
            case Begin(number):
                self._begin(number)
            case Finish(number):
                self._running[number].take.finish()
            case Abort(number):
                self.delivery.abort(number)
                self._end(number).task.cancel()
                self._sounds.dropped(number)
                log.info("dictation %d: dropped", number)
            case Deliver(number, text):
                self.delivery.put(number, text)
            case Close(number):
                self.delivery.close(number)
                self._end(number)
                log.info("dictation %d: over", number)
            case _:
                assert_never(command)

    def _begin(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        started = self._pressed if now - self._pressed < 1 else now  # begun from the tray: no key
        settings = self._parts.config
        take = Take(
            number, self._parts.microphone, self._parts.engine, settings.audio.tail_ms / 1000,
            started, partial(self._heard, number), partial(self._segment, number),
            partial(self._sounds.recorded, number), story=Story.of(settings.engine),
        )  # fmt: skip
        self._sounds.begun(number)
        running = _Running(take, loop.create_task(self._dictate(take)))
        if settings.hotkey.limit_minutes:
            running.limit = loop.call_later(settings.hotkey.limit_minutes * 60, self._limit)
        self._running[number] = running
        self.delivery.begin(number, take.story)

    async def _dictate(self, take: Take) -> None:
        try:
            await take.run()
            trouble = take.trouble
        except Exception:
            log.exception("dictation %d failed", take.number)
            reason = "The dictation failed; the log has the details."
            trouble = f"{reason} {take.keep(reason)}"
        if trouble:
            self._sounds.failed(take.number)
            self.tell(trouble, "take")
        self.post(Drained(take.number, trouble))

    def _end(self, number: int) -> _Running:
        running = self._running.pop(number)
        if running.limit:
            running.limit.cancel()
        return running

    def _heard(self, number: int) -> None:
        self._sounds.heard(number)
        self.post(Heard(number))

    def _segment(self, number: int, text: str) -> None:
        self.post(SegmentReady(number, text))

    def _delivered(self, number: int, trouble: str) -> None:
        self.post(Delivered(number, trouble))

    def _limit(self) -> None:
        limit = self._parts.config.hotkey.limit_minutes
        self.tell(f"The dictation ended after {limit:g} minutes (hotkey.limit_minutes).", "limit")
        self.post(Stop())

    def _show(self) -> None:
        shown = (self._state.status, self._state.trouble)
        if shown != self._shown:
            self._shown = shown
            self._parts.tray.show(*shown)
