"""Removes from texts and settings what must not leave this computer with a report.

Texts that are known to be private are removed wherever they occur: the user's names, secrets in the
environment, private settings, dictated words. Other keys, addresses, folders and devices are
recognized by their form; when in doubt, too much is removed. Of the settings, only values that are
known to be harmless are shown: a key in the wrong place is a setting with an unknown name, or a
value of the wrong type.
"""

from __future__ import annotations

import getpass
import ipaddress
import json
import os
import platform
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin
from urllib.parse import urlsplit

from tray_dictate.config.schema import Config, Section

HIDDEN = "(removed)"

_URL = re.compile(
    r"\b((?:wss?|https?|socks[45]h?|ftp)://)([^\s'\"<>()]*[^\s'\"<>().,;:?]|)(?:\?\(removed\))?",
    re.IGNORECASE,
)
_CLOUDS = ("api.openai.com",)
_TENANTS = (  # clouds where each customer has a host
    "openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com",
    "api.cognitive.microsoft.com",
)  # fmt: skip
_PUBLIC = re.compile(r"localhost|127\.[\d.]+|\[?::1\]?|0\.0\.0\.0|.+\.invalid")
_PATH = re.compile(
    r"v\d+|openai|realtime|transcription_sessions|client_secrets|audio|transcriptions|chat|"
    r"completions|responses|deployments|models|api|ws|stream|"
)
_NUMBERS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)")
_COLONS = re.compile(r"(?<![\w:])\[?[0-9a-f]*:[0-9a-f:]*:[0-9a-f.]*(?:%\w+)?\]?", re.IGNORECASE)
_HARDWARE = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:_-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOME = re.compile(r"(/home/|/Users/|\\Users\\)[^/\\\s:'\"]+")
_OWNED = re.compile(r"\b(?:[A-Z][\w-]*\s+)*[^\W\d_][\w-]*['’]s?\s+(?:[^\W\d_][\w-]*\s*){1,3}")  # noqa: RUF001
_DEVICE = re.compile(
    r"airpods|buds|beats|head|ear|phone|pad|mic|mac|watch|pc\b|laptop", re.IGNORECASE
)
_KEY = re.compile(
    r"sk-[\w-]{8,}|eyJ[\w-]{6,}[\w.-]*|(?i:bearer|basic)\s+\S{6,}"
    r"|\b[A-Za-z]{1,6}[-_](?=\w*[A-Za-z])(?=(?:\w*\d){3})\w{12,}"
    r"|\b(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{24,}={0,2}"
)
_BASE64 = re.compile(r"(?<![\w/.~-])[A-Za-z0-9+][A-Za-z0-9+/]{31,}={0,2}(?![\w/.])")
_LETTERS = re.compile(r"(?<![\w-])[A-Za-z]{16,}(?![\w-])")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SHORTEST = 4  # characters of a name or a host: shorter ones are parts of many words
_LONGEST_WORD = 24  # letters of one case
_HARMLESS = {  # settings whose texts may be shown
    "hotkey.keys", "hotkey.cancel", "hotkey.redo", "hotkey.undo", "hotkey.copy_last",
    "audio.warm", "engine.model", "engine.languages", "engine.api_version",
    "engine.entra_scope",
    "text.commands", "text.fillers", "rewrite.model",
}  # fmt: skip
_ADDRESSES = {"engine.endpoint", "rewrite.endpoint"}
_SECRET_NAME = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)


class Redactor:
    """Removes private texts from other texts."""

    def __init__(self, private: Iterable[str]) -> None:
        """`private`: texts to remove in addition to the names of this user and computer."""
        found = {text.strip() for text in (*private, *_secrets_of_environment(), *_proxies())}
        self._private = sorted((t for t in found if len(t) >= _SHORTEST), key=len, reverse=True)
        self._homes = sorted(
            {str(Path.home()), os.path.realpath(Path.home())} - {"/"}, key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """Return a text without its private parts."""
        for private in self._private:
            text = re.sub(re.escape(private), HIDDEN, text, flags=re.IGNORECASE)
        for home in self._homes:
            text = text.replace(home, "~")
        for name, placeholder in _names():
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", placeholder, text)
        return _without_recognized(text)

    def tree(self, value: Any) -> Any:
        """Return a JSON value with the private parts of its texts removed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.tree(item) for name, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.tree(item) for item in cast("list[Any]", value)]
        return value


def redact_settings(tree: dict[str, Any]) -> tuple[str, list[str]]:
    """Return settings as TOML without private values, and the texts that were removed."""
    written: list[str] = []
    private: list[str] = []
    for section, table in tree.items():
        known = _fields(section)
        if known is None or not isinstance(table, dict):
            written.append(f"# {section}: an unknown section, its contents {HIDDEN}")
            private += _texts(table)
            continue
        written.append(f"[{section}]")
        for name, value in cast("dict[str, Any]", table).items():
            if name not in known:
                written.append(f"# {name}: an unknown setting, its value {HIDDEN}")
                private += _texts(value)
                continue
            shown = _shown(f"{section}.{name}", known[name], value)
            if shown is None:
                private += _texts(value)
            elif f"{section}.{name}" in _ADDRESSES:
                private += _private_hosts(str(value))
            written.append(f"{name} = {shown or json.dumps(HIDDEN)}")
    return "\n".join(written) + "\n", private


def _shown(dotted: str, annotation: Any, value: Any) -> str | None:
    """Return the value of a setting as TOML, None if it is private."""
    if dotted in _ADDRESSES and isinstance(value, str):
        shown = _public_address(value)
        return json.dumps(shown) if shown else None
    if isinstance(value, (bool, int, float)) or value in ("", [], {}):
        return json.dumps(value)
    if dotted in _HARMLESS or value in _choices(annotation):
        return json.dumps(value, ensure_ascii=False)
    return None


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _fields(section: str) -> dict[str, Any] | None:
    """Return the types of a section's settings by their names, None for an unknown section."""
    field = Config.model_fields.get(section)
    if field is None or not isinstance(field.annotation, type):
        return None
    assert issubclass(field.annotation, Section)
    return {name: info.annotation for name, info in field.annotation.model_fields.items()}


def _texts(value: Any) -> list[str]:
    """Return every text in a value, including the names in tables."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return [*table, *(text for item in table.values() for text in _texts(item))]
    if isinstance(value, list):
        return [text for item in cast("list[Any]", value) for text in _texts(item)]
    return []


def _secrets_of_environment() -> list[str]:
    return [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]


def _proxies() -> list[str]:
    return [
        host for name, value in os.environ.items() if name.lower().endswith("_proxy")
        for host in _private_hosts(value)
    ]  # fmt: skip


def _names() -> list[tuple[str, str]]:
    """Return the names of the user and of this computer, each with its placeholder."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    names = [(user, "USER"), (Path.home().name, "USER"), (platform.node(), "HOST")]
    return [
        (name, word) for name, word in names if len(name) > 2 and name not in ("root", "localhost")
    ]


def _without_recognized(text: str) -> str:
    """Return a text without the parts whose form shows that they are private."""
    hosts = {host for found in _URL.finditer(text) for host in _private_hosts(found[0])}
    text = _URL.sub(lambda found: _public_url(found[0]), text)
    for host in sorted(host for host in hosts if len(host) >= _SHORTEST):
        text = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", HIDDEN, text, flags=re.IGNORECASE)
    for pattern in (_MAIL, _HARDWARE):
        text = pattern.sub(HIDDEN, text)
    text = _HOME.sub(r"\1USER", text)
    choices: Iterable[tuple[re.Pattern[str], Callable[[str], bool]]] = (
        (_NUMBERS, _is_remote), (_COLONS, _is_remote), (_OWNED, _is_device),
        (_BASE64, _is_mixed), (_KEY, bool), (_LETTERS, _is_random),
    )  # fmt: skip
    for pattern, is_secret in choices:
        text = pattern.sub(
            lambda found, check=is_secret: HIDDEN if check(found[0]) else found[0], text
        )
    return text


def _public_address(url: str) -> str:
    """Return a server's address without private names; "" if it is not an address."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    path = "/".join(part if _PATH.fullmatch(part) else "PATH" for part in parts.path.split("/"))
    return f"{parts.scheme}://{_host(parts.hostname)}{port}{path}"


def _public_url(url: str) -> str:
    query = f"?{HIDDEN}" if "?" in url else ""
    public = _public_address(url)
    return f"{public}{query}" if public else HIDDEN


def _private_hosts(url: str) -> list[str]:
    """Return the names in an address that reveal the owner of the server."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return []
    shown = _host(host)
    hidden = shown.startswith("HOST") and shown.lower() != host
    return [host.removesuffix(shown.removeprefix("HOST"))] if hidden else []


def _host(name: str) -> str:
    if name == "host" or name.startswith("host."):  # hidden already
        return name.replace("host", "HOST", 1)
    if name in _CLOUDS or _PUBLIC.fullmatch(name):
        return f"[{name}]" if ":" in name else name
    cloud = next((cloud for cloud in _TENANTS if name.endswith(f".{cloud}")), "")
    return f"HOST.{cloud}" if cloud else "HOST"


def _is_remote(number: str) -> bool:
    try:
        found = ipaddress.ip_address(number.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)


def _is_device(name: str) -> bool:
    return bool(_DEVICE.search(name)) or name[0].isupper()


def _is_mixed(text: str) -> bool:
    """Return whether a text has capitals, small letters and digits, unlike our own paths."""
    return all(re.search(group, text) for group in ("[A-Z]", "[a-z]", r"\d"))


def _is_random(letters: str) -> bool:
    """Return whether letters are neither a word nor camelCase, whose parts are longer."""
    parts = _WORDS.findall(letters)
    if len(parts) == 1:
        return len(letters) >= _LONGEST_WORD
    return len(letters) / len(parts) < 3
