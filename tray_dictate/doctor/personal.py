"""What tells who somebody is, by its kind: keys, servers, addresses, homes, devices with a name.

Nobody can list the secrets of others, but keys, hosts and addresses look alike everywhere. Where in
doubt, more is taken out than need be.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

HIDDEN = "(removed)"

_URL = re.compile(
    r"\b((?:wss?|https?|socks[45]h?|ftp)://)([^\s'\"<>()]*[^\s'\"<>().,;:?]|)(?:\?\(removed\))?",
    re.IGNORECASE,
)
_CLOUDS = ("api.openai.com",)
_TENANTS = (  # of clouds where each customer has a host
    "openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com",
    "api.cognitive.microsoft.com",
)  # fmt: skip
_NOBODYS = re.compile(r"localhost|127\.[\d.]+|\[?::1\]?|0\.0\.0\.0|.+\.invalid")
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
_SHORTEST = 4  # characters of a host: what is shorter is part of any word
_LONGEST_WORD = 24  # letters of one case


def without_personal(text: str) -> str:
    """Return the text without what can be told by its kind."""
    hosts = {host for found in _URL.finditer(text) for host in secret_hosts(found[0])}
    text = _URL.sub(lambda found: _shown(found[0]), text)
    for host in sorted(host for host in hosts if len(host) >= _SHORTEST):
        text = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", HIDDEN, text, flags=re.IGNORECASE)
    for pattern in (_MAIL, _HARDWARE):
        text = pattern.sub(HIDDEN, text)
    text = _HOME.sub(r"\1USER", text)
    choices: Iterable[tuple[re.Pattern[str], Callable[[str], bool]]] = (
        (_NUMBERS, _is_somebodys), (_COLONS, _is_somebodys), (_OWNED, _is_device),
        (_BASE64, _is_mixed), (_KEY, bool), (_LETTERS, _is_no_word),
    )  # fmt: skip
    for pattern, is_secret in choices:
        text = pattern.sub(lambda found, is_it=is_secret: _hidden(found[0], is_it), text)
    return text


def address(url: str) -> str:
    """Return a server's address with the names that are nobody's secret; empty where it is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    path = "/".join(one if _PATH.fullmatch(one) else "PATH" for one in parts.path.split("/"))
    return f"{parts.scheme}://{_host(parts.hostname)}{port}{path}"


def _shown(url: str) -> str:
    query = f"?{HIDDEN}" if "?" in url else ""
    return f"{address(url)}{query}" if address(url) else HIDDEN


def secret_hosts(url: str) -> list[str]:
    """Return the names in an address that say whose server it is."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return []
    shown = _host(host)
    hidden = shown.startswith("HOST") and shown.lower() != host
    return [host.removesuffix(shown.removeprefix("HOST"))] if hidden else []


def _host(name: str) -> str:
    if name == "host" or name.startswith("host."):  # it has been hidden before
        return name.replace("host", "HOST", 1)
    if name in _CLOUDS or _NOBODYS.fullmatch(name):
        return f"[{name}]" if ":" in name else name
    ours = next((cloud for cloud in _TENANTS if name.endswith(f".{cloud}")), "")
    return f"HOST.{ours}" if ours else "HOST"


def _hidden(found: str, is_secret: Callable[[str], bool]) -> str:
    return HIDDEN if is_secret(found) else found


def _is_somebodys(number: str) -> bool:
    try:
        found = ipaddress.ip_address(number.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)


def _is_device(name: str) -> bool:
    return bool(_DEVICE.search(name)) or name[0].isupper()


def _is_mixed(found: str) -> bool:
    """Tell whether it has capitals, small letters and digits, as no path of ours has."""
    return all(re.search(kind, found) for kind in ("[A-Z]", "[a-z]", r"\d"))


def _is_no_word(letters: str) -> bool:
    """Tell whether it is neither a word nor aNameLikeThisOne, whose parts are long."""
    parts = _WORDS.findall(letters)
    if len(parts) == 1:
        return len(letters) >= _LONGEST_WORD
    return len(letters) / len(parts) < 3
