"""The settings of the engine; config.py has all the others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tray_dictate.core.languages import mistake


class Section(BaseModel):
    """A table of config.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)


EngineName = Literal[
    "offline", "openai", "azure", "azure-preview", "speaches", "localai", "sglang", "mlx-audio",
    "vllm", "litellm",
]  # fmt: skip


def _language(code: str) -> str:
    if wrong := mistake(code):
        raise ValueError(wrong)
    return code


class EngineSettings(Section):
    """What turns speech into text."""

    name: EngineName = Field(
        default="offline",
        description="offline: the embedded English model; nothing leaves this machine. "
        "openai, azure, azure-preview: a cloud; litellm: a team's gateway; the others: a server of "
        "your own.",
    )
    endpoint: str = Field(
        default="",
        repr=False,
        description="The server: https://NAME.openai.azure.com, ws://127.0.0.1:8000 ... "
        "Empty: OpenAI's own, or AZURE_OPENAI_STT_TTS_ENDPOINT.",
    )
    model: str = Field(
        default="", description="The model; on Azure the deployment's name. Empty: gpt-4o-mini-"
        "transcribe on Azure, gpt-live-transcribe on OpenAI, else the server's own.",
    )  # fmt: skip
    transport: Literal["websocket", "sdk"] = Field(
        default="websocket",
        description="sdk: through the official OpenAI package (the extra tray-dictate[sdk]).",
    )
    auth: Literal["key", "entra", "none"] = Field(
        default="key",
        description="key: environment, keyring or key_command; entra: keyless, on Azure "
        "(the extra tray-dictate[azure]); none: a server of your own that asks for none.",
    )
    key_command: list[str] = Field(
        default_factory=list, repr=False, description="A command that prints the key, such as "
        '["pass", "show", "openai"]; it is asked before the environment and the keyring.',
    )  # fmt: skip
    entra_scope: str = Field(
        default="https://cognitiveservices.azure.com/.default",
        description="What the Entra ID token is asked for.",
    )
    api_version: str = Field(
        default="2025-04-01-preview", description="azure-preview only: the api-version."
    )
    preview_query: Literal["deployment", "intent"] = Field(
        default="deployment",
        description="azure-preview only: what the URL names, the deployment or the intent.",
    )
    allow_plain: bool = Field(
        default=False,
        description="Allow ws:// to another machine: all that you say is readable on the way.",
    )
    turns: Literal["pauses", "release", "server"] = Field(
        default="pauses",
        description="When a segment ends: at your pauses, heard here; only at the release; "
        "or where the server's own voice detection says so.",
    )
    languages: list[Annotated[str, AfterValidator(_language)]] = Field(
        default_factory=list, description='What is spoken: ["en"], ["de", "en"]; empty: any.'
    )
    prompt: str = Field(default="", description="A hint at style and subject, in free text.")
    keywords: list[str] = Field(
        default_factory=list,
        description="Another name of text.vocabulary, which is the one to "
        "use: the terms of both are told to the engine and spelled just so.",
    )
    noise_reduction: Literal["near_field", "far_field", "off", "server"] = Field(
        default="near_field",
        description="near_field: a headset; far_field: a laptop's microphone; "
        "server: as the server likes.",
    )
    vad: Literal["server_vad", "semantic_vad"] = Field(
        default="server_vad", description="With turns = server: which voice detection."
    )
    vad_threshold: float = Field(
        default=0.5, ge=0, le=1, description="server_vad: how sure it must be of speech."
    )
    vad_prefix_ms: int = Field(
        default=300, ge=0, le=5000, description="server_vad: sound kept from before the speech."
    )
    vad_silence_ms: int = Field(
        default=500, ge=50, le=5000, description="server_vad: the pause that ends a segment."
    )
    vad_eagerness: Literal["low", "medium", "high", "auto"] = Field(
        default="auto", description="semantic_vad: how soon it ends a segment."
    )
    delay: Literal["", "minimal", "low", "medium", "high", "xhigh"] = Field(
        default="", description="Live models: text sooner or more correct; empty: the model's own."
    )
    logprobs: bool = Field(
        default=False,
        description="Ask how sure the model is; `transcribe --json` prints it for each segment.",
    )
    warm_seconds: float = Field(
        default=120, ge=0, le=3600,
        description="The connection stays open after a take, for the next press; 0: closed.",
    )  # fmt: skip
    patience_seconds: float = Field(
        default=10, ge=1, le=300,
        description="How long the server may be away or silent before a take is finished "
        "by the embedded engine.",
    )  # fmt: skip
    price_per_minute: float = Field(
        default=0, ge=0,
        description="What a minute of sound costs in the cloud; `tray-dictate stats` reckons with "
        "it. 0: it is not shown.",
    )  # fmt: skip
    cap_minutes: float = Field(
        default=0, ge=0,
        description="So many minutes of sound go to a cloud in a month, no more; then the embedded "
        "engine takes over. 0: any number.",
    )  # fmt: skip

    @property
    def cloud(self) -> bool:
        """Whether the engine is a company's, which is paid by the minute."""
        return self.name in ("openai", "azure", "azure-preview")
