"""The text pipeline: what an engine wrote becomes what is inserted.

In this order: nothing but text; nothing that nobody said; no loops; no fillers; spoken commands;
and in the words between these the vocabulary, then replacements, then patterns. All but the first
three do nothing until the user asks. A line break that an engine wrote is a blank: only "new line",
spoken, or a replacement breaks a line, since in a terminal or a chat it sends what stands there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tray_dictate.core.text.capitals import ANY_LANGUAGE, Spelling
from tray_dictate.core.text.filters import Fillers, HallucinationFilter
from tray_dictate.core.text.loops import unroll
from tray_dictate.core.text.normalize import clean, join, without_comma
from tray_dictate.core.text.replacements import Apply, patterner, replacer, speller, substitute
from tray_dictate.core.text.spoken_commands import Command, Commands, Kind, append, follow

_SCRATCHES = 10  # segments that one segment may take back
_KEPT = 100_000  # characters of a text that is too long


@dataclass(frozen=True, slots=True)
class TextRules:
    """The settings of [text] as plain values, and the hints that the engine was given."""

    replacements: Mapping[str, str] = field(default_factory=dict[str, str])
    patterns: Mapping[str, str] = field(default_factory=dict[str, str])
    vocabulary: Sequence[str] = ()
    commands: Sequence[str] = ()  # languages
    fillers: Sequence[str] = ()  # languages
    unsaid: str = "sure"  # off, sure, likely
    newline: str = "enter"
    longest: int = 100_000  # characters
    prompt: str = ""
    keywords: Sequence[str] = ()
    languages: Sequence[str] = ()  # what is spoken; empty: any


@dataclass(frozen=True, slots=True)
class Insert:
    """Text for the window; it may hold line breaks.

    `owed` is the comma that the engine has put at its end: it is written when more follows.
    """

    text: str
    owed: str = ""

    def after(self, before: str, spelling: Spelling = ANY_LANGUAGE) -> str:
        """Return what to insert after `before`, which was inserted last at this place."""
        return join(before, self.text, lines=True, spelling=spelling)


@dataclass(frozen=True, slots=True)
class Scratch:
    """What was inserted last is taken back."""


Said = Insert | Scratch


@dataclass(frozen=True, slots=True)
class Polished:
    """What a segment is, and what is to be done for it, in order.

    `heard` is what the engine wrote, as far as it is text. `note` is for the user to know. Where it
    is `refused`, that says why, and nothing is to be done.
    """

    heard: str
    said: list[Said] = field(default_factory=list[Said])
    note: str = ""
    refused: str = ""


class TextPipeline:
    """One set of rules; it keeps nothing from one segment to the next."""

    def __init__(self, rules: TextRules, apply: Apply = substitute) -> None:
        """`apply` applies the patterns to a text.

        Raises ValueError naming the replacement, term or regular expression that is wrong.
        """
        self._rules = rules
        self.spelling = Spelling.of([*rules.vocabulary, *rules.keywords], rules.languages)
        self._unsaid = HallucinationFilter(rules.unsaid, rules.prompt, rules.keywords)
        self._fillers = Fillers(rules.fillers)
        self._commands = Commands(rules.commands)
        self._spelling = (
            speller(rules.vocabulary),
            replacer(rules.replacements),
            patterner(rules.patterns, apply),
        )

    def polish(self, raw: str, seconds: float | None = None) -> Polished:
        """Return what is to be done for a segment as the engine wrote it.

        `seconds` is how long it was spoken, as far as that is known. Of what is too long only the
        beginning is looked at.
        """
        heard = self.heard(raw)
        if self.refuses(raw):
            return Polished(heard, refused=self.refusal(raw))
        if self._unsaid(heard):
            return Polished(heard)
        text, note = unroll(heard, seconds)
        return Polished(heard, self._said(text), note)

    def heard(self, raw: str) -> str:
        """Return what is text of what an engine wrote; only the beginning where it is too long."""
        return clean(raw[: max(self._rules.longest, _KEPT)])

    def refuses(self, text: str) -> bool:
        """Tell whether `text` is too long to be inserted: it is not what anybody said."""
        return len(text) > self._rules.longest

    def refusal(self, text: str) -> str:
        """Return why a text that is too long is not inserted."""
        cut = f" The first {_KEPT} of them are kept." if len(text) > _KEPT else ""
        return (
            f"{len(text)} characters are more than text.longest, and nobody says so much at once."
            + cut
        )

    def _said(self, text: str) -> list[Said]:
        done: list[Said] = []
        out, last = "", None
        for piece in self._commands.split(self._fillers.without(text)):
            if isinstance(piece, Command):
                if piece.kind is Kind.SCRATCH and not out and len(done) < _SCRATCHES:
                    done.append(Scratch())
                out, last = append(out, last, piece), piece.kind
            elif spelled := self._spelled(piece):
                out, last = follow(out, last, spelled), None
        out = clean(out, lines=self._rules.newline != "space")
        # who says "comma" wants it at once
        out, owed = without_comma(out) if last is None else (out, "")
        return [*done, Insert(out, owed)] if out else done

    def _spelled(self, words: str) -> str:
        for rewrite in self._spelling:
            words = rewrite(words)
        return clean(words, lines=True)
