"""Finds spoken commands ("new line", "comma") in an engine's text; off unless a language is named.

An engine writes a pause as punctuation of its own ("Hello, comma, you."): a command removes the
punctuation that it makes superfluous. A command is recognized within one segment; "new ... line"
with a pause between is two words, since the first is inserted before the second is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from tray_dictate.core.text.normalize import casing, spacing
from tray_dictate.core.text.replacements import AnyOf, phrase


class Role(Enum):
    """How the text of a command joins the text before and after it."""

    MARK = auto()  # attached to the word before: a comma
    LINE = auto()
    OPEN = auto()  # attached to the word after
    CLOSE = auto()
    DASH = auto()  # spaces on both sides
    HYPHEN = auto()  # spaces on neither side
    SCRATCH = auto()  # removes what was inserted last


@dataclass(frozen=True, slots=True)
class Command:
    """The effect of a phrase, and the text that it stands for."""

    role: Role
    text: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """A language's phrases; after an article ("the comma") or `literal` they are plain words."""

    phrases: dict[str, Command]
    articles: frozenset[str]
    literal: str


_ENGLISH = Language(
    phrases={
        "new line": Command(Role.LINE, "\n"),
        "newline": Command(Role.LINE, "\n"),
        "next line": Command(Role.LINE, "\n"),
        "new paragraph": Command(Role.LINE, "\n\n"),
        "next paragraph": Command(Role.LINE, "\n\n"),
        "comma": Command(Role.MARK, ","),
        "full stop": Command(Role.MARK, "."),
        "period": Command(Role.MARK, "."),
        "question mark": Command(Role.MARK, "?"),
        "exclamation mark": Command(Role.MARK, "!"),
        "exclamation point": Command(Role.MARK, "!"),
        "colon": Command(Role.MARK, ":"),
        "semicolon": Command(Role.MARK, ";"),
        "semi colon": Command(Role.MARK, ";"),
        "dash": Command(Role.DASH, "–"),  # noqa: RUF001
        "hyphen": Command(Role.HYPHEN, "-"),
        "open quote": Command(Role.OPEN, '"'),
        "open quotes": Command(Role.OPEN, '"'),
        "close quote": Command(Role.CLOSE, '"'),
        "close quotes": Command(Role.CLOSE, '"'),
        "open bracket": Command(Role.OPEN, "("),
        "close bracket": Command(Role.CLOSE, ")"),
        "open parenthesis": Command(Role.OPEN, "("),
        "close parenthesis": Command(Role.CLOSE, ")"),
        "open square bracket": Command(Role.OPEN, "["),
        "close square bracket": Command(Role.CLOSE, "]"),
        "scratch that": Command(Role.SCRATCH),
    },
    articles=frozenset({"a", "an", "the", "each", "every"}),
    literal="literal",
)
_GERMAN = Language(
    phrases={
        "neue zeile": Command(Role.LINE, "\n"),
        "nächste zeile": Command(Role.LINE, "\n"),
        "neuer absatz": Command(Role.LINE, "\n\n"),
        "nächster absatz": Command(Role.LINE, "\n\n"),
        "komma": Command(Role.MARK, ","),
        "beistrich": Command(Role.MARK, ","),
        "punkt": Command(Role.MARK, "."),
        "fragezeichen": Command(Role.MARK, "?"),
        "ausrufezeichen": Command(Role.MARK, "!"),
        "rufzeichen": Command(Role.MARK, "!"),
        "doppelpunkt": Command(Role.MARK, ":"),
        "semikolon": Command(Role.MARK, ";"),
        "strichpunkt": Command(Role.MARK, ";"),
        "gedankenstrich": Command(Role.DASH, "–"),  # noqa: RUF001
        "bindestrich": Command(Role.HYPHEN, "-"),
        "anführungszeichen auf": Command(Role.OPEN, "„"),
        "anführungszeichen unten": Command(Role.OPEN, "„"),
        "anführungszeichen zu": Command(Role.CLOSE, "“"),
        "anführungszeichen oben": Command(Role.CLOSE, "“"),
        "klammer auf": Command(Role.OPEN, "("),
        "klammer zu": Command(Role.CLOSE, ")"),
        "eckige klammer auf": Command(Role.OPEN, "["),
        "eckige klammer zu": Command(Role.CLOSE, "]"),
        "streich das": Command(Role.SCRATCH),
        "streiche das": Command(Role.SCRATCH),
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
    """Recognizes the commands of some languages."""

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
        """Split a text into plain text and commands, in the order spoken."""
        pieces: list[str | Command] = []
        run, at = "", 0
        for match, which in self._phrases.find(text):
            command = self._commands[which]
            near = max(at, match.start() - _REACH)
            literal = self._literal.search(text, near, match.start())
            if literal:
                run, at = run + text[at : literal.start()] + match[0], match.end()
            elif self._is_meant(text, match, command):
                eaten = _eaten_before(command.role)
                pieces += [(run + text[at : match.start()]).rstrip().rstrip(eaten), command]
                run, at = "", _after(text, match.end(), command.role)
        return [piece for piece in [*pieces, run + text[at:]] if piece]

    def _is_meant(self, text: str, match: re.Match[str], command: Command) -> bool:
        """Whether the phrase is a command, and not the same words in a sentence."""
        if command.role is Role.SCRATCH:  # "he can scratch that itch" deletes nothing
            return _ENDS.match(text, match.end()) is not None
        before = text[max(match.start() - _REACH, 0) : match.start()]
        word = re.search(r"(\w+)\s+$", before)
        return word is None or word[1].casefold() not in self._articles


def append(out: str, last: Role | None, command: Command) -> str:
    """Return `out` with the text of a command added; `last`: the role of the command at its end."""
    match command.role:
        case Role.MARK | Role.CLOSE | Role.HYPHEN | Role.LINE:
            return out.rstrip(" ") + command.text
        case Role.OPEN | Role.DASH:
            return out + _blank(out, last) + command.text
        case Role.SCRATCH:
            return ""
        case _:
            assert_never(command.role)


def follow(out: str, last: Role | None, text: str) -> str:
    """Return `out` with words added; `last`: the role of the command at its end, if any."""
    if not out or last in (Role.OPEN, Role.HYPHEN):
        return out + text
    before = out[-_TAIL:]
    blank = spacing(before, text)
    if last is Role.CLOSE and text[0] not in _PAUSES:
        blank = " "  # a straight quotation mark alone would look like an opening one
    return out + blank + casing(before, text)


def _blank(out: str, last: Role | None) -> str:
    return "" if not out or out[-1].isspace() or last is Role.OPEN else " "


def _eaten_before(role: Role) -> str:
    if role in (Role.LINE, Role.CLOSE):
        return _LIGHT
    return "" if role is Role.OPEN else _PAUSES


def _after(text: str, at: int, role: Role) -> int:
    """Return the position of the text after a command that ended at `at`."""
    if role is Role.CLOSE:
        return at
    found = _GOES_ON.match(text, at)
    assert found
    return found.end()
