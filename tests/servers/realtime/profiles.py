"""What each kind of server does that the others do not; facts/protocol.md says where it is from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

LIVE = frozenset({"gpt-live-transcribe", "gpt-realtime-whisper"})  # no turn detection, live deltas
TURNS = frozenset({
    "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1",
    "gpt-4o-mini-transcribe-2025-12-15", "gpt-4o-transcribe-diarize",
})  # fmt: skip
VADS = frozenset({"server_vad", "semantic_vad"})


@dataclass(frozen=True)
class Profile:
    """One kind of server."""

    kind: str
    path: str = "/v1/realtime"
    endpoint: str = "/v1"  # what a user would write after the host
    wire: Literal["ga", "beta", "speaches", "vllm"] = "ga"
    auth: Literal["bearer", "azure", "optional"] = "optional"
    required: frozenset[str] = frozenset()  # of the query
    allowed: frozenset[str] = frozenset({"intent", "model"})
    rates: frozenset[int] | None = field(default_factory=lambda: frozenset({24000}))
    rate: int = 24000  # where the session names none
    models: frozenset[str] | None = None  # None: any
    field_rules: bool = False  # which model takes which field of `transcription`
    vads: frozenset[str] = VADS
    vad_default: bool = False  # where turn_detection was never named
    commit_in_vad: Literal["taken", "not_implemented", "dropped"] = "taken"
    unsupported: tuple[str, ...] = ()  # params that are refused where they are not null
    ack_first: bool = False
    minimum_ms: int = 0
    empty: Literal["taken", "commit_empty", "invalid_state", "unanswered"] = "taken"
    clears: bool = True
    items: tuple[str, ...] = ("conversation.item.added", "conversation.item.done")
    item_first: bool = False  # before it is committed
    other_id: bool = False  # completes under an id that was not announced
    previous: Literal["right", "null", "last"] = "right"
    deltas: Literal["model", "live", "after", "none"] = "model"
    usage: bool = True
    checked: bool = True  # what it sends is valid by the SDK's types


_OPENAI = Profile(
    "openai",
    auth="bearer",
    required=frozenset({"intent"}),
    models=LIVE | TURNS,
    field_rules=True,
    vad_default=True,
    minimum_ms=100,
    empty="commit_empty",
)
_AZURE = replace(
    _OPENAI,
    kind="azure",
    path="/openai/v1/realtime",
    endpoint="",
    auth="azure",
    allowed=frozenset({"intent", "model", "api-version", "api-key"}),
    models=None,  # deployments have any name
    field_rules=False,
)
_CREATED = ("conversation.item.created",)

PROFILES = {
    profile.kind: profile
    for profile in (
        _OPENAI,
        _AZURE,
        replace(
            _AZURE,
            kind="azure-preview",
            path="/openai/realtime",
            endpoint="/openai",
            wire="beta",
            required=frozenset({"api-version"}),
            allowed=frozenset({"intent", "deployment", "api-version", "api-key"}),
            items=_CREATED,
            checked=False,
        ),
        Profile(
            "speaches",
            wire="speaches",
            required=frozenset({"model"}),
            allowed=frozenset({"model", "intent", "language", "transcription_model", "api_key"}),
            vads=frozenset({"server_vad"}),
            commit_in_vad="dropped",
            minimum_ms=100,
            empty="commit_empty",
            items=_CREATED,
            previous="last",
            deltas="none",
            checked=False,
        ),
        Profile(
            "localai",
            required=frozenset({"model"}),
            rates=None,
            commit_in_vad="not_implemented",
            empty="unanswered",
            other_id=True,
            deltas="none",
        ),
        Profile(
            "sglang",
            rates=frozenset({16000, 24000, 48000}),
            unsupported=(
                "session.audio.input.turn_detection",
                "session.audio.input.noise_reduction",
                "session.audio.input.transcription.prompt",
            ),
            ack_first=True,
            empty="invalid_state",
            items=_CREATED,
            deltas="live",
        ),
        Profile(
            "mlx-audio",
            rates=None,
            vads=frozenset({"server_vad"}),
            clears=False,
            item_first=True,
            items=("conversation.item.added",),
            previous="null",
            deltas="after",
            usage=False,
            checked=False,
        ),
        Profile(
            "vllm",
            wire="vllm",
            allowed=frozenset(),
            rates=frozenset({16000}),
            rate=16000,
            deltas="live",
            checked=False,
        ),
    )
}
