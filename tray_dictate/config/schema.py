"""Every setting once: name, type, default, bound and a line of documentation.

From these classes come parsing, messages, the shipped config.toml, README's table and `--set`.
Precedence: `--set` > environment (TRAY_DICTATE_AUDIO_DEVICE) > the user's file > defaults.

The settings of the engine; config.py has all the others.

The settings of the text pipeline; core/polish.py applies them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tray_dictate.core.keys import Chord, drawback, is_bare, nuisance, parse_chord, parse_key
from tray_dictate.core.languages import mistake
from tray_dictate.core.text.expressions import compiled
from tray_dictate.core.text.normalize import compose
from tray_dictate.core.text.replacements import patterner, replacer, speller


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
    """What becomes of the words before they are inserted."""

    vocabulary: Annotated[list[str], AfterValidator(_terms)] = Field(
        default_factory=list, description='Names and terms to spell just so: ["Kubernetes", '
        '"Postgres"]; also where they were heard in two words. The engine is told to expect them.',
    )  # fmt: skip
    replacements: Annotated[dict[str, str], AfterValidator(_replacements)] = Field(
        default_factory=dict, description='Whole words or phrases, in any case, and what to write: '
        '{"tray dictate" = "tray_dictate"}; "\\n" is a new line.',
    )  # fmt: skip
    patterns: Annotated[dict[str, str], AfterValidator(_patterns)] = Field(
        default_factory=dict, description="The same with regular expressions of Python; they see "
        "no segment of more than 1000 characters.",
    )  # fmt: skip
    commands: list[CommandLanguage] = Field(
        default_factory=list[CommandLanguage],
        description='Languages whose spoken commands count: "new line", '
        '"comma", "scratch that" ...; "literal comma" writes the word.',
    )  # fmt: skip
    fillers: list[FillerLanguage] = Field(
        default_factory=list[FillerLanguage],
        description='Languages whose "um" and "uh" are left out; name all that you '
        'speak, since "um" and "er" are words in German.',
    )  # fmt: skip
    space: Literal["smart", "before", "after", "never"] = Field(
        default="smart", description="The blanks around a dictation: as what stands there asks for "
        "it. Where that cannot be known, smart: one on both sides, so that no two words are "
        "joined; before, after: one there alone; never: none at all, known or not.",
    )  # fmt: skip
    read_caret: bool = Field(
        default=True, description="Read the text beside the caret, for blanks and capitals, from "
        "programs that offer it to assistive technologies (AT-SPI on Linux; no password fields).",
    )  # fmt: skip
    unsaid: Literal["off", "sure", "likely"] = Field(
        default="sure", description="Drop a segment that nobody said: the prompt echoed, a film's "
        'credits. likely: also "Thank you." alone, which people do say.',
    )  # fmt: skip
    newline: Literal["enter", "shift+enter", "space"] = Field(
        default="enter", description="How a new line is typed; space: all on one line."
    )
    newline_in_terminals: bool = Field(
        default=False, description="In terminals, too, new lines and submit where a server writes "
        "the text: there a new line runs a command. The embedded engine may without.",
    )  # fmt: skip
    submit: bool = Field(default=False, description="Press Enter at the end of a dictation.")
    longest: int = Field(
        default=100_000, ge=1,
        description="A segment of more characters is kept, not inserted: nobody said that.",
    )  # fmt: skip


def _chord(text: str) -> str:
    if found := nuisance(parse_chord(text)):
        raise ValueError(found)
    return text


def _key_or_none(text: str) -> str:
    if text:
        parse_key(text)
    return text


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except ValueError as error:
        raise ValueError(f"it is no regular expression: {error}") from error
    return text


def _paste_chord(text: str) -> str:
    if is_bare(parse_chord(text)):
        raise ValueError("modifiers alone paste nothing; examples: shift+insert, ctrl+v")
    return text


def _shortcut(text: str) -> str:
    if text and is_bare(parse_chord(text)):
        raise ValueError(f"{text!r} has only modifiers, which begin other shortcuts, too")
    return _chord(text) if text else text


class HotkeySettings(Section):
    """The key that you hold while you speak."""

    keys: Annotated[str, AfterValidator(_chord)] = Field(
        default="ctrl_r",
        description="The hotkey: ctrl_r, f9, ctrl+alt+space, kp_enter; mouse8; a key by its X "
        'name, XF86AudioMicMute, or by its place, "keycode 191".',
    )
    mode: Literal["hold", "toggle"] = Field(
        default="hold",
        description="hold: speak while it is down; toggle: press to start, again to stop.",
    )
    cancel: Annotated[str, AfterValidator(_key_or_none)] = Field(
        default="escape",
        description="While recording, this key drops the dictation; empty for none.",
    )
    redo: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="", description="Inserts the last dictation again: ctrl+alt+r ...; empty for none."
    )
    undo: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="", description="Takes the last dictation back, where nothing was typed since."
    )
    copy_last: Annotated[str, AfterValidator(_shortcut)] = Field(
        default="", description="Puts the last dictation on the clipboard."
    )
    limit_minutes: float = Field(
        default=30,
        ge=0,
        description="A dictation is finished and delivered after this long; 0 for never.",
    )
    when_locked: Literal["stop", "record"] = Field(
        default="stop",
        description="While the screen is locked. stop: a dictation ends there, what is not "
        "inserted yet goes into the history, and none begins; record: as at any other time.",
    )
    source: Literal["auto", "x11", "portal", "kde", "evdev", "commands"] = Field(
        default="auto",
        description="What tells of the keys. auto: the best that this session offers; x11; portal "
        "and kde: the desktop's global shortcuts; evdev: the kernel, which then shows every key of "
        "every program to all of your programs; commands: only tray-dictate start and stop.",
    )

    @model_validator(mode="after")
    def _can_end(self) -> HotkeySettings:
        own = {key for slot in parse_chord(self.keys) for key in slot}
        if self.cancel and own & parse_key(self.cancel):
            raise ValueError(
                f"hotkey.cancel is {self.cancel!r}, a key of the hotkey's own: it would drop what "
                'is said; set cancel = "", or to another key'
            )
        return self

    @property
    def doubts(self) -> list[str]:
        """What the user should know of these keys, though they work."""
        found = drawback(parse_chord(self.keys))
        return [f"hotkey.keys: {found}."] if found else []

    @property
    def watched(self) -> frozenset[str]:
        """The keys that any of the chords needs."""
        chords = [parse_chord(self.keys), *self.shortcuts.values()]
        cancel = parse_key(self.cancel) if self.cancel else frozenset[str]()
        return cancel.union(*(slot for chord in chords for slot in chord))

    @property
    def shortcuts(self) -> dict[str, Chord]:
        """What the other chords do, those that are set."""
        texts = {"redo": self.redo, "undo": self.undo, "copy": self.copy_last}
        return {name: parse_chord(text) for name, text in texts.items() if text}


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
    cues: bool | list[Literal["start", "stop", "cancel", "error"]] = Field(
        default=True,
        description="Short sounds: true for all, false for none, or those that you want: "
        '["start", "stop", "cancel", "error"].',
    )
    cue_volume: float = Field(default=0.2, ge=0, le=1, description="How loud the sounds are.")


class OutputRule(Section):
    """What applies to some applications only; what is not given is as it is for all."""

    application: Annotated[str, AfterValidator(_pattern)]  # sought in WM_CLASS, or app_id
    method: Literal["auto", "paste", "type", "clipboard", "off"] | None = None
    chord: Annotated[str, AfterValidator(_paste_chord)] | None = None  # that pastes there
    after: str | None = Field(default=None, max_length=20)  # appended to every segment
    private: bool | None = None


class OutputSettings(Section):
    """How text gets into the window."""

    method: Literal["auto", "paste", "type", "clipboard"] = Field(
        default="auto",
        description="auto: into the text field where the desktop can (Wayland), else paste, and "
        "type where nothing fetches the paste; clipboard: copy only.",
    )
    private: bool = Field(
        default=True, description="Clipboard managers are told not to keep dictated text."
    )
    rules: list[OutputRule] = Field(
        default_factory=list[OutputRule],
        description="For some applications, the first that matches wins: [[output.rules]] with "
        'application = a regular expression such as "(?i)firefox" for WM_CLASS (Wayland: app_id), '
        'and any of method (also "off"), chord = "ctrl+v", after = " " (appended to every '
        "segment), private.",
    )
    focus: Literal["follow", "hold", "return"] = Field(
        default="follow",
        description="Where text goes when the focus has moved since the key-down. follow: along; "
        "hold: it waits for its window; return: its window gets the focus back.",
    )
    hold_seconds: float = Field(
        default=60, ge=1, le=3600,
        description="hold: how long text waits for its window; then it is on the clipboard.",
    )  # fmt: skip


class RewriteProfile(Section):
    """A rewrite for some applications only; what is not given is as it is for all."""

    application: Annotated[str, AfterValidator(_pattern)]  # sought in WM_CLASS's class, or app_id
    off: bool = False
    command: list[str] | None = Field(default=None, repr=False)
    endpoint: str | None = Field(default=None, repr=False)
    model: str | None = None
    prompt: str | None = None
    key_command: list[str] | None = Field(default=None, repr=False)
    timeout_seconds: float | None = Field(default=None, gt=0, le=60)


class RewriteSettings(Section):
    """What may change a text before it is inserted; if it fails, the text goes in as it is."""

    command: list[str] = Field(
        default_factory=list,
        repr=False,
        description="A command that gets the text on stdin and prints the new one: "
        '["sed", "s/a/b/"]; no shell; TRAY_DICTATE_APPLICATION names the window\'s application.',
    )
    endpoint: str = Field(
        default="",
        repr=False,
        description="A server with OpenAI's chat interface, asked after the command: "
        "https://api.openai.com/v1, http://127.0.0.1:11434/v1 ... All that you say goes there.",
    )
    model: str = Field(
        default="", description="The server's model; without an endpoint nothing is asked."
    )
    prompt: str = Field(
        default="Correct punctuation, capitals and slips of the tongue. Change nothing else.",
        description="What the model is to do with the text.",
    )
    key_command: list[str] = Field(
        default_factory=list,
        repr=False,
        description="A command that prints the server's key; else TRAY_DICTATE_REWRITE_KEY, the "
        "keyring (`tray-dictate key set --for rewrite`), or none.",
    )
    timeout_seconds: float = Field(
        default=2, gt=0, le=60,
        description="How long the command may take, and the server; a large model needs more.",
    )  # fmt: skip
    profiles: list[RewriteProfile] = Field(
        default_factory=list[RewriteProfile],
        repr=False,
        description="For some applications, the first that matches wins: [[rewrite.profiles]] with "
        'application = a regular expression such as "(?i)firefox" for WM_CLASS (Wayland: app_id), '
        "and off = true or any of command, endpoint, model, prompt, key_command, timeout_seconds; "
        "what is not given is as above. No other server than the first in this section gets the "
        "key from above.",
    )


class HistorySettings(Section):
    """What you said, kept on this machine, for you only."""

    enabled: bool = Field(
        default=True, description="Keep it on disk; without, only until tray_dictate ends."
    )
    entries: int = Field(default=500, ge=0, description="The last so many are kept; 0: all.")
    days: float = Field(default=30, ge=0, description="And none longer than this; 0: for ever.")


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
    text: TextSettings = Field(default_factory=TextSettings)
    output: OutputSettings = Field(default_factory=OutputSettings)
    rewrite: RewriteSettings = Field(default_factory=RewriteSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    tray: TraySettings = Field(default_factory=TraySettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def terms(self) -> list[str]:
        """The names and terms of both lists, each once."""
        return list(dict.fromkeys(map(compose, [*self.text.vocabulary, *self.engine.keywords])))

    @property
    def hearing(self) -> EngineSettings:
        """The engine's settings, with all of the terms among its keywords."""
        return self.engine.model_copy(update={"keywords": self.terms})

    @property
    def foreign(self) -> bool:
        """Whether a server may decide what is written."""
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
