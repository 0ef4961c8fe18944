"""The table of servers that speak the realtime protocol, and the URL of each.

The values come from each maker's documentation and source, and from trials. The other modules of
this folder read them. Users may spell an endpoint in any usual form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.system.network.address import Address, AddressRules


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server family's variant of the realtime protocol."""

    title: str  # as its makers write it
    path: str  # of the endpoint
    query: tuple[str, ...] = ()  # parameters: model, deployment, api-version; intent is constant
    header: Literal["bearer", "api-key"] = "bearer"
    shape: Literal["ga", "preview", "speaches", "vllm"] = "ga"  # of the session's settings
    rate: int = 24000  # samples per second
    model: str = ""  # where the user names none
    needs_endpoint: bool = True
    needs_model: bool = False
    needs_key: bool = False
    acknowledges: bool = True  # answers the session's settings
    complains: bool = False  # may report an error about settings that it then takes
    detects: tuple[str, ...] = ("server_vad",)  # voice detections that it offers
    fields: tuple[str, ...] = ("language", "prompt")  # settings that it knows besides the model
    follows: bool = False  # its `previous_item_id` is right
    echoes: bool = True  # completes an item under the id that it announced
    clears: bool = True  # knows input_audio_buffer.clear
    commits_detected: bool = True  # takes a commit while its voice detection is on
    one_at_a_time: bool = False  # loses sound that comes while it transcribes
    least_ms: int = 0  # of sound that may be committed
    secrets: tuple[str, ...] = ()  # paths that issue one if the socket accepts no key
    minutes: float = 55  # that a connection is used before it is replaced


_EVERY = ("language", "languages", "prompt", "keywords", "noise_reduction", "delay", "logprobs")

DIALECTS: dict[str, Dialect] = {
    "openai": Dialect(
        "OpenAI", "/v1/realtime", ("intent",), model="gpt-live-transcribe",
        needs_endpoint=False, needs_key=True, detects=("server_vad", "semantic_vad"),
        fields=_EVERY, follows=True, least_ms=100,
        secrets=("/v1/realtime/client_secrets", "/v1/realtime/transcription_sessions"),
    ),
    "azure": Dialect(
        "Azure OpenAI", "/openai/v1/realtime", ("intent",), header="api-key",
        model="gpt-4o-mini-transcribe", needs_key=True, detects=("server_vad", "semantic_vad"),
        fields=_EVERY, follows=True, least_ms=100, minutes=25,
        secrets=("/openai/v1/realtime/client_secrets", "/openai/realtime/transcription_sessions"),
    ),
    "azure-preview": Dialect(
        "Azure OpenAI (preview)", "/openai/realtime", ("api-version", "deployment"),
        header="api-key", shape="preview", model="gpt-4o-mini-transcribe", needs_key=True,
        fields=("language", "prompt", "noise_reduction", "logprobs"), follows=True, least_ms=100,
        minutes=25, secrets=("/openai/realtime/transcription_sessions",),
    ),
    "speaches": Dialect(
        "Speaches", "/v1/realtime", ("model", "intent"), shape="speaches", needs_model=True,
        fields=("language",), complains=True, commits_detected=False, least_ms=100,
        minutes=25,
    ),
    "localai": Dialect(
        "LocalAI", "/v1/realtime", ("model",), needs_model=True, echoes=False,
        detects=("server_vad", "semantic_vad"), commits_detected=False,
    ),
    "sglang": Dialect("SGLang", "/v1/realtime", detects=(), fields=("language",)),
    "mlx-audio": Dialect("mlx-audio", "/v1/realtime", clears=False),
    "vllm": Dialect(
        "vLLM", "/v1/realtime", shape="vllm", rate=16000, needs_model=True, acknowledges=False,
        detects=(), fields=(), echoes=False, clears=False, one_at_a_time=True,
    ),
    # without the model in the address it takes one of its own, whatever the session says
    "litellm": Dialect(
        "LiteLLM", "/v1/realtime", ("intent", "model"), needs_model=True,
        detects=("server_vad", "semantic_vad"), fields=_EVERY, least_ms=100, minutes=25,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """The settings that a transcription model accepts; the defaults are for unknown models."""

    fields: tuple[str, ...] = ("language", "prompt")
    detects: bool = True


# By a part of the name, the first that fits: a deployment is often named after its model.
_MODELS: tuple[tuple[str, Model], ...] = (
    ("realtime-whisper", Model(("language", "delay"), detects=False)),
    ("live-transcribe", Model(("languages", "prompt", "keywords", "delay"), detects=False)),
    ("gpt-transcribe", Model(("languages", "prompt", "keywords"))),
)
_MODEL_FIELDS = {"language", "languages", "prompt", "keywords", "delay"}


def features(dialect: Dialect, model: str) -> Model:
    """Return the settings that both this server and this model accept."""
    known = next((row for part, row in _MODELS if part in model.lower()), Model())
    fields = tuple(
        field for field in dialect.fields if field in known.fields or field not in _MODEL_FIELDS
    )
    return Model(fields, known.detects and bool(dialect.detects))


_SERVER = AddressRules(
    ("ws", "http"), ("wss", "https"), "https://NAME.openai.azure.com or ws://127.0.0.1:8000",
    "`tray-dictate key set`", ", or set engine.allow_plain = true",
)  # fmt: skip
_OPENAI = "wss://api.openai.com"
_NO_REALTIME = ".services.ai.azure.com"  # the same resource's other name answers 404
_REALTIME = ".openai.azure.com"
_OURS = {"intent", "model", "deployment", "api-version", "api_key", "api-key"}
# the addresses on Azure's pages end with the path of another interface
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
        raise ConfigError([f"engine.model: {dialect.title} needs the name of a model"])
    return name


def problems(dialect: Dialect, settings: EngineSettings, endpoint: str) -> list[str]:
    """Return why the settings cannot lead to a server; makes no connection."""
    found: list[str] = []
    for part in (lambda: url(dialect, settings, endpoint), lambda: model(dialect, settings)):
        try:
            part()
        except ConfigError as error:
            found += error.problems
    return list(dict.fromkeys(found))


def _parts(address: Address) -> tuple[str, dict[str, str]]:
    """Return the path prefix of a proxy before the server, and the query."""
    path = _FOREIGN.sub("", address.path).rstrip("/")
    for suffix in _SUFFIXES:
        if path.lower().endswith(suffix):
            path = path[: -len(suffix)]
    # we set these ourselves: a leftover api-version in a copied address is answered with 401
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
