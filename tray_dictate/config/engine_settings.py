"""The settings of the engine: which one turns speech into text, and how to reach it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tray_dictate.config.section import Section
from tray_dictate.core.languages import language_problem

EngineName = Literal[
    "offline", "openai", "azure", "azure-preview", "speaches", "localai", "sglang", "mlx-audio",
    "vllm", "litellm",
]  # fmt: skip


def _language(code: str) -> str:
    if wrong := language_problem(code):
        raise ValueError(wrong)
    return code


class EngineSettings(Section):
    """The engine that turns speech into text, and how to reach it."""

    name: EngineName = Field(
        default="offline",
        description="What turns speech into text. offline: a model on this computer, such as the "
        "built-in English one; nothing leaves it; openai, azure, azure-preview: a cloud service; "
        "litellm: your team's gateway; the others: your own server.",
    )
    endpoint: str = Field(
        default="",
        repr=False,
        description="The server's address: https://NAME.openai.azure.com, ws://127.0.0.1:8000 "
        "... Empty: OpenAI's own, or the one in AZURE_OPENAI_STT_TTS_ENDPOINT.",
    )
    model: str = Field(
        default="",
        description="The model's name; on Azure, the deployment's. Empty: "
        "gpt-4o-mini-transcribe on Azure, gpt-live-transcribe on OpenAI, otherwise "
        "the server's default.",
    )
    local_model: str = Field(
        default="",
        description="The model that the offline engine uses: an ID of the catalogue, or "
        "a folder or file of your own. Empty: the best installed model that knows "
        "engine.languages, built in: English.",
    )
    effort: Literal["auto", "light", "full"] = Field(
        default="auto",
        description="The offline engine's built-in English, if the larger model is installed too. "
        "light: only the small model; full: always both; auto: both, but only the small one on "
        "battery or if this computer is too slow.",
    )
    unload_minutes: float = Field(
        default=30,
        ge=0,
        le=1440,
        description="A model that you installed is removed from memory after this many minutes "
        "without dictation; 0: never.",
    )
    transport: Literal["websocket", "sdk"] = Field(
        default="websocket",
        description="sdk: connect with the official OpenAI package (needs the extra "
        "tray-dictate[sdk]).",
    )
    auth: Literal["key", "entra", "none"] = Field(
        default="key",
        description="key: an API key from key_command, the environment or the keyring; entra: "
        "sign in to Azure without a key (needs the extra tray-dictate[azure]); "
        "none: for your own server, if it asks for no key.",
    )
    key_command: list[str] = Field(
        default_factory=list,
        repr=False,
        description='A command that prints the API key, such as ["pass", "show", "openai"]; '
        "takes precedence over the environment and the keyring.",
    )
    entra_scope: str = Field(
        default="https://cognitiveservices.azure.com/.default",
        description="The scope that Entra ID tokens are requested for.",
    )
    api_version: str = Field(
        default="2025-04-01-preview", description="azure-preview only: the api-version."
    )
    preview_query: Literal["deployment", "intent"] = Field(
        default="deployment",
        description="azure-preview only: whether the URL names the deployment or the intent.",
    )
    allow_plain: bool = Field(
        default=False,
        description="Allow unencrypted ws:// to another computer: anyone on the way can listen "
        "to what you say.",
    )
    turns: Literal["pauses", "release", "server"] = Field(
        default="pauses",
        description="Where a segment ends. pauses: at your pauses, detected on this computer; "
        "release: only when you release the key; server: where the server's voice "
        "detection says so.",
    )
    languages: list[Annotated[str, AfterValidator(_language)]] = Field(
        default_factory=list,
        description='The languages you speak: ["en"], ["de", "en"]; empty: any.',
    )
    prompt: str = Field(
        default="", description="A hint at style and subject for the engine, in your own words."
    )
    keywords: list[str] = Field(
        default_factory=list,
        description="An older name of text.words; use that one. The terms of both lists count.",
    )
    noise_reduction: Literal["near_field", "far_field", "off", "server"] = Field(
        default="near_field",
        description="near_field: for a headset; far_field: for a laptop's microphone; server: "
        "the server's default.",
    )
    vad: Literal["server_vad", "semantic_vad"] = Field(
        default="server_vad",
        description='With turns = "server": which voice detection the server uses.',
    )
    vad_threshold: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="server_vad: how certain it must be that it hears speech, from 0 to 1.",
    )
    vad_prefix_ms: int = Field(
        default=300,
        ge=0,
        le=5000,
        description="server_vad: how much sound from before the speech is included.",
    )
    vad_silence_ms: int = Field(
        default=500, ge=50, le=5000, description="server_vad: how long a pause ends a segment."
    )
    vad_eagerness: Literal["low", "medium", "high", "auto"] = Field(
        default="auto", description="semantic_vad: how soon it ends a segment."
    )
    delay: Literal["", "minimal", "low", "medium", "high", "xhigh"] = Field(
        default="",
        description="Live models: whether text arrives sooner or is more accurate; empty: the "
        "model's default.",
    )
    logprobs: bool = Field(
        default=False,
        description="Ask for the confidence of each segment; `transcribe --json` prints it.",
    )
    warm_seconds: float = Field(
        default=120,
        ge=0,
        le=3600,
        description="How long the connection stays open after a dictation, ready for the next "
        "one; 0: it is closed at once.",
    )
    patience_seconds: float = Field(
        default=10,
        ge=1,
        le=300,
        description="How long the server may be unreachable or silent before the offline "
        "engine finishes the dictation.",
    )
    price_per_minute: float = Field(
        default=0,
        ge=0,
        description="Price of a minute of audio sent to a cloud engine, used by `tray-dictate "
        "stats`; 0: no price is shown.",
    )
    cap_minutes: float = Field(
        default=0,
        ge=0,
        description="Monthly limit, in minutes, on audio sent to a cloud engine; after that "
        "the offline engine takes over. 0: no limit.",
    )

    @property
    def cloud(self) -> bool:
        """Whether the engine is a company's service, which is billed by the minute."""
        return self.name in ("openai", "azure", "azure-preview")
