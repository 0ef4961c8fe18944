"""Every setting once: name, type, default, bound and a line of documentation.

From these classes come parsing, messages, the shipped config.toml, README's table and `--set`.
Precedence: `--set` > environment (TRAY_DICTATE_AUDIO_DEVICE) > the user's file > defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tray_dictate.config.engine import EngineSettings, Section
from tray_dictate.config.text import TextSettings
from tray_dictate.core.keys import Chord, drawback, is_bare, nuisance, parse_chord, parse_key
from tray_dictate.core.text.characters import compose
from tray_dictate.core.text.expressions import compiled


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
