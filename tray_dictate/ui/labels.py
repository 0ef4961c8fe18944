"""The words of menu, tooltip and notifications, and `plain`, which makes any text safe to show.

A message may quote a system error, a device's name or a server's answer: a NUL in it would end our
D-Bus connection, a lone surrogate cannot be encoded, and a bidirectional override would reverse the
sentence.
"""

from __future__ import annotations

import html
from collections.abc import Collection
from urllib.parse import urlsplit

from tray_dictate.config.engine_settings import EngineName, EngineSettings
from tray_dictate.core.dictation import Status
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import in_words, parse_chord
from tray_dictate.core.languages import language_names, language_of
from tray_dictate.core.ports import MenuOption, Urgency

NAME = "tray_dictate"  # of the program, as desktops know it
TITLE = "Dictation"  # of the program, as users read it
LONGEST = 1000  # characters of a notification; the desktop cuts longer ones anyway

BUTTONS = {  # of notifications, by what they do
    "redo": "Insert now", "copy": "Copy", "settings": "Edit settings file",
    "check": "Run self-test",
}  # fmt: skip
ENGINES: dict[EngineName, str] = {
    "offline": "Offline, on this computer",
    "openai": "OpenAI, in the cloud",
    "azure": "Azure OpenAI, in the cloud",
    "azure-preview": "Azure OpenAI preview, in the cloud",
    "speaches": "Speaches, your server",
    "localai": "LocalAI, your server",
    "sglang": "SGLang, your server",
    "mlx-audio": "MLX Audio, your server",
    "vllm": "vLLM, your server",
    "litellm": "LiteLLM, your team's gateway",
}
CLOUDS = ("openai", "azure", "azure-preview")
LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "tr", "zh", "ja", "ko",
)  # fmt: skip
METHODS = {
    "auto": "Automatic",
    "paste": "Paste",
    "type": "Typing",
    "clipboard": "Clipboard only",
}

Unread = tuple[str, Urgency]  # a message that no notification could show

_WORDS = {
    Status.OFF: "Dictation is off",
    Status.IDLE: "Dictation ready",
    Status.OPENING: "Opening the microphone",
    Status.RECORDING: "Recording",
    Status.TRANSCRIBING: "Transcribing",
    Status.ERROR: "Problem",
}


def microphones(found: list[tuple[str, bool]], wanted: str) -> tuple[MenuOption, ...]:
    """Return the system's default and every microphone; `wanted` is the setting audio.device."""
    default = next((name for name, is_default in found if is_default), "")
    names = list(dict.fromkeys(name for name, _ in found))
    same = [name for name in names if name.lower() == wanted.lower()]
    part = [name for name in names if wanted.lower() in name.lower()]
    chosen = (same or part or [wanted])[0] if wanted else ""
    system = f"{default} (the system's default)" if default else "The system's default"
    lines = [MenuOption("", system, chosen=not wanted)]
    lines += [MenuOption(name, name, chosen=name == chosen) for name in names]
    if chosen and chosen not in names:
        lines.append(MenuOption(chosen, f"{chosen} (not connected)", chosen=True))
    return tuple(lines)


def engines(settings: EngineSettings, usable: Collection[EngineName]) -> tuple[MenuOption, ...]:
    """Return every engine, disabled if it must be set up first.

    `usable` are those that find all they need in these settings.
    """
    lines: list[MenuOption] = []
    owner = _owner(settings, usable)
    for name, title in ENGINES.items():
        chosen = name == settings.name
        may = owner in ("", _family(name)) and name in usable
        ready = chosen or name == "offline" or may
        label = title if ready else f"{title} (not set up)"
        lines.append(MenuOption(name, label, chosen=chosen, enabled=ready))
    return tuple(lines)


def engine_title(name: EngineName, model: str = "") -> str:
    """Return the name of an engine, and of its `model`, as users read it."""
    return f"{ENGINES[name]} ({model})" if model else ENGINES[name]


def languages(
    settings: EngineSettings,
    spoken: tuple[tuple[str, ...], ...],
    known: Collection[str] | None = None,
) -> tuple[MenuOption, ...]:
    """Return automatic detection, the combinations in `spoken`, and common languages.

    `known` are those that the models on this computer know; None: the engine may know any.
    """
    wanted = tuple(settings.languages)
    if known is not None and not settings.local_model:  # no language means English
        wanted = wanted or ("en",)
        spoken = tuple(codes for codes in spoken if codes)
    else:
        spoken = ((), *spoken)
    every = dict.fromkeys([*sorted(spoken), wanted, *((code,) for code in LANGUAGES)])
    offered = [codes for codes in every if codes == wanted or _are_known(codes, known)]
    return tuple(
        MenuOption(
            codes,
            _named(codes) if _are_known(codes, known) else f"{_named(codes)} (no model)",
            chosen=codes == wanted,
        )
        for codes in offered
    )  # fmt: skip


def _are_known(codes: tuple[str, ...], known: Collection[str] | None) -> bool:
    return known is None or all(language_of(code) in known for code in codes)


def methods(wanted: str) -> tuple[MenuOption, ...]:
    """Return the methods of inserting text."""
    return tuple(MenuOption(name, label, chosen=name == wanted) for name, label in METHODS.items())


def hint(keys: str, mode: str, trigger: Trigger | None = None) -> str:
    """Return how to start: "hold right Ctrl and speak".

    `trigger` holds the keys that the desktop has assigned; None: it assigns none.
    """
    verb = "press" if mode == "toggle" else "hold"
    if trigger is None:
        return f"{verb} {in_words(parse_chord(keys))} and speak"
    if trigger.keys:
        return f"{verb} {trigger.keys} and speak"
    if trigger.source == "commands":
        return "use the key that you have bound to tray-dictate start, and speak"
    if not trigger.advice:
        return "wait until the desktop has bound the hotkey; it may ask you"
    return "the hotkey has no key yet; tray-dictate doctor says what to do"


def _named(codes: tuple[str, ...]) -> str:
    return language_names(codes) or "Automatic"


def _family(engine: EngineName) -> str:
    return {"azure-preview": "azure"}.get(engine, engine if engine in CLOUDS else "own")


def _owner(settings: EngineSettings, usable: Collection[EngineName]) -> str:
    """Return the family of engines that server and key in the settings belong to; "" if neither is.

    Neither a key nor speech must go to another family's server.
    """
    where = settings.endpoint.strip()
    if where:
        host = urlsplit(where if "//" in where else f"//{where}").hostname or ""
        azure = ".azure." in f".{host}."
        return "azure" if azure else "openai" if host.endswith("openai.com") else "own"
    if not settings.key_command and not settings.model and settings.auth == "key":
        return ""
    if settings.name != "offline":
        return _family(settings.name)
    if settings.auth == "none":
        return "own"
    return "azure" if "azure" in usable else "openai"


def tooltip(status: Status, detail: str = "", *, listening: bool = False) -> str:
    """Return the status and its detail in one line, and whether the microphone is open."""
    words, detail = _WORDS[status], " ".join(plain(detail).split())
    said = f"{words}: {detail}" if detail else words
    return f"{said} (the microphone is open)" if is_marked(status, listening=listening) else said


def is_marked(status: Status, *, listening: bool) -> bool:
    """Return whether to mark an open microphone: not while the status implies it."""
    return listening and status not in (Status.OPENING, Status.RECORDING)


def status_with_unread(status: Status, detail: str, unread: Unread | None) -> tuple[Status, str]:
    """Return status and detail to show: when idle, the unread message replaces them."""
    if unread is None or status is not Status.IDLE:
        return status, detail
    message, urgency = unread
    return Status.ERROR if urgency is Urgency.CRITICAL else status, message


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text without control, format and unencodable characters, cut to a length."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join(_plain_line(line) for line in lines).strip()
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def markup(text: str) -> str:
    """Return the text escaped, so that a program that reads markup shows it literally."""
    return html.escape(text, quote=False)


def _plain_line(line: str) -> str:
    spaced = (" " if char.isspace() else char for char in line)
    return "".join(char for char in spaced if char.isprintable())
