"""Feeds events to the state machine and carries out its commands; one task per dictation.

Everything here runs on the loop. Decisions are made elsewhere: core.chord interprets the keys,
core.dictation says what to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from tray_dictate.app.components import Components
from tray_dictate.app.delivery import Delivery
from tray_dictate.app.last_dictation import LastDictation
from tray_dictate.app.notices import Notices
from tray_dictate.app.status import StatusPublisher
from tray_dictate.app.take import Take, TakeRecord
from tray_dictate.config.schema import Config
from tray_dictate.core.cue_policy import CuePolicy
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
    Locked,
    SegmentReady,
    Start,
    State,
    Status,
    Stop,
    Toggle,
    step,
)
from tray_dictate.core.errors import DictateError
from tray_dictate.core.keys.chord import POINTER, VERIFY, Edge, Shortcuts, Signal
from tray_dictate.core.keys.names import MODIFIERS
from tray_dictate.core.ports import DesktopManagedHotkey, Microphone, Notifier
from tray_dictate.core.segments import Spoken
from tray_dictate.hotkey.switchable import machine
from tray_dictate.system.expressions import EXPRESSIONS

log = logging.getLogger(__name__)

_ENDED = (
    "The screen was locked, so the dictation ended. The rest of the text is in the "
    "history; `tray-dictate redo` inserts it."
)
_REFUSED = (
    "Nothing was recorded while the screen was locked, or another program had grabbed the keyboard "
    "(hotkey.when_locked)."
)
_UNFINISHED = "tray_dictate quit before everything that you said was transcribed."
_SIGNALS = {Signal.START: Start(), Signal.STOP: Stop(), Signal.CANCEL: Cancel()}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the daemon waits, in seconds."""

    farewell: float = 10.0  # at shutdown, for a take to be transcribed and delivered
    patience: float = 5.0  # for the keyboard to report all that has happened before time passes
    verify_after: float = VERIFY  # of holding, until the keyboard is asked what is held
    lock_check: float = 1.0  # between two checks of the screen lock, while they matter
    lock_recheck: float = 0.1  # until a lock is believed that may be a menu or our own typing


_LIMITS = Limits()


class LiveDictation:
    """One dictation until its end: observes its take, and owns its task and its time limit."""

    def __init__(
        self, number: int, pressed: float, components: Components, cues: CuePolicy,
        *, notices: Notifier, daemon: Daemon,
    ) -> None:  # fmt: skip
        """Begin to record; `pressed` is when the key went down, on the loop's clock."""
        self._number, self._components, self._cues = number, components, cues
        self._notices, self._daemon = notices, daemon
        settings = components.config
        self.record = TakeRecord.of(settings.engine)
        self._take = Take(
            number, components.microphone, components.engine, settings.audio.tail_ms / 1000,
            pressed, self, components.unringing(), record=self.record,
        )  # fmt: skip
        cues.begun(number)
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run())
        minutes = settings.hotkey.limit_minutes
        self._limit = loop.call_later(minutes * 60, self._end_at_limit) if minutes else None

    def finish(self, let_go: float | None) -> None:
        """End the recording; `let_go` is when the key was let go, None: now."""
        self._take.finish(let_go)

    def abort(self) -> None:
        """Cancel the dictation and drop its recording."""
        self.end()
        self._task.cancel()
        self._cues.dropped(self._number)

    def cut_off(self) -> None:
        """Cancel the dictation at shutdown; save the recording if it is not transcribed yet."""
        if not self._task.done():  # a server that is away, most likely
            self._notices.tell(f"{_UNFINISHED} {self._take.keep(_UNFINISHED)}", "take")
        self._task.cancel()

    def end(self) -> None:
        """Cancel the time limit: the dictation is over."""
        if self._limit:
            self._limit.cancel()

    def heard(self) -> None:
        """Play the start cue; see TakeObserver."""
        self._cues.heard(self._number)
        self._daemon.post(Heard(self._number))

    def level(self, level: float) -> None:
        """Show the input level; see TakeObserver."""
        self._daemon.publisher.level_changed.emit(level)

    def recorded(self) -> None:
        """Play the stop cue; see TakeObserver."""
        self._cues.recorded(self._number)

    def segment(self, spoken: Spoken) -> None:
        """Post a transcribed segment; see TakeObserver."""
        self._daemon.post(SegmentReady(self._number, spoken))

    async def _run(self) -> None:
        try:
            await self._take.run()
            trouble = self._take.trouble
        except Exception:
            log.exception("dictation %d failed", self._number)
            reason = "The dictation failed; the log has the details."
            trouble = f"{reason} {self._take.keep(reason)}"
        if trouble:
            self._cues.failed(self._number)
            self._notices.tell(trouble, "take")
        self._daemon.post(Drained(self._number, trouble))

    def _end_at_limit(self) -> None:
        limit = self._components.config.hotkey.limit_minutes
        message = f"The dictation ended after {limit:g} minutes (hotkey.limit_minutes)."
        self._notices.tell(message, "limit")
        self._daemon.post(Stop())


class Daemon:
    """Owns the state of all dictations; `post` events to it, on the loop."""

    def __init__(self, components: Components, notices: Notices, limits: Limits = _LIMITS) -> None:
        self._components, self._notices, self._limits = components, notices, limits
        self._state = State()
        self.publisher = StatusPublisher()
        self.publisher.status_changed.subscribe(self._show_status)
        self.publisher.level_changed.subscribe(self._show_level)
        self._microphone: Microphone | None = None  # the one whose changes are shown
        self._follow_components()
        components.config_changed.subscribe(self._config_changed)
        self._subscriptions = ExitStack()
        self._live: dict[int, LiveDictation] = {}
        self._cues = CuePolicy(components.play)
        self.delivery = Delivery(components, notices, self)
        self.last = LastDictation(self.delivery, notices)
        self._delivering: asyncio.Task[None] | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._behind_lock: list[str] = []  # messages for when the screen is unlocked
        self._pressed = 0.0
        self._let_go: float | None = None  # when the hotkey was let go that stops a dictation now
        self._asked: asyncio.TimerHandle | None = None  # ends our patience with the keyboard
        self._mark, self._asked_at = 0, 0.0  # of the latest question to the keyboard
        self._modifiers: set[str] = set()  # that the user holds down
        self._idle = asyncio.Event()  # no dictation is live
        self._idle.set()

    @property
    def status(self) -> Status:
        """The status that the tray shows."""
        return self._state.status

    async def start(self) -> None:
        """Prepare the microphone, then the engine: speech is recorded while the engine loads."""
        self._delivering = asyncio.create_task(self.delivery.run())
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, self._tell_expression)
        self._subscriptions.callback(EXPRESSIONS.skipped.subscribe(tell))
        self._show()
        settings = self._components.config.hotkey
        await self._prepare(self._components.microphone.warm_up(self._components.engine.rate))
        log.info("ready: %s %s and speak", settings.mode, settings.keys)
        await self._prepare(self._components.engine.load())
        log.info("the engine is loaded")
        for entry in await self._components.history.last():
            self.delivery.recall(entry.text)

    async def _prepare(self, work: Awaitable[None]) -> None:
        try:
            await work
        except DictateError as trouble:  # told now, and again at a press unless it works by then
            self._notices.tell(str(trouble))

    async def stop(self) -> None:
        """Finish and deliver the current dictation within `Limits.farewell`, and stop."""
        await self.settle(self._limits.farewell)
        self._subscriptions.close()
        for dictation in self._live.values():
            dictation.cut_off()
        self._notices.flush()
        if self._look:
            self._look.cancel()
        if self._wake:
            self._wake.cancel()
        self._forget_asked()
        if self._delivering:
            self._delivering.cancel()
        for live in self._state.live:
            for spoken in live.waiting:  # behind an older one that is still on its way
                self.delivery.put(live.number, *spoken)
        self.delivery.settle()

    async def settle(self, seconds: float) -> None:
        """Stop recording, and wait until everything is delivered, for at most these seconds."""
        self.post(Stop())
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d dictations were not delivered in time", len(self._state.live))

    def look_at_keys(self) -> None:
        """Ask the keyboard which keys are held: a release may have been missed."""
        self._act([Signal.VERIFY], asyncio.get_running_loop().time())

    def look_at_lock(self, *, doubt: bool | None = None) -> None:
        """Check whether the screen is locked: then nothing is recorded or inserted.

        A menu grabs the keyboard shortly before it is mapped, and so does our own output when a
        modifier is pressed while text is typed. So in `doubt` (by default while text is inserted),
        a lock counts only when a second check finds it again.
        """
        wanted = self._components.config.hotkey.when_locked == "stop"
        locked = wanted and self._components.lock.is_locked()
        if locked == self._state.locked:
            return
        if doubt is None:
            doubt = self.delivery.inserts
        if locked and doubt:
            self._look_after(self._limits.lock_recheck, doubt=False)
            return
        log.info("the screen is %s", "locked" if locked else "unlocked")
        if locked and self._state.live:
            self._behind_lock.append(_ENDED)
        self.delivery.locked = locked
        self.post(Locked(locked))
        if locked and isinstance(self._components.hotkey, DesktopManagedHotkey):
            self._components.hotkey.forget()
        if not locked:
            for words in dict.fromkeys(self._behind_lock):
                self._notices.tell(words, "limit")
            self._behind_lock.clear()

    @property
    def locked(self) -> bool:
        """Whether the screen was locked at the last check, so that nothing is recorded."""
        return self._state.locked

    @asynccontextmanager
    async def between_dictations(self) -> AsyncGenerator[None]:
        """Wait until no dictation is live; nothing is inserted until the body ends."""
        while True:
            await self._idle.wait()
            async with self.delivery.paused():
                if not self._state.live:
                    yield
                    return

    def _config_changed(self, _config: Config) -> None:
        """Apply the current settings and components. Called between dictations only."""
        EXPRESSIONS.again()
        self._follow_components()
        self._forget_asked()  # the keyboard may be another
        self.delivery.apply_components()
        self._schedule()
        self._notices.show_on(self._components.tray)
        self.publisher.again()  # the tray may be another

    def post(self, event: Event) -> None:
        """Feed an event to the state machine, and carry out its commands."""
        recorded = self._state.recording is not None
        if isinstance(event, Start | Toggle) and not recorded:
            self.look_at_lock()
            if self._state.locked and self._state.enabled:
                self._behind_lock.append(_REFUSED)
        self._state, commands = step(self._state, event)
        for command in commands:
            self._perform(command)
        records = self._state.recording is not None
        if records != recorded and self._chord.cancel:  # Escape is for us, not for the window
            self._components.hotkey.claim(self._chord.cancel[0] if records else frozenset())
        self._chord.follow(records)
        self._schedule()
        self._look_later()
        self._show()
        if self._state.live:
            self._idle.clear()
        else:
            self._idle.set()

    def delivered(self, number: int, trouble: str) -> None:
        """See DeliveryObserver."""
        self.post(Delivered(number, trouble))

    def own_click(self) -> None:
        """Note that the user's latest click was on our icon or its menu."""
        self.delivery.own_menu_clicked(asyncio.get_running_loop().time())

    def edge(self, edge: Edge) -> None:
        """Handle a key edge of the hotkey's back end."""
        asked = self._shortcuts.feed(edge)
        if edge.key in MODIFIERS:
            (self._modifiers.add if edge.down else self._modifiers.discard)(edge.key)
        cancel = self._chord.cancel[0] if self._state.recording and self._chord.cancel else ()
        if edge.down and edge.key not in {*self._own, *MODIFIERS, *cancel} and not asked:
            # typing or a click moves the caret
            if edge.key == POINTER:
                self.delivery.clicked(edge.at)
            else:
                self.delivery.key_pressed(edge.key, frozenset(self._modifiers))
        if edge.key != POINTER:
            # first the time until then: an earlier dictation ends before another begins
            self._act(self._chord.tick(edge.at), edge.at)
            self._act(self._chord.feed(edge), edge.at)
        if asked:
            self.look_at_lock()
        for name in asked:
            self.last.ask(name)

    def caught_up(self, mark: int) -> None:
        """Let time pass until the question with this mark: all edges before it have come."""
        if self._asked and mark == self._mark:
            self._forget_asked()
            self._act(self._chord.tick(self._asked_at), self._asked_at)

    def _follow_components(self) -> None:
        if self._microphone is not self._components.microphone:
            self._microphone = self._components.microphone
            self._microphone.open_changed.subscribe(self._show)
        settings = self._components.config.hotkey
        self._chord = machine(settings, self._limits.verify_after)
        self._own = frozenset(key for slot in self._chord.chord for key in slot)
        self._shortcuts = Shortcuts(settings.shortcuts)

    def _forget_asked(self) -> None:
        if self._asked:
            self._asked.cancel()
            self._asked = None

    def _tell_expression(self, message: str) -> None:
        self._notices.tell(message, "expressions")

    def _act(self, signals: list[Signal], at: float) -> None:
        for signal in signals:
            if signal is Signal.VERIFY:
                physical = self._components.hotkey.held()
                if physical is not None:
                    self._act(self._chord.verify(physical, at), at)
                continue
            if signal is Signal.START:
                self._pressed = at
            self._let_go = self._chord.over_at if signal is Signal.STOP else None
            self.post(_SIGNALS[signal])
            self._let_go = None
        self._schedule()

    def _schedule(self) -> None:
        if self._wake:
            self._wake.cancel()
        at = None if self._asked else self._chord.wake_at
        loop = asyncio.get_running_loop()
        self._wake = loop.call_at(at, self._ask_keyboard) if at is not None else None

    def _ask_keyboard(self) -> None:
        """Have everything told that happened until now, and only then let the time pass.

        On a busy machine a release is read, and the press that makes a bounce of it waits still.
        """
        loop = asyncio.get_running_loop()
        self._mark += 1
        self._asked_at = loop.time()
        self._asked = loop.call_later(self._limits.patience, self.caught_up, self._mark)
        self._components.hotkey.catch_up(self._mark)

    def _perform(self, command: Command) -> None:
        match command:
            case Begin(number):
                self._begin(number)
            case Finish(number):
                self._live[number].finish(self._let_go)
            case Abort(number):
                self.delivery.abort(number)
                self._live.pop(number).abort()
                log.info("dictation %d: dropped", number)
            case Deliver(number, spoken):
                self.delivery.put(number, *spoken)
            case Close(number):
                self.delivery.close(number)
                self._live.pop(number).end()
                log.info("dictation %d: over", number)
            case _:
                assert_never(command)

    def _begin(self, number: int) -> None:
        now = asyncio.get_running_loop().time()
        pressed = self._pressed if now - self._pressed < 1 else now  # begun from the tray: no key
        dictation = LiveDictation(
            number, pressed, self._components, self._cues, notices=self._notices, daemon=self
        )
        self._live[number] = dictation
        self.delivery.begin(number, dictation.record)

    def _look_again(self, doubt: bool) -> None:
        self._look = None
        self.look_at_lock(doubt=doubt)
        self._look_later()

    def _look_later(self) -> None:
        if self._look is None and (self._state.recording or self._state.locked):
            pause = self._limits.lock_check
            # locked, each press checks, too
            self._look_after(pause if self._state.recording else 5 * pause)

    def _look_after(self, pause: float, *, doubt: bool = True) -> None:
        if self._look:
            self._look.cancel()
        self._look = asyncio.get_running_loop().call_later(pause, self._look_again, doubt)

    def _show_status(self, status: Status, detail: str, listening: bool) -> None:
        self._components.tray.show(status, detail, listening=listening)

    def _show_level(self, level: float) -> None:
        self._components.tray.level(level)

    def _show(self) -> None:
        state = self._state
        self.publisher.put(state.status, state.trouble, is_open=self._components.microphone.is_open)
