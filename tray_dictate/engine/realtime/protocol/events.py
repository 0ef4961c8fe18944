"""Decodes a server's messages into events, and builds our messages to it.

A server's message is data: unknown and malformed messages are ignored, and never raise an error.
All dialects share one table of events, since no names collide.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine.realtime.protocol.dialects import Dialect, Model, features, model


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
    """The server's voice detection closes an item, at this time of the sound that we have sent."""

    item: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Text of a conversation session instead of a transcript: Azure's preview may send it."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An `error` event: `event_id` is of our message, `param` is the field that it refuses."""

    code: str
    message: str
    param: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that the server could not transcribe, and why."""

    item: str
    why: Refused


ServerEvent = (
    Created | Updated | SpeechStarted | SpeechStopped | Committed | Delta | Completed | Failed
    | Answered | Refused
)  # fmt: skip
_Body = dict[str, Any]
_LATEST = 1e9  # milliseconds, twelve days, that a connection's sound can last


def decode(text: str | bytes) -> ServerEvent | None:
    """Return the event in a message; None if there is none for us."""
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    event = cast("_Body", body)
    name = event.get("type")
    make = _EVENTS.get(name) if isinstance(name, str) else None
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
    return Failed(_text(body, "item_id"), _error(body))


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
    """Return a finite number, else None: Python's JSON accepts NaN and integers of any size."""
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


Message = dict[str, Any]
NULL_DETECTION = "turn_detection: null"  # among the dropped: even that was refused


def append(chunk: bytes) -> Message:
    """Return the message for PCM16 mono at the dialect's rate."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(chunk).decode()}


def begin(dialect: Dialect) -> Message | None:
    """Return the message to send before a turn's sound; None if the dialect has none."""
    if dialect.shape == "vllm":
        return {"type": "input_audio_buffer.commit", "final": False}
    return None


def commit(dialect: Dialect, event_id: str) -> Message:
    """Return the message that ends a turn."""
    if dialect.shape == "vllm":
        return {"type": "input_audio_buffer.commit", "final": True}
    return {"type": "input_audio_buffer.commit", "event_id": event_id}


def clear(event_id: str) -> Message:
    """Return the message that drops the sound that is not committed."""
    return {"type": "input_audio_buffer.clear", "event_id": event_id}


def update(
    dialect: Dialect, settings: EngineSettings, dropped: Collection[str], event_id: str
) -> Message:
    """Return the message with the session's settings, except fields that the server refused."""
    if dialect.shape == "vllm":
        return {"type": "session.update", "model": model(dialect, settings)}
    known = features(dialect, model(dialect, settings))
    wanted = {
        name: value for name, value in _wanted(settings, known).items()
        if value and name in known.fields and name not in dropped
    }  # fmt: skip
    if name := model(dialect, settings):
        wanted["model"] = name
    if NULL_DETECTION not in dropped:
        wanted["turn_detection"] = _detection(dialect, settings, known, dropped)
    kind = "transcription_session.update" if dialect.shape == "preview" else "session.update"
    return {"type": kind, "event_id": event_id, "session": _SHAPES[dialect.shape](dialect, wanted)}


def detects(dialect: Dialect, settings: EngineSettings, dropped: Collection[str] = ()) -> bool:
    """Whether the server finds the turns."""
    known = features(dialect, model(dialect, settings))
    return _detection(dialect, settings, known, dropped) is not None


def _wanted(settings: EngineSettings, known: Model) -> dict[str, Any]:
    prompt = [settings.prompt]
    if "keywords" not in known.fields:  # then they are a hint like any other
        prompt.append(", ".join(settings.keywords))
    noise = settings.noise_reduction
    return {
        # a model that accepts one language guesses better than it does with one of several
        "language": settings.languages[0] if len(settings.languages) == 1 else "",
        "languages": settings.languages,
        "prompt": " ".join(part for part in prompt if part),
        "keywords": settings.keywords,
        "noise_reduction": "" if noise == "server" else noise,
        "delay": settings.delay,
        "logprobs": settings.logprobs,
    }


def _detection(
    dialect: Dialect, settings: EngineSettings, known: Model, dropped: Collection[str]
) -> Message | None:
    if settings.turns != "server" or not known.detects or "turn_detection" in dropped:
        return None
    if settings.vad == "semantic_vad" and settings.vad in dialect.detects:
        return {"type": "semantic_vad", "eagerness": settings.vad_eagerness}
    return {
        "type": "server_vad",
        "threshold": settings.vad_threshold,
        "prefix_padding_ms": settings.vad_prefix_ms,
        "silence_duration_ms": settings.vad_silence_ms,
    }


def _ga(dialect: Dialect, wanted: Message) -> Message:
    sound: Message = {
        "format": {"type": "audio/pcm", "rate": dialect.rate},
        "transcription": _transcription(wanted),
        **_only(wanted, "turn_detection"),
    }
    if "noise_reduction" in wanted:
        sound["noise_reduction"] = _noise(wanted)
    return {"type": "transcription", "audio": {"input": sound}, **_include(wanted)}


def _preview(_dialect: Dialect, wanted: Message) -> Message:
    session: Message = {
        "input_audio_format": "pcm16",
        "input_audio_transcription": _transcription(wanted),
        **_only(wanted, "turn_detection"),
    }
    if "noise_reduction" in wanted:
        session["input_audio_noise_reduction"] = _noise(wanted)
    return {**session, **_include(wanted)}


def _speaches(_dialect: Dialect, wanted: Message) -> Message:
    # Its voice detection cannot be switched off, but its threshold can be out of reach; it ignores
    # all four fields if one of them is missing.
    detection = wanted.get("turn_detection") or {
        "type": "server_vad", "threshold": 1.0, "prefix_padding_ms": 0, "silence_duration_ms": 500,
    }  # fmt: skip
    return {
        "input_audio_transcription": _transcription(wanted),
        "turn_detection": {**detection, "create_response": False},
    }


def _only(wanted: Message, *names: str) -> Message:
    return {name: wanted[name] for name in names if name in wanted}


def _transcription(wanted: Message) -> Message:
    return _only(wanted, "model", "language", "languages", "prompt", "keywords", "delay")


def _noise(wanted: Message) -> Message | None:
    noise = wanted["noise_reduction"]
    return None if noise == "off" else {"type": noise}


def _include(wanted: Message) -> Message:
    return {"include": ["item.input_audio_transcription.logprobs"]} if "logprobs" in wanted else {}


_SHAPES: dict[str, Callable[[Dialect, Message], Message]] = {
    "ga": _ga,
    "preview": _preview,
    "speaches": _speaches,
}
