"""The official SDK's types judge what the client sends and what this server sends."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from openai.types import realtime
from openai.types.beta.realtime import TranscriptionSessionUpdate
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import BaseModel, ValidationError


class Problem(NamedTuple):
    """Why an event is refused."""

    code: str
    message: str
    param: str | None = None


CLIENT: dict[str, type[BaseModel]] = {
    "session.update": realtime.SessionUpdateEvent,
    "input_audio_buffer.append": realtime.InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": realtime.InputAudioBufferCommitEvent,
    "input_audio_buffer.clear": realtime.InputAudioBufferClearEvent,
}
BETA = {**CLIENT, "transcription_session.update": TranscriptionSessionUpdate}
del BETA["session.update"]


def _server_types() -> dict[str, type[BaseModel]]:
    union = typing.get_args(RealtimeServerEvent)[0]
    return {
        typing.get_args(shape.model_fields["type"].annotation)[0]: shape
        for shape in typing.get_args(union)
    }


SERVER = _server_types()


def warm_up() -> None:
    """Build the validators, which the SDK puts off until the first use: 30 ms."""
    said = ("session", "input_audio_buffer", "conversation.item", "error")
    for shape in [*CLIENT.values(), *BETA.values()]:
        shape.model_rebuild()
    for kind, shape in SERVER.items():
        if kind.startswith(said):
            shape.model_rebuild()


def client_problem(event: dict[str, Any], known: dict[str, type[BaseModel]]) -> Problem | None:
    """Return what the SDK's type for this event has against it."""
    kind = event.get("type")
    if kind not in known:
        message = f"Invalid value: {kind!r}. Supported values are: {', '.join(known)}."
        return Problem("invalid_value", message, "type")
    if kind == "session.update" and (problem := _not_transcription(event)):
        return problem
    try:
        parsed = known[kind].model_validate(_substituted(event))
    except ValidationError as error:
        return _told(error)
    if unknown := next(extras(parsed), None):
        return Problem("unknown_parameter", f"Unknown parameter: '{unknown}'.", unknown)
    return None


def server_problem(event: dict[str, Any]) -> str | None:
    """Return what the SDK's type for this event of ours has against it."""
    shape = SERVER.get(event.get("type", ""))
    if shape is None:
        return f"sent an event that the SDK does not know: {event.get('type')}"
    try:
        shape.model_validate(event, strict=True)
    except ValidationError as error:
        return f"sent {event['type']}: {_told(error).message}"
    return None


def extras(model: BaseModel, path: str = "") -> Iterator[str]:
    """Yield the path of every field that the SDK does not know."""
    for name in model.model_extra or {}:
        yield f"{path}{name}"
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from extras(value, f"{path}{name}.")


def _not_transcription(event: dict[str, Any]) -> Problem | None:
    session = event.get("session")
    kind = session.get("type") if isinstance(session, dict) else None
    if kind == "transcription":
        return None
    if kind == "realtime":
        message = "Passing a realtime session update event to a transcription session is not "
        return Problem("invalid_parameter", message + "allowed.", "session.type")
    message = "Missing required parameter: 'session.type'."
    return Problem("missing_required_parameter", message, "session.type")


def _substituted(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with what only the SDK is too narrow for put right."""
    match event:
        case {
            "type": "transcription_session.update",
            "session": {"input_audio_transcription": {"model": str()} as transcription} as session,
        }:  # a deployment may have any name
            named = {**transcription, "model": "whisper-1"}
            return {**event, "session": {**session, "input_audio_transcription": named}}
        case {
            "session": {"audio": {"input": {"format": {"rate": int()} as form} as heard}} as session
        }:  # other servers know other rates: the session judges them
            heard = {**heard, "format": {**form, "rate": 24000}}
            return {**event, "session": {**session, "audio": {**session["audio"], "input": heard}}}
    return event


def _told(error: ValidationError) -> Problem:
    found = [e for e in error.errors() if "RealtimeSessionCreateRequest" not in e["loc"]]
    first = (found or error.errors())[0]  # of the kind of session that it is
    names = [str(part) for part in first["loc"] if not str(part)[:1].isupper()]
    param = ".".join(names)
    if first["type"] == "missing":
        return Problem("missing_required_parameter", f"Missing parameter: '{param}'.", param)
    return Problem("invalid_value", f"Invalid value for '{param}': {first['msg']}", param)
