"""Removes characters that must never reach a window, and joins segments.

The text of an engine or a server is data. Control characters, escape sequences and bidirectional
overrides are removed here, before anything is typed or put on a clipboard: an invisible character
can press a key, turn the line around or hide words from the reader. Some invisible characters are
spelling, though (a Persian plural, a family of emoji); they stay where they work, and only there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from tray_dictate.core.text.capitals import ANY_LANGUAGE, Spelling, begins, casing
from tray_dictate.core.text.caret import UNKNOWN, Around

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
_JOINERS = re.compile(  # scripts in which a joiner is spelling: Arabic to Mongolian, Brahmic
    "[\u0600-\u0dff\u1000-\u109f\u1780-\u180a\u1810-\u18af\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff]"
)
_NEWER = re.compile(  # emoji and ideographs that this Python's Unicode may not know yet
    "[\U0001f000-\U0001fbff\U00020000-\U0002fffd\U00030000-\U0003fffd]"
)
_EMOJI_TOO = frozenset("#*0123456789\u203c\u2049\u3030")  # emoji with a variation selector
_COMPATIBLE = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


def compose(text: str) -> str:
    """Return `text` with each letter and its accents in one character, if there is one (NFC).

    Compatibility ideographs, which names are written with, stay: NFC would replace them.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _COMPATIBLE.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def only_text(line: str) -> str:
    """Return `line` without the control, format and unassigned characters that are not spelling."""
    line = "".join(c for c in _INVISIBLE.sub("", line) if c.isascii() or _is_text(c))
    line = "".join(c for c in line if c >= " " and c != "\x7f")
    return _DEPENDENT.sub(_where_it_works, line)


def _is_text(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cn":
        return _NEWER.match(char) is not None
    return category not in ("Cc", "Cs", "Co", "Zl", "Zp")


def _where_it_works(match: re.Match[str]) -> str:
    """Return a dependent character if its neighbours need it, else nothing."""
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
    return bool(_JOINERS.match(before)) and unicodedata.category(before)[0] in "LM"


def _joins_emoji(text: str, at: int) -> bool:
    """Whether emoji are on both sides; the first may have a variation selector."""
    before = text[max(at - 2, 0) : at].removesuffix("\ufe0f")[-1:]
    return _is_emoji(before) and _is_emoji(text[at + 1 : at + 2])


def _is_emoji(char: str) -> bool:
    if not char:
        return False
    return unicodedata.category(char) in ("So", "Sm", "Cn") or "\U0001f3fb" <= char <= "\U0001f3ff"


__all__ = ["Space", "casing", "clean", "continues", "fit", "join", "spacing", "without_comma"]

Space = Literal["smart", "before", "after", "never"]

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_LINE_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")
_WIDTHS = re.compile("[\u00a0\u202f\u2009\u3000]")  # a blank whose width is spelling: "Ça va ?"

_CLOSING = tuple(",.!?;:)]}%…’”»、。，！？；：）」』】〉》・")  # noqa: RUF001 - the real characters
_OPENING = tuple("([{¿¡«“‘„‚（「『【〈《")  # noqa: RUF001
_CONTRACTION = re.compile(r"['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)  # noqa: RUF001
_LABEL = 100  # characters
_LATIN_END = tuple(".!?;:,…)\"'")
_STOPPED = re.compile(r"\w\.$")
_ENDING = ".!?…;:,"
_COMMAS = {",": ".", "，": "。", "、": "。", "،": "."}  # noqa: RUF001 - and the full stop of the script
_JOINING = frozenset("and or nor but because und oder aber sondern denn weil dass".split())
_NO_SPACES = re.compile(f"[{NO_SPACES}]")


def clean(text: str, *, lines: bool = False) -> str:
    """Return `text` without control characters, on one line or with its `lines`.

    Letters are composed (NFC), to compare them with the user's words and to type them.
    """
    found = _LINE_BREAK.split(_ESCAPES.sub("", text))
    found = [compose(only_text(_BLANKS.sub(_blank, line))) for line in found]
    found = [_BLANKS.sub(_blank, line).strip() for line in found]
    return "\n".join(found) if lines else " ".join(line for line in found if line)


def label(name: str) -> str:
    """Return the name of a program or a device in a form that is safe to log and show.

    It is on one line, and at most 100 characters long.
    """
    return clean(name[: 8 * _LABEL])[:_LABEL]


def join(
    before: str,
    segment: str,
    *,
    lines: bool = False,
    spelling: Spelling = ANY_LANGUAGE,
) -> str:
    """Return `segment` with the space and the capital that it needs after `before`.

    `before` is the text inserted last at this place, empty if that is not known. Without `lines` a
    line break becomes a space: an engine must not press Enter.
    """
    segment = clean(segment, lines=lines)
    if not segment or not before:
        return segment
    return spacing(before, segment) + casing(before, segment, spelling)


def fit(around: Around, text: str, space: Space, spelling: Spelling) -> str:
    """Return `text` with the spaces and the capital that it needs at the caret.

    If the text on a side is unknown, `space` decides; "never" adds no space on either side.
    """
    before, after = around.before, around.after
    if space in ("after", "never") and before.endswith(UNKNOWN):
        before = ""
    piece = join(before, text, lines=True, spelling=spelling)
    if not piece or space == "never":
        return piece.lstrip(" ")
    if after[:1] and after[0] in _ENDING and piece[-1] in ".," and len(piece) > 1:
        piece = piece[:-1]  # the punctuation at the caret is enough
    elif (
        after.lstrip(" ")[:1].islower() and before and not begins(before) and _STOPPED.search(piece)
    ):
        piece = piece[:-1]  # an engine ends each text with a full stop, also within a sentence
    return piece + _blank_after(before + piece, after, space)


def continues(mark: str, text: str) -> str:
    """Return the punctuation between a text whose comma `mark` was held back, and `text`.

    A pause is a comma; but another dictation is a sentence of its own, unless it begins with a word
    that begins none.
    """
    word = re.match(r"\w+", text)
    return mark if word and word[0].lower() in _JOINING else _COMMAS[mark]


def without_comma(text: str) -> tuple[str, str]:
    """Return `text` without its final comma, and that comma."""
    return (text[:-1].rstrip(), text[-1]) if text[-1:] in _COMMAS else (text, "")


def spacing(before: str, segment: str) -> str:
    """Return the space that belongs between the two, or nothing."""
    last, first = before[-1], segment[0]
    if last.isspace() or first.isspace() or _opens(before) or _closes(before, segment):
        return ""
    if _NO_SPACES.match(last) or (_NO_SPACES.match(first) and last not in _LATIN_END):
        return ""
    return " "


def _blank_after(before: str, after: str, space: Space) -> str:
    if after[:1] == UNKNOWN:
        after = "" if space == "before" else UNKNOWN
    if not after:
        return "" if space != "after" or before[-1].isspace() else " "
    return spacing(before, after)


def _blank(match: re.Match[str]) -> str:
    width = _WIDTHS.search(match[0])
    return width[0] if width else " "


def _opens(before: str) -> bool:
    """Whether `before` ends with a character that the next word follows without a space."""
    if before[-1] == "“":
        return "„" not in before or before.rindex("„") < before.rfind("“", 0, -1)
    alone = not before[-2:-1].strip()
    if before[-1] in "/\\" or (alone and before[-1] in "@#"):  # a path, a name, a tag
        return True
    return before[-1] in _OPENING or (before[-1] == '"' and _is_open(before))


def _closes(before: str, segment: str) -> bool:
    """Whether `segment` begins with a character that follows without a space."""
    first, second = segment[0], segment[1:2]
    if first in ".:" and second.isalnum():  # .NET, :smile: and not the end of a sentence
        return before[-1].isdigit() and second.isdigit()
    if first == '"':
        return _is_open(before)
    if first == "“":
        return before.rfind("„") > before.rfind("“")
    return first in _CLOSING or _CONTRACTION.match(segment) is not None


def _is_open(before: str) -> bool:
    """Whether the last straight quotation mark in `before` is an opening one."""
    at = before.rfind('"')
    return at >= 0 and (at == 0 or before[at - 1].isspace() or before[at - 1] in _OPENING)
