"""Finds spoken commands in what an engine wrote; off unless a language is named.

An engine writes a pause as a mark of its own ("Hello, comma, you."): the marks that a command
makes superfluous go with it. A command is heard within one segment; "new ... line" with a pause
between is two words, since the first of them is in the window before the second is known.

The spoken commands of each language, as a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from tray_dictate.core.text.normalize import casing, spacing
from tray_dictate.core.text.replacements import AnyOf, phrase


class Kind(Enum):
    """How a command's text stands between what is before and after it."""

    MARK = auto()  # close to the word before it: a comma
    LINE = auto()
    OPEN = auto()  # close to the word after it
    CLOSE = auto()
    DASH = auto()  # blanks on both sides
    HYPHEN = auto()  # blanks on neither
    SCRATCH = auto()  # takes back what was inserted last


@dataclass(frozen=True, slots=True)
class Command:
    """What a phrase does, and the text that it stands for."""

    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """A language's phrases; after an article they are words ("the comma"), after `literal`, too."""

    phrases: dict[str, Command]
    articles: frozenset[str]
    literal: str


_ENGLISH = Language(
    phrases={
        "new line": Command(Kind.LINE, "\n"),
        "newline": Command(Kind.LINE, "\n"),
        "next line": Command(Kind.LINE, "\n"),
        "new paragraph": Command(Kind.LINE, "\n\n"),
        "next paragraph": Command(Kind.LINE, "\n\n"),
        "comma": Command(Kind.MARK, ","),
        "full stop": Command(Kind.MARK, "."),
        "period": Command(Kind.MARK, "."),
        "question mark": Command(Kind.MARK, "?"),
        "exclamation mark": Command(Kind.MARK, "!"),
        "exclamation point": Command(Kind.MARK, "!"),
        "colon": Command(Kind.MARK, ":"),
        "semicolon": Command(Kind.MARK, ";"),
        "semi colon": Command(Kind.MARK, ";"),
        "dash": Command(Kind.DASH, "–"),  # noqa: RUF001
        "hyphen": Command(Kind.HYPHEN, "-"),
        "open quote": Command(Kind.OPEN, '"'),
        "open quotes": Command(Kind.OPEN, '"'),
        "close quote": Command(Kind.CLOSE, '"'),
        "close quotes": Command(Kind.CLOSE, '"'),
        "open bracket": Command(Kind.OPEN, "("),
        "close bracket": Command(Kind.CLOSE, ")"),
        "open parenthesis": Command(Kind.OPEN, "("),
        "close parenthesis": Command(Kind.CLOSE, ")"),
        "open square bracket": Command(Kind.OPEN, "["),
        "close square bracket": Command(Kind.CLOSE, "]"),
        "scratch that": Command(Kind.SCRATCH),
    },
    articles=frozenset({"a", "an", "the", "each", "every"}),
    literal="literal",
)
_GERMAN = Language(
    phrases={
        "neue zeile": Command(Kind.LINE, "\n"),
        "nächste zeile": Command(Kind.LINE, "\n"),
        "neuer absatz": Command(Kind.LINE, "\n\n"),
        "nächster absatz": Command(Kind.LINE, "\n\n"),
        "komma": Command(Kind.MARK, ","),
        "beistrich": Command(Kind.MARK, ","),
        "punkt": Command(Kind.MARK, "."),
        "fragezeichen": Command(Kind.MARK, "?"),
        "ausrufezeichen": Command(Kind.MARK, "!"),
        "rufzeichen": Command(Kind.MARK, "!"),
        "doppelpunkt": Command(Kind.MARK, ":"),
        "semikolon": Command(Kind.MARK, ";"),
        "strichpunkt": Command(Kind.MARK, ";"),
        "gedankenstrich": Command(Kind.DASH, "–"),  # noqa: RUF001
        "bindestrich": Command(Kind.HYPHEN, "-"),
        "anführungszeichen auf": Command(Kind.OPEN, "„"),
        "anführungszeichen unten": Command(Kind.OPEN, "„"),
        "anführungszeichen zu": Command(Kind.CLOSE, "“"),
        "anführungszeichen oben": Command(Kind.CLOSE, "“"),
        "klammer auf": Command(Kind.OPEN, "("),
        "klammer zu": Command(Kind.CLOSE, ")"),
        "eckige klammer auf": Command(Kind.OPEN, "["),
        "eckige klammer zu": Command(Kind.CLOSE, "]"),
        "streich das": Command(Kind.SCRATCH),
        "streiche das": Command(Kind.SCRATCH),
    },
    articles=frozenset(
        {"der", "die", "den", "dem", "ein", "eine", "einen", "einem", "kein", "keinen", "jeder"}
    ),
    literal="wörtlich",
)
LANGUAGES = {"en": _ENGLISH, "de": _GERMAN}


_PAUSES = ",.;:!?…"
_LIGHT = ",;"  # a full stop before a new line is the sentence's own
_REACH = 30  # characters before a phrase that are looked at for an article, and for `literal`
_TAIL = 2000  # characters before a piece that decide how it goes on
_ONLY_BLANKS = r"\s+"
_ENDS = re.compile(rf"\s*(?:[{_PAUSES}]|\Z)")
_GOES_ON = re.compile(rf"\s*[{_PAUSES} ]*")


class Commands:
    """The commands of some languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        known = [LANGUAGES[language] for language in languages]
        spoken = {phrase: does for one in known for phrase, does in one.phrases.items()}
        heard = sorted(spoken, key=len, reverse=True)
        self._commands = [spoken[words] for words in heard]
        self._articles = {article for one in known for article in one.articles}
        literals = "|".join(one.literal for one in known)
        self._phrases = AnyOf([phrase(words, _ONLY_BLANKS) for words in heard])
        self._literal = re.compile(rf"(?<!\w)(?:{literals})\s+$", re.IGNORECASE)

    def split(self, text: str) -> list[str | Command]:
        """Return what is text and what is a command, in the order spoken."""
        pieces: list[str | Command] = []
        run, at = "", 0
        for match, which in self._phrases.find(text):
            command = self._commands[which]
            near = max(at, match.start() - _REACH)
            literal = self._literal.search(text, near, match.start())
            if literal:
                run, at = run + text[at : literal.start()] + match[0], match.end()
            elif self._is_meant(text, match, command):
                eaten = _eaten_before(command.kind)
                pieces += [(run + text[at : match.start()]).rstrip().rstrip(eaten), command]
                run, at = "", _after(text, match.end(), command.kind)
        return [piece for piece in [*pieces, run + text[at:]] if piece]

    def _is_meant(self, text: str, match: re.Match[str], command: Command) -> bool:
        """Tell a command from the same words in a sentence."""
        if command.kind is Kind.SCRATCH:  # "he can scratch that itch" deletes nothing
            return _ENDS.match(text, match.end()) is not None
        before = text[max(match.start() - _REACH, 0) : match.start()]
        word = re.search(r"(\w+)\s+$", before)
        return word is None or word[1].casefold() not in self._articles


def append(out: str, last: Kind | None, command: Command) -> str:
    """Return `out`, which the command `last` has ended unless that is None, with a mark added."""
    match command.kind:
        case Kind.MARK | Kind.CLOSE | Kind.HYPHEN | Kind.LINE:
            return out.rstrip(" ") + command.text
        case Kind.OPEN | Kind.DASH:
            return out + _blank(out, last) + command.text
        case Kind.SCRATCH:
            return ""
        case _:
            assert_never(command.kind)


def follow(out: str, last: Kind | None, text: str) -> str:
    """Return `out`, which the command `last` has ended unless that is None, with words added."""
    if not out or last in (Kind.OPEN, Kind.HYPHEN):
        return out + text
    before = out[-_TAIL:]
    blank = spacing(before, text)
    if last is Kind.CLOSE and text[0] not in _PAUSES:
        blank = " "  # a straight quotation mark alone would look like an opening one
    return out + blank + casing(before, text)


def _blank(out: str, last: Kind | None) -> str:
    return "" if not out or out[-1].isspace() or last is Kind.OPEN else " "


def _eaten_before(kind: Kind) -> str:
    if kind in (Kind.LINE, Kind.CLOSE):
        return _LIGHT
    return "" if kind is Kind.OPEN else _PAUSES


def _after(text: str, at: int, kind: Kind) -> int:
    """Return where the text goes on after a command that ended at `at`."""
    if kind is Kind.CLOSE:
        return at
    found = _GOES_ON.match(text, at)
    assert found
    return found.end()
