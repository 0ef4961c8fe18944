"""Every setting once: name, type, default, bounds and description.

Parsing, error messages, the shipped config.toml, the documentation's table and `--set` all come
from these classes. Precedence: `--set` > environment (TRAY_DICTATE_AUDIO_DEVICE) > the user's
file > defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.config.section import Section
from tray_dictate.core.keys.names import (
    Chord,
    drawback,
    is_bare,
    parse_chord,
    parse_key,
    typing_conflict,
)
from tray_dictate.core.text.expressions import compiled
from tray_dictate.core.text.normalize import compose
from tray_dictate.core.text.replacements import patterner, replacer, speller


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

    words: Annotated[list[str], AfterValidator(_terms)] = Field(
        default_factory=list,
        description='Names and terms, spelled as you want them: ["Kubernetes", "Kowalczyk"]. '
        "The engine is asked to expect them; what it writes in two words, or in English with a "
        "few wrong letters, is corrected.",
    )
    vocabulary: Annotated[list[str], AfterValidator(_terms)] = Field(
        default_factory=list,
        description="An older name of text.words; use that one. The terms of both lists count.",
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
        "programs that offer it to input methods or assistive technologies (Linux; never "
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
        """The names and terms of text.words and of its older names, each once."""
        every = [*self.text.words, *self.text.vocabulary, *self.engine.keywords]
        return list(dict.fromkeys(map(compose, every)))

    @property
    def warnings(self) -> list[str]:
        """The settings that have a newer name, for the user."""
        older = {"text.vocabulary": self.text.vocabulary, "engine.keywords": self.engine.keywords}
        return [
            f"{name} is an older name of text.words, and still works. Move its terms to text.words."
            for name, terms in older.items()
            if terms
        ]

    @property
    def engine_with_terms(self) -> EngineSettings:
        """The engine's settings with all terms as its keywords."""
        return self.engine.model_copy(update={"keywords": self.terms})

    @property
    def written_languages(self) -> list[str]:
        """The languages that the text may be in; empty: any."""
        built_in = self.engine.name == "offline" and not self.engine.local_model
        return self.engine.languages or (["en"] if built_in else [])

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
