"""Explains a server's refusal: a retry may help, or the user must change something.

causes.py has the table. A server's words are shown only where the table has no message: cleaned,
cut, and never for a refused key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import EngineError
from tray_dictate.core.text.normalize import clean
from tray_dictate.engine.realtime.protocol import causes
from tray_dictate.engine.realtime.protocol.causes import Cause, asked_wait, find, find_close
from tray_dictate.engine.realtime.protocol.dialects import Dialect, model
from tray_dictate.engine.realtime.protocol.events import Refused

_READ, _SHOWN = 2000, 200  # characters of what a server says
_LONGEST = 86400.0  # seconds that a server may ask us to wait
_SECRET = re.compile(r"\b(?:sk-|ek_|eyJ|Bearer )\S+|[\w-]{32,}")  # a server may echo the key
_FATAL_CLOSE = 4000
_NO_KEY, _TOKEN = "none", "Entra ID"  # sources of a key


class LostError(EngineError):
    """The connection or an answer is lost; a retry in `wait` seconds may succeed."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        self.wait = min(wait, _LONGEST)
        super().__init__(message)


class RefusedError(EngineError):
    """Retrying is useless until something is changed; the message says what."""


class EphemeralError(RefusedError):
    """The server accepts only a secret obtained with the key, not the key itself."""


_FIELDS = {  # the last name in a refused parameter's path -> the name of its setting
    "language": "language", "languages": "languages", "prompt": "prompt", "keywords": "keywords",
    "delay": "delay", "include": "logprobs", "noise_reduction": "noise_reduction",
    "input_audio_noise_reduction": "noise_reduction", "turn_detection": "turn_detection",
}  # fmt: skip
_REFUSES = re.compile(
    r"not (be )?(supported|available|allowed|permitted|accepted|recogni[sz]ed|implemented|valid)"
    r"|unsupported|unknown|unrecogni[sz]ed|invalid|unexpected|cannot|(does|do) ?n[o']t |must be"
)
_IN_WORDS = {  # of a refusal without a parameter
    "noise_reduction": r"noise[ _-]?reduction", "turn_detection": r"turn[ _-]?detection|\w+_vad\b",
    "language": r"\blanguages?\b", "languages": r"\blanguages?\b", "prompt": r"\bprompts?\b",
    "keywords": r"\bkeywords?\b", "delay": r"\b(delay|latency)\b",
    "logprobs": r"\b(log_?probs?|include)\b",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partner:
    """The server as explanations name it."""

    dialect: Dialect
    settings: EngineSettings
    source: str  # of the key


def refused_field(refused: Refused) -> str | None:
    """Return the setting that an `error` event refuses, if a session can do without it.

    "session.audio.input.noise_reduction.type" names noise_reduction.
    """
    names = [part.partition("[")[0] for part in refused.param.split(".")]
    return next((_FIELDS[name] for name in reversed(names) if name in _FIELDS), None)


def field_in_words(refused: Refused, message: Mapping[str, Any]) -> str | None:
    """Return the setting in our `message` that the error's words name first, if they refuse it."""
    said = refused.message.lower()
    if not _REFUSES.search(said) or find(refused.code, refused.message):
        return None
    places = {
        found.start(): field for field in _sent(message)
        if (found := re.search(_IN_WORDS[field], said))
    }  # fmt: skip
    return places[min(places)] if places else None


def _sent(message: Mapping[str, Any]) -> list[str]:
    """Return the settings in a message that a session can do without."""
    found: list[str] = []
    for name, value in message.items():
        if name in _FIELDS:
            found.append(_FIELDS[name])
        elif isinstance(value, dict):
            found += _sent(cast("dict[str, Any]", value))
    return found


def is_harmless(refused: Refused) -> bool:
    """Whether an `error` event only reports a mistake of the server itself.

    Speaches may end a turn twice, and complains the second time.
    """
    return refused.message.lower().rstrip(".").endswith("already exists")


def without(dialect: Dialect, field: str) -> str:
    """Return the message for the user about a setting that was dropped."""
    name = {"turn_detection": "turns", "language": "languages"}.get(field, field)
    return (
        f"{dialect.title} does not accept engine.{name} with this model; the dictation goes on "
        "without it."
    )


def explain_settings(partner: Partner, refused: Refused) -> EngineError:
    """Return the error for an `error` event instead of the session's acknowledgement."""
    if find(refused.code, refused.message):
        return explain(partner, refused)
    said = quoted(f"{partner.dialect.title} refuses the session's settings", refused.message)
    return RefusedError(f"{said} Check engine.model and the other engine settings.")


def is_final(refused: Refused) -> bool:
    """Whether an `error` event, whatever its subject, means that no answer will come."""
    cause = find(refused.code, refused.message)
    return cause is not None and cause.action != "pass"


def explain(partner: Partner, refused: Refused) -> EngineError:
    """Return the error for an `error` event."""
    cause = find(refused.code, refused.message)
    head = f"{partner.dialect.title} reports an error"
    return _explained(partner, cause, head, refused.message or refused.code)


def explain_item(partner: Partner, refused: Refused) -> EngineError:
    """Return the error for a turn that could not be transcribed."""
    cause = find(refused.code, refused.message)
    said = " ".join(filter(None, [refused.message, refused.code and f"({refused.code})"]))
    error = _explained(partner, cause, f"{partner.dialect.title} could not transcribe it", said)
    known = cause and cause.action != "pass"
    return error if known else LostError(f"{error} If it never does, check engine.model.")


def explain_close(partner: Partner, code: int, reason: str) -> EngineError:
    """Return the error for the end of a connection."""
    cause, title = find_close(code, reason), partner.dialect.title
    if code == _FATAL_CLOSE and cause is None:
        return RefusedError(
            quoted(f"{title} ended the session for good (close code {code})", reason)
            + " Check engine.name and engine.model."
        )
    return _explained(partner, cause, f"{title} ended the connection (close code {code})", reason)


def explain_handshake(
    partner: Partner, status: int, body: bytes, headers: Mapping[str, str]
) -> EngineError:
    """Return the error for an HTTP answer instead of a WebSocket."""
    code, message = _body(body)
    cause = find(code, message, status)
    head = f"{partner.dialect.title} answered the connection with HTTP {status}"
    return _explained(partner, cause, head, message, _retry_after(headers))


def _explained(
    partner: Partner, cause: Cause | None, head: str, words: str, wait: float = 0.0
) -> EngineError:
    """Return the error for a row of the table; without a row, one with the server's words."""
    said = _in_our_words(partner, cause) if cause else ""
    match cause.action if cause else "again":
        case "fatal":
            return (EphemeralError if cause is causes.EPHEMERAL else RefusedError)(said)
        case "wait":
            wait = wait or asked_wait(words)
            more = f" It asks for a wait of {wait:.0f} s." if wait >= 1 else ""
            return LostError(quoted(head, words) + more, wait)
        case _:
            return LostError(said or quoted(head, words))


def _in_our_words(partner: Partner, cause: Cause) -> str:
    dialect, settings, source = partner.dialect, partner.settings, partner.source
    name = model(dialect, settings)
    said = cause.said
    refused = cause in (causes.KEY, causes.FORBIDDEN)
    if source == _NO_KEY and refused:
        said = "{title} requires a key, and none is sent. Set one with `tray-dictate key set`."
    elif source == _TOKEN and refused:
        said = (
            "{title} refused {key}. Check that engine.endpoint is the resource's own address, "
            'https://NAME.openai.azure.com, and that your account has the role "Cognitive Services '
            'OpenAI User" there; then sign in again with `az login`.'
        )
    key = {_NO_KEY: "the key", _TOKEN: "the sign-in by Entra ID"}.get(
        source, f"the key from {source}"
    )
    said = said.format(
        title=dialect.title,
        key=key,
        model=f"engine.model = {name!r}" if name else "engine.model",
    )
    if cause in (causes.NOT_TRANSCRIBING, causes.ADDRESS) and dialect.shape == "preview":
        other = {"deployment": "intent", "intent": "deployment"}[settings.preview_query]
        said += f' Or try engine.preview_query = "{other}".'
    return said


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the wait in seconds that a Retry-After asks for; 0 for none."""
    known = {name.lower(): value.strip() for name, value in headers.items()}
    after = known.get("retry-after", "")
    try:
        if "retry-after-ms" in known:
            return max(0.0, float(known["retry-after-ms"]) / 1000)
        if not after or re.fullmatch(r"[\d.]+", after):
            return float(after or 0)
        until, now = parsedate_to_datetime(after), parsedate_to_datetime(known["date"])
        return max(0.0, (until - now).total_seconds())
    except (ValueError, KeyError, TypeError):
        return 0.0


def _body(body: bytes) -> tuple[str, str]:
    """Return the code and the message in a refusal's JSON; empty where there are none."""
    try:
        tree: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    for _ in range(2):  # {"error": {"code": ...}}, {"code": ...}
        if isinstance(tree, dict):
            tree = cast("dict[str, Any]", tree)
            tree = tree.get("error") or tree.get("detail") or tree
    if isinstance(tree, list):  # FastAPI: [{"loc": ["query", "model"], "msg": "field required"}]
        tree = next(iter(cast("list[Any]", tree)), None)
        if isinstance(tree, dict):
            tree = cast("dict[str, Any]", tree)
            place = tree.get("loc")
            names = cast("list[Any]", place) if isinstance(place, list) else []
            return "", f"{'.'.join(map(str, names))}: {tree.get('msg')}"
    if isinstance(tree, str):
        return "", tree
    if not isinstance(tree, dict):
        return "", ""
    error = cast("dict[str, Any]", tree)
    code = error.get("code") or error.get("type") or error.get("statusCode") or ""
    return str(code), str(error.get("message") or "")


def quoted(head: str, words: str) -> str:
    """Return a sentence with a server's words in it."""
    said = _SECRET.sub("…", clean(words[:_READ]))[:_SHOWN].strip()
    if not said:
        return f"{head}."
    return f"{head}: {said}" if said[-1] in "!?" else f"{head}: {said.rstrip('.')}."
