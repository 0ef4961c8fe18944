"""Where to connect: every spelling of an endpoint that people use -> the URL of the WebSocket."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tray_dictate.config_engine import EngineSettings
from tray_dictate.engine.dialect import Dialect
from tray_dictate.errors import ConfigError

_SCHEMES = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}
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
    scheme, host, prefix, query = _parts(endpoint or _OPENAI)
    if scheme == "ws" and not settings.allow_plain and not _is_loopback(host):
        raise ConfigError([
            f"engine.endpoint: {host} is another machine, and ws:// or http:// lets everybody on "
            "the way read what you say; use wss:// or https://, or set engine.allow_plain = true"
        ])  # fmt: skip
    host = host.replace(_NO_REALTIME, _REALTIME)
    query |= {name: _parameter(name, dialect, settings) for name in _names(dialect, settings)}
    text = f"{scheme}://{host}{prefix}{dialect.path}"
    return f"{text}?{urlencode(query, quote_via=quote)}" if query else text


def model(dialect: Dialect, settings: EngineSettings) -> str:
    """Return the model's name, or the deployment's. Raises ConfigError."""
    name = settings.model or dialect.model
    if dialect.needs_model and not name:
        raise ConfigError([f"engine.model: {dialect.title} wants the name of a model"])
    return name


def _parts(endpoint: str) -> tuple[str, str, str, dict[str, str]]:
    """Return scheme, host with port, a prefix that a proxy wants, and the query."""
    shown = repr(endpoint.partition("?")[0])  # a query may hold a key
    if "://" not in endpoint:
        endpoint = f"{'ws' if _is_loopback(_host(endpoint)) else 'wss'}://{endpoint}"
    if "@" in _host(endpoint.partition("://")[2]):
        raise ConfigError(["engine.endpoint: it holds a password; use `tray-dictate key set`"])
    try:
        split = urlsplit(endpoint)
        port = split.port  # raises where it is none
    except ValueError as error:
        raise ConfigError([f"engine.endpoint: {shown} is no address: {error}"]) from error
    scheme = _SCHEMES.get(split.scheme.lower())
    if not scheme or not split.hostname:
        raise ConfigError([
            f"engine.endpoint: {shown} is no address such as https://NAME.openai.azure.com "
            "or ws://127.0.0.1:8000"
        ])  # fmt: skip
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    path = _FOREIGN.sub("", split.path).rstrip("/")
    for suffix in _SUFFIXES:
        if path.lower().endswith(suffix):
            path = path[: -len(suffix)]
    # what was copied with the address is ours to say: a leftover api-version is answered with 401
    query = {
        name: value for name, value in parse_qsl(split.query)
        if name.lower() not in _OURS
    }  # fmt: skip
    return scheme, host + (f":{port}" if port else ""), path, query


def _names(dialect: Dialect, settings: EngineSettings) -> tuple[str, ...]:
    if dialect.shape == "preview" and settings.preview_query == "intent":
        return tuple("intent" if name == "deployment" else name for name in dialect.query)
    return dialect.query


def _parameter(name: str, dialect: Dialect, settings: EngineSettings) -> str:
    if name == "intent":
        return "transcription"
    return settings.api_version if name == "api-version" else model(dialect, settings)


def _host(address: str) -> str:
    """Return what stands before the path, with the port."""
    return re.split("[/?#]", address, maxsplit=1)[0]


def _is_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    name = name.partition("]")[0].strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() in ("localhost", "localhost.localdomain")


def _no_endpoint(dialect: Dialect, settings: EngineSettings) -> str:
    if dialect.needs_key:
        return (
            f"engine.endpoint: {dialect.title} needs the address of your resource, "
            "https://NAME.openai.azure.com; AZURE_OPENAI_STT_TTS_ENDPOINT may hold it, too"
        )
    return f"engine.endpoint: {settings.name} needs the address of your server"
