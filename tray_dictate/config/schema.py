"""Every setting once: name, type, default, bounds and description.

Parsing, error messages, the shipped config.toml, the documentation's table and `--set` all come
from these classes. Precedence: `--set` > environment (TRAY_DICTATE_AUDIO_DEVICE) > the user's
file > defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tray_dictate.core.keys.names import (
    Chord,
    drawback,
    is_bare,
    parse_chord,
    parse_key,
    typing_conflict,
)
from tray_dictate.core.languages import language_problem
from tray_dictate.core.text.expressions import compiled
from tray_dictate.core.text.normalize import compose
from tray_dictate.core.text.replacements import patterner, replacer, speller


class Section(BaseModel):
    """A table of config.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _chord(text: str) -> str:
    if found := typing_conflict(parse_chord(text)):
        raise ValueError(found)
    return text


def _key_or_none(text: str) -> str:
    if text:
        parse_key(text)
    return text


def _shortcut(text: str) -> str:
    if text and is_bare(parse_chord(text)):
        raise ValueError(f"{text!r} has only modifiers, which other shortcuts begin with, too")
    return _chord(text) if text else text


class HotkeySettings(Section):
    """The keys that start, stop and change dictations."""

    keys: Annotated[str, AfterValidator(_chord)] = Field(
        default="ctrl_r",
        description="The key or keys to hold: ctrl_r, f9, ctrl+alt+space, kp_enter, mouse8; "
        "any key by its X name, such as XF86AudioMicMute, or by its position, such "
        'as "keycode 191".',
    )
    mode: Literal["hold", "toggle"] = Field(
        default="hold",
        description="hold: speak while you hold the hotkey; toggle: press it to start, press "
        "it again to stop.",
    )
    cancel: Annotated[str, AfterValidator(_key_or_none)] = Field(
        default="escape",
        description="Pressing this key while recording discards the dictation; empty: none.",
    )
    redo: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="",
        description="A shortcut that inserts the last dictation again, such as ctrl+alt+r; "
        "empty: none.",
    )
    undo: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="",
        description="A shortcut that removes the last dictation, if nothing was typed since; "
        "empty: none.",
    )
    copy_last: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="",
        description="A shortcut that copies the last dictation to the clipboard; empty: none.",
    )
    limit_minutes: float = Field(
        default=30,
        ge=0,
        description="A dictation is ended and inserted after this many minutes; 0: no limit.",
    )
    when_locked: Literal["stop", "record"] = Field(
        default="stop",
        description="What happens while the screen is locked. stop: a running dictation ends, "
        "text that is not inserted yet goes to the history, and no dictation "
        "starts; record: dictation works as usual.",
    )
    source: Literal["auto", "x11", "portal", "kde", "evdev", "commands"] = Field(
        default="auto",
        description="Where key presses are read from. auto: the best source in this session; "
        "x11: the X server; portal, kde: the desktop's global shortcuts; evdev: "
        "the kernel, which needs a permission that lets all of your programs see "
        "every key you press; commands: none, only `tray-dictate start` and "
        "`stop`.",
    )

    @model_validator(mode="after")
    def _can_end(self) -> HotkeySettings:
        own = {key for slot in parse_chord(self.keys) for key in slot}
        if self.cancel and own & parse_key(self.cancel):
            raise ValueError(
                f"hotkey.cancel is {self.cancel!r}, which is part of the hotkey itself and would "
                'discard every dictation; set cancel to another key, or to ""'
            )
        return self

    @property
    def warnings(self) -> list[str]:
        """The drawbacks of the hotkey, for the user."""
        found = drawback(parse_chord(self.keys))
        return [f"hotkey.keys: {found}."] if found else []

    @property
    def watched(self) -> frozenset[str]:
        """All keys that the hotkey, the shortcuts and `cancel` need."""
        chords = [parse_chord(self.keys), *self.shortcuts.values()]
        cancel = parse_key(self.cancel) if self.cancel else frozenset[str]()
        return cancel.union(*(slot for chord in chords for slot in chord))

    @property
    def shortcuts(self) -> dict[str, Chord]:
        """The other chords that are set, by what they do."""
        texts = {"redo": self.redo, "undo": self.undo, "copy": self.copy_last}
        return {name: parse_chord(text) for name, text in texts.items() if text}


class AudioSettings(Section):
    """The microphone and the short sounds."""

    device: str = Field(
        default="",
        description="Part of the microphone's name; empty: the system's default microphone.",
    )
    tail_ms: int = Field(
        default=200,
        ge=0,
        le=2000,
        description="Extra recording after you release the key, at most, so that the last word "
        "is not cut off.",
    )
    warm: Annotated[float, Field(ge=0)] | Literal["always"] = Field(
        default=0,
        description="How many seconds the microphone stays open after a dictation, or "
        '"always"; 0: it is closed at once.',
    )
    preroll_ms: int = Field(
        default=300,
        ge=0,
        le=500,
        description="How much sound from before the press is included, if the microphone was open.",
    )
    cues: bool | list[Literal["start", "stop", "cancel", "error"]] = Field(
        default=True,
        description="Short sounds: true for all, false for none, or a list of those you want: "
        '["start", "stop", "cancel", "error"].',
    )
    cue_volume: float = Field(
        default=0.2, ge=0, le=1, description="Volume of these sounds, from 0 to 1."
    )


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
        description="What turns speech into text. offline: the built-in English model, nothing "
        "leaves this computer; openai, azure, azure-preview: a cloud service; "
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
        description="The model that the offline engine uses: an ID of `tray-dictate models`, or "
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
        description="An older name of text.vocabulary; use that one. The terms of both lists "
        "are sent to the engine and spelled as written.",
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


CommandLanguage = Literal["en", "de"]
FillerLanguage = Literal["en", "de", "fr"]


def _replacements(table: dict[str, str]) -> dict[str, str]:
    replacer(table)
    return table


def _patterns(table: dict[str, str]) -> dict[str, str]:
    patterner(table)
    return table


def _terms(terms: list[str]) -> list[str]:
    speller(terms)
    return terms


class TextSettings(Section):
    """How text is changed before it is inserted."""

    vocabulary: Annotated[list[str], AfterValidator(_terms)] = Field(
        default_factory=list,
        description='Names and terms, spelled as you want them: ["Kubernetes", "Postgres"]. '
        "They are also recognized when heard as two words, and the engine is asked "
        "to expect them.",
    )
    replacements: Annotated[dict[str, str], AfterValidator(_replacements)] = Field(
        default_factory=dict,
        description="Words or phrases to replace, in upper or lower case, and what to write "
        'instead: {"tray dictate" = "tray_dictate"}; "\\n" is a new line.',
    )
    patterns: Annotated[dict[str, str], AfterValidator(_patterns)] = Field(
        default_factory=dict,
        description="Python regular expressions to replace, and what to write instead; not "
        "applied to segments longer than 1000 characters.",
    )
    commands: list[CommandLanguage] = Field(
        default_factory=list[CommandLanguage],
        description='Languages whose spoken commands are recognized: "new line", "comma", '
        '"scratch that" ...; "literal comma" writes the word.',
    )
    fillers: list[FillerLanguage] = Field(
        default_factory=list[FillerLanguage],
        description='Languages whose filler words ("um", "uh") are removed. Name all the '
        'languages you speak: "um" and "er" are words in German.',
    )
    space: Literal["smart", "before", "after", "never"] = Field(
        default="smart",
        description="Spaces around a dictation fit the text at the caret. If that cannot be "
        "read, smart: one on both sides, so that words are never joined; before, "
        "after: one on that side only; never: no spaces in any case.",
    )
    read_caret: bool = Field(
        default=True,
        description="Read the text at the caret, to get spaces and capitals right, from "
        "programs that offer it to assistive technologies (AT-SPI on Linux; never "
        "password fields).",
    )
    unsaid: Literal["off", "sure", "likely"] = Field(
        default="sure",
        description="Drop hallucinated segments: an echo of the prompt, film credits. likely: "
        'also a lone "Thank you.", which people do say.',
    )
    newline: Literal["enter", "shift+enter", "space"] = Field(
        default="enter",
        description="Which keys type a new line; space: everything stays on one line.",
    )
    newline_in_terminals: bool = Field(
        default=False,
        description="Type new lines (and submit) in terminals too, where they run a command, "
        "if a server wrote the text; text from the offline engine may always do "
        "so.",
    )
    submit: bool = Field(default=False, description="Press Enter at the end of each dictation.")
    longest: int = Field(
        default=100_000,
        ge=1,
        description="A segment of more characters than this is not inserted, only kept in the "
        "history: it is most likely an error of the engine.",
    )


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except ValueError as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _paste_chord(text: str) -> str:
    if is_bare(parse_chord(text)):
        raise ValueError("modifiers alone do not paste; examples: shift+insert, ctrl+v")
    return text


class OutputRule(Section):
    """What is different for some applications; None: as in the section."""

    application: Annotated[str, AfterValidator(_pattern)]  # matches WM_CLASS, or app_id
    method: Literal["auto", "paste", "type", "clipboard", "off"] | None = None
    chord: Annotated[str, AfterValidator(_paste_chord)] | None = None  # that pastes there
    after: str | None = Field(default=None, max_length=20)  # appended to every segment
    private: bool | None = None


class OutputSettings(Section):
    """How text is inserted into a window."""

    method: Literal["auto", "paste", "type", "clipboard"] = Field(
        default="auto",
        description="How text is inserted. auto: straight into the text field where the "
        "desktop can (Wayland), otherwise by pasting, or by typing if the program "
        "does not paste; clipboard: only copied.",
    )
    private: bool = Field(
        default=True, description="Ask clipboard managers not to keep dictated text."
    )
    rules: list[OutputRule] = Field(
        default_factory=list[OutputRule],
        description="Rules for some applications; the first match applies. [[output.rules]] "
        'with application = a regular expression such as "(?i)firefox" for '
        'WM_CLASS (Wayland: app_id), and any of method (also "off"), chord = '
        '"ctrl+v", after = " " (appended to every segment), private.',
    )
    focus: Literal["follow", "hold", "return"] = Field(
        default="follow",
        description="Where text goes if you switch windows while dictating. follow: to the "
        "window in front now; hold: waits until you come back; return: brings the "
        "first window back.",
    )
    hold_seconds: float = Field(
        default=60,
        ge=1,
        le=3600,
        description='With focus = "hold": how long text waits for its window before it goes to '
        "the clipboard.",
    )


class RewriteProfile(Section):
    """A rewrite for some applications; None: as in the section."""

    application: Annotated[str, AfterValidator(_pattern)]  # matches WM_CLASS's class, or app_id
    off: bool = False
    command: list[str] | None = Field(default=None, repr=False)
    endpoint: str | None = Field(default=None, repr=False)
    model: str | None = None
    prompt: str | None = None
    key_command: list[str] | None = Field(default=None, repr=False)
    timeout_seconds: float | None = Field(default=None, gt=0, le=60)


class RewriteSettings(Section):
    """A program or a model that rewrites texts; if it fails, they are inserted unchanged."""

    command: list[str] = Field(
        default_factory=list,
        repr=False,
        description="A command that reads the text on stdin and prints the new text, such as "
        '["sed", "s/a/b/"]; run without a shell. TRAY_DICTATE_APPLICATION holds '
        "the name of the application.",
    )
    endpoint: str = Field(
        default="",
        repr=False,
        description="A server with OpenAI's chat interface, asked after the command: "
        "https://api.openai.com/v1, http://127.0.0.1:11434/v1 ... Everything you "
        "dictate is sent there.",
    )
    model: str = Field(default="", description="The name of the server's model; needs an endpoint.")
    prompt: str = Field(
        default="Correct punctuation, capitals and slips of the tongue. Change nothing else.",
        description="What the model should do with the text.",
    )
    key_command: list[str] = Field(
        default_factory=list,
        repr=False,
        description="A command that prints the server's API key; without one, "
        "TRAY_DICTATE_REWRITE_KEY or the keyring is used (`tray-dictate key set "
        "--for rewrite`), if either has a key.",
    )
    timeout_seconds: float = Field(
        default=2,
        gt=0,
        le=60,
        description="How many seconds the command, and then the server, may take; large "
        "models need more.",
    )
    profiles: list[RewriteProfile] = Field(
        default_factory=list[RewriteProfile],
        repr=False,
        description="Rewrites for some applications; the first match applies. "
        "[[rewrite.profiles]] with application = a regular expression such as "
        '"(?i)firefox" for WM_CLASS (Wayland: app_id), and off = true or any of '
        "command, endpoint, model, prompt, key_command, timeout_seconds; what you "
        "leave out is as in [rewrite]. The key of [rewrite] is sent only to the "
        "first server in this section.",
    )


class HistorySettings(Section):
    """How much is kept of what was dictated."""

    enabled: bool = Field(
        default=True,
        description="Keep the history on disk; if false, only until tray_dictate ends.",
    )
    entries: int = Field(
        default=500, ge=0, description="Keep at most this many dictations; 0: all."
    )
    days: float = Field(
        default=30, ge=0, description="Delete dictations after this many days; 0: never."
    )


class TraySettings(Section):
    """The icon and the notifications."""

    icon: bool = Field(
        default=True, description="Show an icon where the desktop has a place for it."
    )
    notifications: bool = Field(default=True, description="Show problems as notifications.")


class LogSettings(Section):
    """The log file, which never contains dictated text."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe messages that are written to the log."
    )


class Config(Section):
    """All settings."""

    hotkey: HotkeySettings = Field(default_factory=HotkeySettings)
    audio: AudioSettings = Field(default_factory=AudioSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    text: TextSettings = Field(default_factory=TextSettings)
    output: OutputSettings = Field(default_factory=OutputSettings)
    rewrite: RewriteSettings = Field(default_factory=RewriteSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    tray: TraySettings = Field(default_factory=TraySettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def terms(self) -> list[str]:
        """The terms of text.vocabulary and engine.keywords, each once."""
        return list(dict.fromkeys(map(compose, [*self.text.vocabulary, *self.engine.keywords])))

    @property
    def engine_with_terms(self) -> EngineSettings:
        """The engine's settings with all terms as its keywords."""
        return self.engine.model_copy(update={"keywords": self.terms})

    @property
    def server_writes(self) -> bool:
        """Whether a server writes the text: an engine or a rewrite."""
        profiles = self.rewrite.profiles
        servers = [self.rewrite.endpoint, *(profile.endpoint for profile in profiles)]
        return self.engine.name != "offline" or any(servers)


Setting = tuple[str, str, Any, str]  # section, name, default, description


def settings() -> Iterator[Setting]:
    """Yield every setting in the order of the file."""
    for section, field in Config.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        for name, info in field.annotation.model_fields.items():
            default = info.get_default(call_default_factory=True, validated_data={})
            yield section, name, default, info.description or ""
