"""What we say to a server: its session's settings, sound, and where a turn ends."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from typing import Any

from tray_dictate.config.engine import EngineSettings
from tray_dictate.engine.realtime.protocol.dialect_url import model
from tray_dictate.engine.realtime.protocol.dialects import Dialect, Model, features

Message = dict[str, Any]
NULL_DETECTION = "turn_detection: null"  # among the dropped: even that was refused


def append(chunk: bytes) -> Message:
    """Return the message for PCM16 mono at the dialect's rate."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(chunk).decode()}


def begin(dialect: Dialect) -> Message | None:
    """Return what must be said before a turn's sound, if anything."""
    if dialect.shape == "vllm":
        return {"type": "input_audio_buffer.commit", "final": False}
    return None


def commit(dialect: Dialect, event_id: str) -> Message:
    """Return what ends a turn."""
    if dialect.shape == "vllm":
        return {"type": "input_audio_buffer.commit", "final": True}
    return {"type": "input_audio_buffer.commit", "event_id": event_id}


def clear(event_id: str) -> Message:
    """Return what drops the sound that is not committed."""
    return {"type": "input_audio_buffer.clear", "event_id": event_id}


def update(
    dialect: Dialect, settings: EngineSettings, dropped: Collection[str], event_id: str
) -> Message:
    """Return the session's settings, without the fields that this server has refused."""
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
    """Tell whether the server is to find the turns."""
    known = features(dialect, model(dialect, settings))
    return _detection(dialect, settings, known, dropped) is not None


def _wanted(settings: EngineSettings, known: Model) -> dict[str, Any]:
    prompt = [settings.prompt]
    if "keywords" not in known.fields:  # then they are a hint like any other
        prompt.append(", ".join(settings.keywords))
    noise = settings.noise_reduction
    return {
        # a model that takes one language guesses better than it is told half of the truth
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
    # Its voice detection cannot be off, but it can be never sure; it ignores the whole unless all
    # four fields are there [facts F1].
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
    kind = wanted["noise_reduction"]
    return None if kind == "off" else {"type": kind}


def _include(wanted: Message) -> Message:
    return {"include": ["item.input_audio_transcription.logprobs"]} if "logprobs" in wanted else {}


_SHAPES: dict[str, Callable[[Dialect, Message], Message]] = {
    "ga": _ga,
    "preview": _preview,
    "speaches": _speaches,
}
