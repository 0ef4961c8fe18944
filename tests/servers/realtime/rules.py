"""What a server has against a session whose shape is right, and against a piece of audio."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.servers.realtime.profiles import LIVE, Profile
from tests.servers.realtime.shapes import Problem

MOST = 15 * 1024 * 1024  # bytes of one append
NESTED = {
    name: f"session.audio.input.{name}"
    for name in ("format", "transcription", "noise_reduction", "turn_detection")
}
FLAT = {
    "format": "session.input_audio_format",
    "transcription": "session.input_audio_transcription",
    "noise_reduction": "session.input_audio_noise_reduction",
    "turn_detection": "session.turn_detection",
}
_PLURAL = frozenset({"gpt-transcribe", "gpt-live-transcribe"})  # take languages and keywords


@dataclass(frozen=True)
class Models:
    """The models or deployments of a server: name -> what it is; None: any name will do."""

    known: Mapping[str, str] | None = None

    def has(self, name: str) -> bool:
        """Say whether there is one of that name."""
        return self.known is None or name in self.known

    def kind(self, name: str) -> str:
        """Return what stands behind the name."""
        return name if self.known is None else self.known.get(name, name)


def refused_field(event: dict[str, Any], params: Iterable[str]) -> Problem | None:
    """Return the problem that this server has with a field merely for being there."""
    for param in params:
        if _reach(event, param)[0]:
            return Problem("unknown_parameter", f"Unknown parameter: '{param}'.", param)
    return None


def unsupported(event: dict[str, Any], profile: Profile) -> Problem | None:
    """Return the first field of the event that this kind of server cannot do."""
    for param in profile.unsupported:
        if _reach(event, param)[1] is not None:
            return Problem("not_supported", f"{param} is not supported", param)
    return None


def settings_problem(
    settings: dict[str, Any], profile: Profile, models: Models, names: Mapping[str, str]
) -> Problem | None:
    """Return what is wrong with a whole session, as it would be after an update."""
    return (
        _format(settings.get("format"), profile, names["format"])
        or _model(settings.get("transcription") or {}, profile, models, names["transcription"])
        or _turns(settings, profile, models, names["turn_detection"])
    )


def audio_of(event: dict[str, Any]) -> bytes | Problem:
    """Return the sound in an append."""
    try:
        pcm = base64.b64decode(event["audio"], validate=True)
    except (binascii.Error, ValueError):
        message = "Invalid 'audio'. Expected base64-encoded audio bytes."
        return Problem("invalid_audio", message, "audio")
    if len(pcm) % 2:
        message = "Invalid 'audio'. Expected a whole number of 16-bit samples."
        return Problem("invalid_audio", message, "audio")
    if len(pcm) > MOST:
        message = "Invalid 'audio'. Expected at most 15 MiB in one event."
        return Problem("invalid_audio", message, "audio")
    return pcm


def too_short(milliseconds: float) -> Problem:
    """Return the answer to the commit of less than 100 ms, in OpenAI's words."""
    return Problem(
        "input_audio_buffer_commit_empty",
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        f"but buffer only has {milliseconds:.2f}ms of audio.",
    )


def _format(form: dict[str, Any] | None, profile: Profile, name: str) -> Problem | None:
    if form is None:
        return None
    if form.get("type", "audio/pcm") != "audio/pcm":
        return Problem("invalid_value", "This server was asked for PCM16 only.", f"{name}.type")
    rate = form.get("rate", profile.rate)
    if profile.rates is not None and rate not in profile.rates:
        message = f"Invalid value: {rate}. Expected one of {sorted(profile.rates)}."
        return Problem("invalid_value", message, f"{name}.rate")
    return None


def _model(
    transcription: dict[str, Any], profile: Profile, models: Models, name: str
) -> Problem | None:
    model = transcription.get("model")
    if model is None:
        return None
    if not models.has(model) and profile.kind == "openai":
        return Problem("invalid_model", f"Model '{model}' is not supported.", f"{name}.model")
    if not profile.field_rules:
        return None
    given = {field for field, value in transcription.items() if value is not None}
    wrong = {"language"} if model in _PLURAL else {"languages", "keywords"}
    if model == "gpt-realtime-whisper":
        wrong |= {"prompt"}
    if bad := sorted(given & wrong):
        message = f"'{bad[0]}' is not supported for this transcription model."
        return Problem("invalid_parameter", message, f"{name}.{bad[0]}")
    return None


def _turns(settings: dict[str, Any], profile: Profile, models: Models, name: str) -> Problem | None:
    vad = settings.get("turn_detection")
    if vad is None:
        return None
    if vad.get("type", "server_vad") not in profile.vads:
        return Problem("invalid_value", f"{vad.get('type')} is not served.", f"{name}.type")
    model = (settings.get("transcription") or {}).get("model", "")
    if models.kind(model) in LIVE:
        message = "Turn detection is not supported for this transcription model"
        return Problem("invalid_value", message, name)
    return None


def _reach(event: dict[str, Any], path: str) -> tuple[bool, Any]:
    """Return whether the field is there, and what it holds."""
    found: Any = event
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return False, None
        found = found[name]
    return True, found
