"""What a server's refusal means: another try may help, or the user must change something.

Codes, close codes and HTTP answers are of shared/facts/protocol.md, sections A and B. The words of
a server are shown only where we have none of our own: cleaned, cut, and never for a refused key.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from tray_dictate.config_engine import EngineSettings
from tray_dictate.core.text import clean
from tray_dictate.engine.dialect import Dialect
from tray_dictate.engine.dialect_events import Refused
from tray_dictate.engine.dialect_url import model
from tray_dictate.errors import EngineError

_READ, _SHOWN = 2000, 200  # characters of what a server says
_SECRET = re.compile(r"\b(?:sk-|eyJ|Bearer )\S+|[\w-]{32,}")  # a server may echo the key


class LostError(EngineError):
    """The connection or an answer is gone; another try may do."""


class RefusedError(EngineError):
    """No other try will do before something is changed; the message says what."""


_KEY, _MODEL, _QUOTA, _BETA, _KIND, _ADDRESS = "key", "model", "quota", "beta", "kind", "address"
_CODES = {
    "invalid_api_key": _KEY, "invalid_issuer": _KEY, "401": _KEY, "unauthorized": _KEY,
    "permissiondenied": _KEY, "authenticationerror": _KEY,
    "invalid_model": _MODEL, "model_not_found": _MODEL, "model_load_error": _MODEL,
    "deploymentnotfound": _MODEL, "insufficient_quota": _QUOTA, "beta_api_shape_disabled": _BETA,
    "operationnotsupported": _KIND, "opperationnotsupported": _KIND,
}  # fmt: skip
_STATUSES = {400: _KIND, 401: _KEY, 403: _KEY, 404: _ADDRESS, 405: _ADDRESS, 410: _ADDRESS}
_FATAL_CLOSE = 4000
_PASSING = {"server_error", "internal_error", "rate_limit_exceeded", "session_expired"}
_PASSING_A = "transcription session update event to a realtime session"
_FIELDS = {  # the last name of a refused parameter's path -> what it is called in the settings
    "language": "language", "languages": "languages", "prompt": "prompt", "keywords": "keywords",
    "delay": "delay", "include": "logprobs", "noise_reduction": "noise_reduction",
    "input_audio_noise_reduction": "noise_reduction", "turn_detection": "turn_detection",
}  # fmt: skip


def refused_field(refused: Refused) -> str | None:
    """Return the setting that an `error` event names, if it is one that a session can do without.

    "session.audio.input.noise_reduction.type" names noise_reduction.
    """
    names = [part.partition("[")[0] for part in refused.param.split(".")]
    found = (_FIELDS[name] for name in reversed(names) if name in _FIELDS)
    if field := next(found, None):
        return field
    return (
        "turn_detection" if "turn detection is not supported" in refused.message.lower() else None
    )


def is_harmless(refused: Refused) -> bool:
    """Tell whether an `error` event only says that a server stumbles over itself.

    Speaches may end a turn twice, and finds the second time that it has done so [facts C4].
    """
    return refused.message.lower().rstrip(".").endswith("already exists")


def without(dialect: Dialect, field: str) -> str:
    """Return what the user is told of a setting that was dropped."""
    name = {"turn_detection": "turns", "language": "languages"}.get(field, field)
    return (
        f"{dialect.title} does not take engine.{name} with this model; the dictation goes on "
        "without it."
    )


def explain_settings(
    dialect: Dialect, settings: EngineSettings, source: str, refused: Refused
) -> EngineError:
    """Return what an `error` event means that comes instead of the session's acknowledgement."""
    error = explain(dialect, settings, source, refused)
    if isinstance(error, RefusedError) or refused.code in _PASSING:
        return error
    said = quoted(f"{dialect.title} refuses the session's settings", refused.message)
    return RefusedError(f"{said} Check engine.model and the other engine settings.")


def explain(
    dialect: Dialect, settings: EngineSettings, source: str, refused: Refused
) -> EngineError:
    """Return what an `error` event means; `source` is where the key came from."""
    if _PASSING_A in refused.message:
        return _fatal(_KIND, dialect, settings, source)
    if cause := _CODES.get(refused.code.lower()):
        return _fatal(cause, dialect, settings, source)
    return LostError(quoted(f"{dialect.title} reports an error", refused.message or refused.code))


def explain_close(
    dialect: Dialect, settings: EngineSettings, source: str, code: int, reason: str
) -> EngineError:
    """Return what the end of a connection means."""
    if code == _FATAL_CLOSE:
        cause = _CODES.get(reason.rpartition(".")[2].lower())
        if cause:
            return _fatal(cause, dialect, settings, source)
        return RefusedError(
            quoted(f"{dialect.title} ended the session for good (close code {code})", reason)
            + " Check engine.name and engine.model."
        )
    return LostError(quoted(f"{dialect.title} ended the connection (close code {code})", reason))


def explain_handshake(
    dialect: Dialect, settings: EngineSettings, source: str, status: int, body: bytes
) -> EngineError:
    """Return what an HTTP answer instead of a WebSocket means."""
    code, message = _body(body)
    cause = _CODES.get(code.lower()) or _STATUSES.get(status)
    if cause:
        return _fatal(cause, dialect, settings, source)
    return LostError(quoted(f"{dialect.title} answered the connection with HTTP {status}", message))


def _fatal(cause: str, dialect: Dialect, settings: EngineSettings, source: str) -> RefusedError:
    title, name = dialect.title, model(dialect, settings)
    named = f"engine.model = {name!r}" if name else "engine.model"
    said = {
        _KEY: f"{title} refused the key from {source}. Check that it belongs to this server, or "
        "set another with `tray-dictate key set`.",
        _MODEL: f"{title} has no such model or deployment: {named}. Set it to one that it has.",
        _QUOTA: f"{title} says that the account has no quota left. Look at its plan and billing, "
        'or set engine.name = "offline".',
        _BETA: f"{title} no longer speaks the preview protocol. Set engine.name to "
        '"azure" or "openai".',
        _KIND: f"{title} does not transcribe with these settings: {named}. Set it to a "
        "transcription model's name or deployment.",
        _ADDRESS: f"{title} has no realtime transcription at this address, or no {named}. Check "
        "engine.endpoint, engine.name and engine.model.",
    }[cause]
    if cause in (_KIND, _ADDRESS) and dialect.shape == "preview":
        other = {"deployment": "intent", "intent": "deployment"}[settings.preview_query]
        said += f' Or try engine.preview_query = "{other}".'
    return RefusedError(said)


def _body(body: bytes) -> tuple[str, str]:
    """Return the code and the message of a refusal's JSON, as far as it is some."""
    try:
        tree: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    for _ in range(2):  # {"error": {"code": ...}}, {"code": ...}
        if isinstance(tree, dict) and isinstance(cast("dict[str, Any]", tree).get("error"), dict):
            tree = cast("dict[str, Any]", tree)["error"]
    if not isinstance(tree, dict):
        return "", ""
    error = cast("dict[str, Any]", tree)
    return str(error.get("code") or ""), str(error.get("message") or "")


def quoted(head: str, words: str) -> str:
    """Return a sentence with a server's words in it."""
    said = _SECRET.sub("…", clean(words[:_READ]))[:_SHOWN].strip()
    return f"{head}: {said.rstrip('.')}." if said else f"{head}."
