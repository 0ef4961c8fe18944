"""Builds requests for a short-lived secret, for servers that accept no key on the socket.

OpenAI and Azure answer at `client_secrets`, Azure's older interface at `transcription_sessions`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.realtime.protocol.dialects import Dialect, model

_SCHEMES = {"ws": "http", "wss": "https"}
_OLDER = "transcription_sessions"
_PLAUSIBLE = re.compile(r"[!-~]{1,8000}")  # what a header can hold


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A request to post."""

    url: str
    body: bytes


def secret_requests(dialect: Dialect, settings: EngineSettings, url: str) -> list[SecretRequest]:
    """Return the requests that may get a secret for the socket at this URL, likeliest first."""
    parts = urlsplit(url)
    prefix = parts.path.removesuffix(dialect.path)  # of a proxy before the server
    found: list[SecretRequest] = []
    for path in dialect.secrets:
        transcription = {"model": model(dialect, settings)}
        older = path.endswith(_OLDER)
        body: dict[str, Any] = (
            {"input_audio_transcription": transcription}
            if older
            else {
                "session": {
                    "type": "transcription",
                    "audio": {"input": {"transcription": transcription}},
                }
            }
        )
        query = f"api-version={quote(settings.api_version)}" if older else ""
        target = urlunsplit((_SCHEMES[parts.scheme], parts.netloc, prefix + path, query, ""))
        found.append(SecretRequest(target, json.dumps(body).encode()))
    return found


def secret(answer: bytes) -> str:
    """Return the secret in a server's answer; empty if it has none."""
    try:
        tree: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    match tree:
        case {"client_secret": {"value": str(value)}} | {"value": str(value)}:
            return value if _PLAUSIBLE.fullmatch(value) else ""
        case _:
            return ""


def headers(dialect: Dialect, value: str) -> dict[str, str]:
    """Return the headers of a handshake with a secret instead of the key."""
    if dialect.header == "api-key":
        return {"api-key": value}
    return {"Authorization": f"Bearer {value}"}
