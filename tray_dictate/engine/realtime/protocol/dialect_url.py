"""Where to connect: every spelling of an endpoint that people use -> the URL of the WebSocket."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

from tray_dictate.config.engine import EngineSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.engine.realtime.protocol.dialects import Dialect
from tray_dictate.system.address import Address, Kind

_SERVER = Kind(
    ("ws", "http"), ("wss", "https"), "https://NAME.openai.azure.com or ws://127.0.0.1:8000",
    "`tray-dictate key set`", ", or set engine.allow_plain = true",
)  # fmt: skip
_OPENAI = "wss://api.openai.com"
_NO_REALTIME = ".services.ai.azure.com"  # the same resource's other name answers 404
_REALTIME = ".openai.azure.com"
_OURS = {"intent", "model", "deployment", "api-version", "api_key", "api-key"}
# what Azure's pages show as an address goes on with what is about another interface
_FOREIGN = re.compile(r"(?i)/(openai/deployments|api/projects)(/.*)?$")
_SUFFIXES = ("/realtime", "/v1", "/openai")  # people copy more or less of the path


def url(dialect: Dialect, settings: EngineSettings, endpoint: str) -> str:
    """Return the URL to connect to; `endpoint` is the user's. Raises ConfigError."""
    endpoint = endpoint.strip()
    if not endpoint and dialect.needs_endpoint:
        raise ConfigError([_no_endpoint(dialect, settings)])
    address = _SERVER.parse(
        endpoint or _OPENAI, "engine.endpoint", allow_plain=settings.allow_plain
    )
    prefix, query = _parts(address)
    host = address.host.replace(_NO_REALTIME, _REALTIME)
    query |= {name: _parameter(name, dialect, settings) for name in _names(dialect, settings)}
    text = f"{'wss' if address.secure else 'ws'}://{host}{prefix}{dialect.path}"
    return f"{text}?{urlencode(query, quote_via=quote)}" if query else text


def model(dialect: Dialect, settings: EngineSettings) -> str:
    """Return the model's name, or the deployment's. Raises ConfigError."""
    name = settings.model or dialect.model
    if dialect.needs_model and not name:
        raise ConfigError([f"engine.model: {dialect.title} wants the name of a model"])
    return name


def problems(dialect: Dialect, settings: EngineSettings, endpoint: str) -> list[str]:
    """Return why the settings cannot lead to a server; asks none."""
    found: list[str] = []
    for part in (lambda: url(dialect, settings, endpoint), lambda: model(dialect, settings)):
        try:
            part()
        except ConfigError as error:
            found += error.problems
    return list(dict.fromkeys(found))


def _parts(address: Address) -> tuple[str, dict[str, str]]:
    """Return a prefix that a proxy wants, and the query."""
    path = _FOREIGN.sub("", address.path).rstrip("/")
    for suffix in _SUFFIXES:
        if path.lower().endswith(suffix):
            path = path[: -len(suffix)]
    # what was copied with the address is ours to say: a leftover api-version is answered with 401
    query = {
        name: value for name, value in parse_qsl(address.query)
        if name.lower() not in _OURS
    }  # fmt: skip
    return path, query


def _names(dialect: Dialect, settings: EngineSettings) -> tuple[str, ...]:
    if dialect.shape == "preview" and settings.preview_query == "intent":
        return tuple("intent" if name == "deployment" else name for name in dialect.query)
    return dialect.query


def _parameter(name: str, dialect: Dialect, settings: EngineSettings) -> str:
    if name == "intent":
        return "transcription"
    return settings.api_version if name == "api-version" else model(dialect, settings)


def _no_endpoint(dialect: Dialect, settings: EngineSettings) -> str:
    if dialect.needs_key:
        return (
            f"engine.endpoint: {dialect.title} needs the address of your resource, "
            "https://NAME.openai.azure.com; AZURE_OPENAI_STT_TTS_ENDPOINT may hold it, too"
        )
    return f"engine.endpoint: {settings.name} needs the address of your server"
