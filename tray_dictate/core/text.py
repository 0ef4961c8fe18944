"""The text pipeline: what must never reach a window, and how segments join.

What an engine or a server sends is data. Control characters, escape sequences and bidirectional
overrides are taken out here, before anything is typed or put on a clipboard.
"""

from __future__ import annotations

import re
import unicodedata

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_BLANK = re.compile(r"\s+")

_CLOSING = tuple(",.!?;:)]}%…’”»、。，！？；：）」』】")  # noqa: RUF001 - the real characters
_OPENING = tuple("([{¿¡«“‘（「『【")  # noqa: RUF001
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")  # noqa: RUF001
_NO_SPACES = re.compile(  # scripts written without spaces between words (not Korean)
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff01-\uff65\U00020000-\U0003ffff]"
)
# Never a name, so that the capital an engine gives each segment is wrong in mid-sentence.
_SMALL = frozenset(
    "a about after all also although an and are as at be because been before but by can could did "
    "do does for from had has have he her here him his how if in into is it its my no not of on or "
    "our out over she should so some than that the their them then there these they this those "
    "through to too under up was we were what when where which while who why with would you "
    "your".split()
)


def clean(text: str) -> str:
    """Return `text` on one line, without anything that is not text."""
    text = _BLANK.sub(" ", _ESCAPES.sub("", text).translate(_BIDI))
    kept = (c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    return _BLANK.sub(" ", "".join(kept).replace("\ufeff", "")).strip()


def join(before: str, segment: str) -> str:
    """Return what to insert after `before` so that `segment` goes on in the right way.

    `before` is what was inserted last at this place, empty where that is not known.
    """
    segment = clean(segment)
    if not segment or not before:
        return segment
    return _space(before, segment) + _case(before, segment)


def _space(before: str, segment: str) -> str:
    last, first = before[-1], segment[0]
    if last.isspace() or last in _OPENING or first in _CLOSING:
        return ""
    if _NO_SPACES.match(last) or _NO_SPACES.match(first):
        return ""
    return " "


def _case(before: str, segment: str) -> str:
    if _SENTENCE_END.search(before.rstrip()):
        return segment[0].upper() + segment[1:]
    word = re.match(r"\w+", segment)
    if word and word[0].lower() in _SMALL and word[0] == word[0].capitalize():
        return segment[0].lower() + segment[1:]
    return segment
