"""Which characters are text.

What cannot be seen is no text: it can press a key, turn the line around or hide words from the
reader. Some invisible characters are spelling, though (a Persian plural, a family of emoji), so
these stay where they do their work, and only there.
"""

from __future__ import annotations

import re
import unicodedata

NO_SPACES = (  # scripts written without spaces between words (not Korean), as a class of `re`
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u2e80-\u2fdf\u3001-\u312f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uaa60-\uaadf\uf900-\ufaff\uff01-\uff9f"
    "\U00020000-\U0003ffff"
)
_INVISIBLE = re.compile(  # never text, wherever they stand
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_DEPENDENT = re.compile("[\u180b-\u180f\u200b-\u200d\ufe0e\ufe0f\U000e0100-\U000e01ef]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MONGOLIAN = re.compile("[\u1820-\u18aa]")
_BREAKING = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_JOINING = re.compile(  # scripts in which a joiner is spelling: Arabic to Mongolian, Brahmic
    "[\u0600-\u0dff\u1000-\u109f\u1780-\u180a\u1810-\u18af\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff]"
)
_NEWER = re.compile(  # emoji and ideographs that this Python's Unicode may not know yet
    "[\U0001f000-\U0001fbff\U00020000-\U0002fffd\U00030000-\U0003fffd]"
)
_EMOJI_TOO = frozenset("#*0123456789\u203c\u2049\u3030")  # emoji with a variation selector
_COMPATIBLE = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


def compose(text: str) -> str:
    """Return `text` with each letter and its accents in one character where there is one (NFC).

    The forms of ideographs that names are written with stay: they would become others.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _COMPATIBLE.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def only_text(line: str) -> str:
    """Return `line` without control, format and unassigned characters that are no spelling."""
    line = "".join(c for c in _INVISIBLE.sub("", line) if c.isascii() or _is_text(c))
    line = "".join(c for c in line if c >= " " and c != "\x7f")
    return _DEPENDENT.sub(_where_it_works, line)


def _is_text(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cn":
        return _NEWER.match(char) is not None
    return category not in ("Cc", "Cs", "Co", "Zl", "Zp")


def _where_it_works(match: re.Match[str]) -> str:
    """Return a dependent character if what stands beside it needs it, else nothing."""
    at, text, char = match.start(), match.string, match[0]
    before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if not before:
        return ""
    if char in ("\ufe0e", "\ufe0f"):
        works = _is_emoji(before) or before in _EMOJI_TOO
    elif char >= "\U000e0100":
        works = _IDEOGRAPH.match(before) is not None
    elif char == "\u200b":
        works = bool(_BREAKING.match(before) and _BREAKING.match(after))
    elif char <= "\u180f":
        works = _MONGOLIAN.match(before) is not None
    else:
        works = _joins(before) or (char == "\u200d" and _joins_emoji(text, at))
    return char if works else ""


def _joins(before: str) -> bool:
    return bool(_JOINING.match(before)) and unicodedata.category(before)[0] in "LM"


def _joins_emoji(text: str, at: int) -> bool:
    """Tell whether emoji stand on both sides; before it a variation selector may stand."""
    before = text[max(at - 2, 0) : at].removesuffix("\ufe0f")[-1:]
    return _is_emoji(before) and _is_emoji(text[at + 1 : at + 2])


def _is_emoji(char: str) -> bool:
    if not char:
        return False
    return unicodedata.category(char) in ("So", "Sm", "Cn") or "\U0001f3fb" <= char <= "\U0001f3ff"
