"""Every setting once: name, type, default, bound and a line of documentation.

From these classes come parsing, messages, the shipped config.toml, README's table and `--set`.
Precedence: `--set` > environment (TRAY_DICTATE_AUDIO_DEVICE) > the user's file > defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tray_dictate.core.keys import parse_chord, parse_key


def _chord(text: str) -> str:
    parse_chord(text)
    return text


def _key_or_none(text: str) -> str:
    if text:
        parse_key(text)
    return text


class Section(BaseModel):
    """A table of config.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HotkeySettings(Section):
    """The key that you hold while you speak."""

    keys: Annotated[str, AfterValidator(_chord)] = Field(
        default="ctrl_r", description="The hotkey: ctrl_r, f9, ctrl+alt+space ..."
    )
    mode: Literal["hold", "toggle"] = Field(
        default="hold",
        description="hold: speak while it is down; toggle: press to start, again to stop.",
    )
    cancel: Annotated[str, AfterValidator(_key_or_none)] = Field(
        default="escape",
        description="While recording, this key drops the dictation; empty for none.",
    )
    limit_minutes: float = Field(
        default=30,
        ge=0,
        description="A dictation is finished and delivered after this long; 0 for never.",
    )


class AudioSettings(Section):
    """Where the sound comes from."""

    device: str = Field(
        default="", description="Part of the microphone's name; empty for the system's default."
    )
    tail_ms: int = Field(
        default=200, ge=0, le=2000,
        description="Recorded at most after the release, so that the last word is whole.",
    )  # fmt: skip
    warm: Annotated[float, Field(ge=0)] | Literal["always"] = Field(
        default=0, description='Seconds that the microphone stays open after use, or "always".'
    )
    preroll_ms: int = Field(
        default=300, ge=0, le=500,
        description="Sound from before the press that counts, where the microphone was open.",
    )  # fmt: skip
    cues: bool = Field(
        default=True, description="Short sounds at the start and the end of a recording."
    )
    cue_volume: float = Field(default=0.2, ge=0, le=1, description="How loud the sounds are.")


EngineName = Literal[
    "offline", "openai", "azure", "azure-preview", "speaches", "localai", "sglang", "mlx-audio",
    "vllm",
]  # fmt: skip


class EngineSettings(Section):
    """What turns speech into text."""

    name: EngineName = Field(
        default="offline",
        description="offline: the embedded English model; nothing leaves this machine. "
        "openai, azure, azure-preview: a cloud; the others: a server of your own.",
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
    languages: list[str] = Field(
        default_factory=list, description='What is spoken: ["en"], ["de", "en"]; empty: any.'
    )
    prompt: str = Field(default="", description="A hint at style and subject, in free text.")
    keywords: list[str] = Field(
        default_factory=list, description="Names and terms that the model should know."
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


class OutputSettings(Section):
    """How text gets into the window."""

    method: Literal["auto", "paste", "type", "clipboard"] = Field(
        default="auto",
        description="auto: paste, and type where nothing fetches the paste; clipboard: copy only.",
    )


class TraySettings(Section):
    """The icon and the messages."""

    icon: bool = Field(
        default=True, description="Show the icon where the desktop has a place for it."
    )
    notifications: bool = Field(default=True, description="Say in a notification what went wrong.")


class LogSettings(Section):
    """The log file; it never holds what you say."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least serious line that is written."
    )


class Config(Section):
    """All settings."""

    hotkey: HotkeySettings = Field(default_factory=HotkeySettings)
    audio: AudioSettings = Field(default_factory=AudioSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    output: OutputSettings = Field(default_factory=OutputSettings)
    tray: TraySettings = Field(default_factory=TraySettings)
    log: LogSettings = Field(default_factory=LogSettings)


Setting = tuple[str, str, Any, str]  # section, name, default, description


def settings() -> Iterator[Setting]:
    """Yield every setting in the order of the file."""
    for section, field in Config.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        for name, info in field.annotation.model_fields.items():
            default = info.get_default(call_default_factory=True, validated_data={})
            yield section, name, default, info.description or ""
