"""What differs between the servers that speak the realtime protocol: one table.

Sources: shared/facts/protocol.md, sections A, C and F. A dialect is data; what is made of it is in
dialect_url (where and as whom to connect), dialect_secret (what a key is changed into),
dialect_session (what we say), dialect_events (what we are told), dialect_errors and dialect_causes
(what went wrong). None of them touches a socket or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server family's spelling of the realtime protocol."""

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
    detects: tuple[str, ...] = ("server_vad",)  # kinds of voice detection that it offers
    fields: tuple[str, ...] = ("language", "prompt")  # settings that it knows besides the model
    follows: bool = False  # its `previous_item_id` is right
    echoes: bool = True  # completes an item under the id that it announced
    clears: bool = True  # knows input_audio_buffer.clear
    commits_detected: bool = True  # takes a commit while its voice detection is on
    one_at_a_time: bool = False  # loses sound that comes while it transcribes
    least_ms: int = 0  # of sound that may be committed
    secrets: tuple[str, ...] = ()  # paths that give one where the socket takes no key
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
    """What is known of a transcription model; of an unknown one the first row is assumed."""

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
    """Return what both this server and this model take."""
    known = next((row for part, row in _MODELS if part in model.lower()), Model())
    fields = tuple(
        field for field in dialect.fields if field in known.fields or field not in _MODEL_FIELDS
    )
    return Model(fields, known.detects and bool(dialect.detects))
