"""Decides when to record, finish, cancel or deliver: `step(state, event) -> (state, commands)`.

Only this file decides; the daemon carries out. Dictations are numbered. One at most is
recording; those before it drain, in order. A press while an older one drains begins a new one
at once, and its text waits until the older is over, so that a quick second hold neither loses
audio nor overtakes. Status is derived, never stored.

    Start ─Begin─▶ opening ─Heard─▶ recording ─Stop/Finish─▶ draining ─Drained, Delivered─▶ Close
                      └──────────────────── Cancel ────────────────────▶ Abort

A dictation is over when its session owes nothing and every segment has been delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tray_dictate.core.segments import Spoken


class Status(StrEnum):
    """The status that the tray shows."""

    OFF = "off"
    IDLE = "idle"
    OPENING = "opening"
    RECORDING = "recording"
    TRANSCRIBING = "transcribing"
    ERROR = "error"


# Events: what happened.


@dataclass(frozen=True, slots=True)
class Start:
    """Begin to record. Idempotent while recording."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop recording and deliver what is owed. Idempotent."""


@dataclass(frozen=True, slots=True)
class Toggle:
    """Start when not recording, else stop."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the dictation that records; if none does, all that drain."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Turn dictation on or off; off ends the recording and ignores every start."""

    on: bool


@dataclass(frozen=True, slots=True)
class Locked:
    """The screen was locked or unlocked; locked ends the recording and ignores every start."""

    on: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """The first real samples of a dictation have arrived from the microphone."""

    dictation: int


@dataclass(frozen=True, slots=True)
class SegmentReady:
    """A segment of a dictation is due, in spoken order."""

    dictation: int
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class Drained:
    """The session of a dictation owes nothing more; `trouble` is the error, "" for none."""

    dictation: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One Deliver has been carried out, or its text was kept because the window refused it."""

    dictation: int
    trouble: str = ""


Event = (
    Start | Stop | Toggle | Cancel | Enable | Locked | Heard | SegmentReady | Drained | Delivered
)


# Commands: work for the daemon, in order. Every Begin is followed by one Abort or one Close.


@dataclass(frozen=True, slots=True)
class Begin:
    """Open the microphone and a session."""

    dictation: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Stop the microphone after the tail, and let the session complete what it owes."""

    dictation: int


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop the dictation with everything that is not delivered."""

    dictation: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """Put this segment into the window."""

    dictation: int
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class Close:
    """End the dictation: everything was delivered."""

    dictation: int


Command = Begin | Finish | Abort | Deliver | Close


@dataclass(frozen=True, slots=True)
class Live:
    """A dictation between its Begin and its Abort or Close."""

    number: int
    heard: bool = False
    waiting: tuple[Spoken, ...] = ()  # segments that must not overtake an older dictation
    delivering: int = 0  # Delivers not yet answered
    drained: bool = False

    @property
    def over(self) -> bool:
        """Whether the dictation owes nothing more."""
        return self.drained and not self.waiting and not self.delivering


@dataclass(frozen=True, slots=True)
class State:
    """Everything the daemon knows about its dictations."""

    enabled: bool = True
    locked: bool = False
    recording: Live | None = None
    draining: tuple[Live, ...] = ()  # the oldest first
    last: int = 0
    trouble: str = ""  # the last dictation's error, until the next begins

    @property
    def live(self) -> tuple[Live, ...]:
        """Every dictation that is not over, the oldest first; only the first may deliver."""
        return (*self.draining, self.recording) if self.recording else self.draining

    @property
    def status(self) -> Status:
        """The status; it is derived, never stored, so that it cannot contradict the rest."""
        if self.recording:
            return Status.RECORDING if self.recording.heard else Status.OPENING
        if self.draining:
            return Status.TRANSCRIBING
        if not self.enabled:
            return Status.OFF
        return Status.ERROR if self.trouble else Status.IDLE


Step = tuple[State, tuple[Command, ...]]


def step(state: State, event: Event) -> Step:
    """Return the next state and the daemon's commands, in order."""
    match event:
        case Start():
            return _start(state)
        case Stop():
            return _stop(state)
        case Toggle():
            return _stop(state) if state.recording else _start(state)
        case Cancel():
            return _cancel(state)
        case Enable() | Locked():
            return _allow(state, event)
        case Heard(number):
            return _advance(_change(state, number, heard=True))
        case SegmentReady(number, spoken):
            live = _find(state, number)
            waiting = (*live.waiting, spoken) if live else ()
            return _advance(_change(state, number, waiting=waiting))
        case Drained(number, trouble):
            return _advance(_drained(state, number, trouble))
        case Delivered(number, trouble):
            live = _find(state, number)
            count = live.delivering - 1 if live else 0
            after = _change(state, number, delivering=count)
            return _advance(replace(after, trouble=trouble or after.trouble))
        case _:
            assert_never(event)


def _start(state: State) -> Step:
    if state.recording or not state.enabled or state.locked:
        return state, ()
    number = state.last + 1
    return replace(state, recording=Live(number), last=number, trouble=""), (Begin(number),)


def _stop(state: State) -> Step:
    if not state.recording:
        return state, ()
    draining = (*state.draining, state.recording)
    return replace(state, recording=None, draining=draining), (Finish(state.recording.number),)


def _allow(state: State, event: Enable | Locked) -> Step:
    if isinstance(event, Locked):
        after, allowed = replace(state, locked=event.on), not event.on
    else:
        trouble = state.trouble if event.on else ""  # turning it off acknowledges the error
        after, allowed = replace(state, enabled=event.on, trouble=trouble), event.on
    return (after, ()) if allowed else _stop(after)


def _cancel(state: State) -> Step:
    if state.recording:
        return replace(state, recording=None), (Abort(state.recording.number),)
    return replace(state, draining=()), tuple(Abort(live.number) for live in state.draining)


def _drained(state: State, number: int, trouble: str) -> State:
    """Mark a dictation as drained; if it still records (the microphone was lost), it drains."""
    live = _find(state, number)
    if live is None:
        return state
    after = _change(state, number, drained=True)
    if after.recording and after.recording.number == number:
        after = replace(after, recording=None, draining=(*after.draining, after.recording))
    return replace(after, trouble=trouble or after.trouble)


def _advance(state: State) -> Step:
    """Deliver the waiting segments of the oldest dictation; close it when over, and go on."""
    commands: list[Command] = []
    while state.live:
        first = state.live[0]
        commands += [Deliver(first.number, spoken) for spoken in first.waiting]
        sent = first.delivering + len(first.waiting)
        state = _change(state, first.number, waiting=(), delivering=sent)
        if not state.live[0].over:
            break
        commands.append(Close(first.number))
        state = replace(state, draining=state.draining[1:])
    return state, tuple(commands)


def _find(state: State, number: int) -> Live | None:
    """Return the dictation, or None if it is over or was cancelled meanwhile."""
    return next((live for live in state.live if live.number == number), None)


def _change(state: State, number: int, **changes: object) -> State:
    """Return the state with one dictation changed; unchanged if that is not live."""
    if state.recording and state.recording.number == number:
        return replace(state, recording=replace(state.recording, **changes))  # pyright: ignore
    draining = tuple(
        replace(live, **changes) if live.number == number else live  # pyright: ignore
        for live in state.draining
    )
    return replace(state, draining=draining)
