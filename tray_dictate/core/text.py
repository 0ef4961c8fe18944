"""What must never reach a window, and how segments join.

What an engine or a server sends is data. Control characters, escape sequences and bidirectional
overrides are taken out here, before anything is typed or put on a clipboard.
"""

from __future__ import annotations

import re

from tray_dictate.core.characters import NO_SPACES, only_text

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_LINE_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")
_WIDTHS = re.compile("[\u00a0\u202f\u2009\u3000]")  # a blank whose width is spelling: "Ça va ?"

_CLOSING = tuple(",.!?;:)]}%…’”»、。，！？；：）」』】〉》・")  # noqa: RUF001 - the real characters
_OPENING = tuple("([{¿¡«“‘„‚（「『【〈《")  # noqa: RUF001
_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔][\"'”’“»)\]]*$")  # noqa: RUF001
_CONTRACTION = re.compile(r"['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)  # noqa: RUF001
_LATIN_END = tuple(".!?;:,…)\"'")
_NO_SPACES = re.compile(f"[{NO_SPACES}]")
_FIRST_WORD = re.compile(r"[\"'(\[¿¡«“‘„‚]*([^\W\d_][^\s]*)")  # noqa: RUF001
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[^\w@/\\]*")  # noqa: RUF001
# Never a name, so that the capital an engine gives each segment is wrong in mid-sentence.
_SMALL = frozenset(
    "a about after all also although an and are as at be because been before but by can could did "
    "do does for from had has have he her here him his how if in into is it its my no not of on or "
    "our out over she should so some than that the their them then there these they this those "
    "through to too under up was we were what when where which while who why with would you your "
    "aber als auch auf aus bei da damit dann das dass dem den denn der des deshalb die doch durch "
    "ein eine einem einen einer er es etwas ich im ist ja jetzt kein keine mit nach nicht noch nur "
    "ob oder sehr sich sind sondern und uns unser von vor war was weil wenn wie wir wo zu zum zur "
    "über für".split()
)


def clean(text: str, *, lines: bool = False) -> str:
    """Return `text` without anything that is not text, on one line or with its `lines`."""
    found = _LINE_BREAK.split(_ESCAPES.sub("", text))
    found = [only_text(_BLANKS.sub(_blank, line)) for line in found]
    found = [_BLANKS.sub(_blank, line).strip() for line in found]
    return "\n".join(found) if lines else " ".join(line for line in found if line)


def join(before: str, segment: str, *, lines: bool = False) -> str:
    """Return what to insert after `before` so that `segment` goes on in the right way.

    `before` is what was inserted last at this place, empty where that is not known. Without
    `lines` a line break becomes a blank: an engine presses no Enter.
    """
    segment = clean(segment, lines=lines)
    if not segment or not before:
        return segment
    return spacing(before, segment) + casing(before, segment)


def spacing(before: str, segment: str) -> str:
    """Return the blank that belongs between the two, or nothing."""
    last, first = before[-1], segment[0]
    if last.isspace() or first.isspace() or _opens(before) or _closes(before, segment):
        return ""
    if _NO_SPACES.match(last) or (_NO_SPACES.match(first) and last not in _LATIN_END):
        return ""
    return " "


def casing(before: str, segment: str) -> str:
    """Return `segment` with the capital or small letter that it starts with after `before`."""
    word = _FIRST_WORD.match(segment)
    if not word:
        return segment
    at = word.start(1)
    if before.rstrip(" ").endswith("\n") or _SENTENCE_END.search(before.rstrip()):
        plain = _PLAIN_WORD.fullmatch(word[1]) and word[1] == word[1].lower()  # iPhone, x_y, a.io
        upper = segment[at].upper()
        return segment[:at] + upper + segment[at + 1 :] if plain and len(upper) == 1 else segment
    heard = re.match(r"\w+", segment[at:])
    if heard and heard[0].lower() in _SMALL and heard[0] == heard[0].capitalize():
        return segment[:at] + segment[at].lower() + segment[at + 1 :]
    return segment


def _blank(match: re.Match[str]) -> str:
    width = _WIDTHS.search(match[0])
    return width[0] if width else " "


def _opens(before: str) -> bool:
    """Tell whether `before` ends with a mark that the next word follows without a blank."""
    if before[-1] == "“":
        return "„" not in before or before.rindex("„") < before.rfind("“", 0, -1)
    return before[-1] in _OPENING or (before[-1] == '"' and _is_open(before))


def _closes(before: str, segment: str) -> bool:
    """Tell whether `segment` begins with a mark that follows without a blank."""
    first, second = segment[0], segment[1:2]
    if first in ".:" and second.isalnum():  # .NET, :smile: and not the end of a sentence
        return before[-1].isdigit() and second.isdigit()
    if first == '"':
        return _is_open(before)
    if first == "“":
        return before.rfind("„") > before.rfind("“")
    return first in _CLOSING or _CONTRACTION.match(segment) is not None


def _is_open(before: str) -> bool:
    """Tell whether the last straight quotation mark in `before` is an opening one."""
    at = before.rfind('"')
    return at >= 0 and (at == 0 or before[at - 1].isspace() or before[at - 1] in _OPENING)
