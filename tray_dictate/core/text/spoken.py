"""The spoken commands of each language, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


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
