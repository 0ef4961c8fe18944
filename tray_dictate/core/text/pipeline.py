"""Turns the text of an engine into the text to insert.

The steps, in this order: remove control characters; drop hallucinations; collapse repetitions;
remove fillers; find spoken commands; and in the words between these spell the user's terms, correct
what is nearly a term, then apply replacements, then patterns. All but the first three do nothing
until the user asks. An engine's line break becomes a space: only a spoken "new line" or a
replacement breaks a line, since in a terminal or a chat it sends the text.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from tray_dictate.core.text.capitals import ANY_LANGUAGE, Spelling
from tray_dictate.core.text.filters import Fillers, HallucinationFilter
from tray_dictate.core.text.misspellings import corrector
from tray_dictate.core.text.normalize import clean, join, without_comma
from tray_dictate.core.text.repetitions import collapse_repetitions
from tray_dictate.core.text.replacements import Apply, patterner, replacer, speller, substitute
from tray_dictate.core.text.spoken_commands import Command, Commands, Role, append, follow

_SCRATCHES = 10  # segments that one segment may remove
_KEPT = 100_000  # characters of a text that is too long


@dataclass(frozen=True, slots=True)
class TextRules:
    """The settings of [text] as plain values, and what the engine is asked to expect."""

    replacements: Mapping[str, str] = field(default_factory=dict[str, str])
    patterns: Mapping[str, str] = field(default_factory=dict[str, str])
    words: Sequence[str] = ()  # the user's names and terms
    ordinary: Container[str] = ()  # English words in small letters, which are no misspelt terms
    commands: Sequence[str] = ()  # languages
    fillers: Sequence[str] = ()  # languages
    unsaid: str = "sure"  # off, sure, likely
    newline: str = "enter"
    longest: int = 100_000  # characters
    prompt: str = ""
    languages: Sequence[str] = ()  # spoken languages; empty: any


@dataclass(frozen=True, slots=True)
class Insert:
    """Text for the window; it may contain line breaks.

    `owed` is the comma that the engine has written at its end: it is inserted when more follows.
    """

    text: str
    owed: str = ""

    def after(self, before: str, spelling: Spelling = ANY_LANGUAGE) -> str:
        """Return the text as it follows `before`, which was inserted last at this place."""
        return join(before, self.text, lines=True, spelling=spelling)


@dataclass(frozen=True, slots=True)
class Scratch:
    """Remove what was inserted last."""


Said = Insert | Scratch


@dataclass(frozen=True, slots=True)
class Polished:
    """A segment after the pipeline, and what to do for it, in order.

    `heard` is the engine's text without control characters. `note` is a message for the user. If
    the segment is refused, `refused` says why, and nothing is done.
    """

    heard: str
    said: list[Said] = field(default_factory=list[Said])
    note: str = ""
    refused: str = ""


class TextPipeline:
    """Applies one set of rules; it keeps no state between segments."""

    def __init__(self, rules: TextRules, apply: Apply = substitute) -> None:
        """`apply` applies the patterns to a text.

        Raises ValueError naming the replacement, term or regular expression that is wrong.
        """
        self._rules = rules
        self.spelling = Spelling.of(rules.words, rules.languages)
        self._unsaid = HallucinationFilter(rules.unsaid, rules.prompt, rules.words)
        self._fillers = Fillers(rules.fillers)
        self._commands = Commands(rules.commands)
        self._spelling = (
            speller(rules.words),
            corrector(rules.words, rules.ordinary, rules.languages),
            replacer(rules.replacements),
            patterner(rules.patterns, apply),
        )

    def polish(self, raw: str, seconds: float | None = None) -> Polished:
        """Return what to do for a segment as the engine wrote it.

        `seconds` is the length of its sound, if that is known. Of a segment that is too long only
        the beginning is processed.
        """
        heard = self.heard(raw)
        if self.refuses(raw):
            return Polished(heard, refused=self.refusal(raw))
        if self._unsaid(heard):
            return Polished(heard)
        text, note = collapse_repetitions(heard, seconds)
        return Polished(heard, self._said(text), note)

    def heard(self, raw: str) -> str:
        """Return an engine's text without control characters; of a long one the beginning."""
        return clean(raw[: max(self._rules.longest, _KEPT)])

    def refuses(self, text: str) -> bool:
        """Whether `text` is longer than any dictated segment, so that it must not be inserted."""
        return len(text) > self._rules.longest

    def refusal(self, text: str) -> str:
        """Return the message for a text that is too long to be inserted."""
        cut = f" The first {_KEPT} are kept." if len(text) > _KEPT else ""
        return f"it has {len(text)} characters, more than text.longest allows.{cut}"

    def _said(self, text: str) -> list[Said]:
        done: list[Said] = []
        out, last = "", None
        for piece in self._commands.split(self._fillers.without(text)):
            if isinstance(piece, Command):
                if piece.role is Role.SCRATCH and not out and len(done) < _SCRATCHES:
                    done.append(Scratch())
                out, last = append(out, last, piece), piece.role
            elif spelled := self._spelled(piece):
                out, last = follow(out, last, spelled), None
        out = clean(out, lines=self._rules.newline != "space")
        # a spoken "comma" is inserted at once
        out, owed = without_comma(out) if last is None else (out, "")
        return [*done, Insert(out, owed)] if out else done

    def _spelled(self, words: str) -> str:
        for rewrite in self._spelling:
            words = rewrite(words)
        return clean(words, lines=True)
