"""What a server tells us -> session events; every dialect in one table, since no names collide.

What a server sends is data: anything that is not understood is passed over, never raised. Sources:
shared/facts/protocol.md, section B.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from tray_dictate.core.segments import Committed, Completed, Delta


@dataclass(frozen=True, slots=True)
class Created:
    """The session exists, with settings of the server's own."""


@dataclass(frozen=True, slots=True)
class Updated:
    """The session has our settings."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The server's voice detection opens an item."""

    item: str


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """It closes the item, so many milliseconds of what we have sent since the connection began."""

    item: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Text that a conversation session says instead of transcribing: Azure's preview may."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An `error` event: `event_id` is that of our message, `param` the field that it is about."""

    code: str
    message: str
    param: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Untold:
    """An item that the server could not transcribe, and why."""

    item: str
    why: Refused


ServerEvent = (
    Created | Updated | SpeechStarted | SpeechStopped | Committed | Delta | Completed | Untold
    | Answered | Refused
)  # fmt: skip
_Body = dict[str, Any]
_LATEST = 1e9  # milliseconds, twelve days, that a connection's sound can last


def decode(text: str | bytes) -> ServerEvent | None:
    """Return what a message means; None for one that tells us nothing."""
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    event = cast("_Body", body)
    kind = event.get("type")
    make = _EVENTS.get(kind) if isinstance(kind, str) else None
    return make(event) if make else None


def _text(body: _Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _committed(body: _Body) -> ServerEvent | None:
    item = _text(body, "item_id")
    return Committed(item, _text(body, "previous_item_id") or None) if item else None


def _stopped(body: _Body) -> ServerEvent | None:
    item, at = _text(body, "item_id"), _number(body.get("audio_end_ms"))
    if not item or at is None or at > _LATEST:
        return None
    return SpeechStopped(item, max(at, 0))


def _completed(body: _Body) -> ServerEvent | None:
    if not isinstance(body.get("transcript"), str):
        return None  # a turn without its text is still owed
    return Completed(_text(body, "item_id"), body["transcript"], _confidence(body.get("logprobs")))


def _done(body: _Body) -> ServerEvent | None:
    text = body.get("text")
    return Completed("", text) if isinstance(text, str) else None


def _failed(body: _Body) -> ServerEvent:
    return Untold(_text(body, "item_id"), _error(body))


def _error(body: _Body) -> Refused:
    error: Any = body.get("error")
    if isinstance(error, str):  # vLLM
        return Refused(_text(body, "code"), error)
    if not isinstance(error, dict):
        return Refused("", "")
    detail = cast("_Body", error)
    message = _text(detail, "message")
    param = _text(detail, "param") or _quoted(message)
    code = _text(detail, "code") or _text(detail, "type")
    return Refused(code, message, param, _text(detail, "event_id"))


def _quoted(message: str) -> str:
    """Return the field that a message without `param` names: "Unknown parameter: 'a.b'"."""
    found = re.search(r"parameter:? ['\"]([\w.\[\]]+)['\"]", message)
    return found[1] if found else ""


def _confidence(logprobs: Any) -> float | None:
    if not isinstance(logprobs, list):
        return None
    values = [
        min(0.0, value) for entry in cast("list[Any]", logprobs) if isinstance(entry, dict)
        and (value := _number(cast("_Body", entry).get("logprob"))) is not None
    ]  # fmt: skip
    return math.exp(sum(values) / len(values)) if values else None


def _number(value: Any) -> float | None:
    """Return a number; JSON as Python reads it has NaN and integers that no float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


_ITEM = "conversation.item.input_audio_transcription."
_EVENTS: dict[str, Callable[[_Body], ServerEvent | None]] = {
    "session.created": lambda _: Created(),
    "transcription_session.created": lambda _: Created(),
    "session.updated": lambda _: Updated(),
    "transcription_session.updated": lambda _: Updated(),
    "input_audio_buffer.speech_started": lambda body: SpeechStarted(_text(body, "item_id")),
    "input_audio_buffer.speech_stopped": _stopped,
    "input_audio_buffer.committed": _committed,
    f"{_ITEM}delta": lambda body: Delta(_text(body, "item_id"), _text(body, "delta")),
    f"{_ITEM}completed": _completed,
    f"{_ITEM}failed": _failed,
    "transcription.delta": lambda body: Delta("", _text(body, "delta")),  # vLLM: no items
    "transcription.done": _done,
    "response.text.done": lambda body: Answered(_text(body, "text")),
    "response.output_text.done": lambda body: Answered(_text(body, "text")),
    "error": _error,
}
