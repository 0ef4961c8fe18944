"""The settings of the text pipeline; core/polish.py applies them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tray_dictate.config.engine import Section
from tray_dictate.core.text.replacements import patterner, replacer, speller

CommandLanguage = Literal["en", "de"]
FillerLanguage = Literal["en", "de", "fr"]


def _replacements(table: dict[str, str]) -> dict[str, str]:
    replacer(table)
    return table


def _patterns(table: dict[str, str]) -> dict[str, str]:
    patterner(table)
    return table


def _terms(terms: list[str]) -> list[str]:
    speller(terms)
    return terms


class TextSettings(Section):
    """What becomes of the words before they are inserted."""

    vocabulary: Annotated[list[str], AfterValidator(_terms)] = Field(
        default_factory=list, description='Names and terms to spell just so: ["Kubernetes", '
        '"Postgres"]; also where they were heard in two words. The engine is told to expect them.',
    )  # fmt: skip
    replacements: Annotated[dict[str, str], AfterValidator(_replacements)] = Field(
        default_factory=dict, description='Whole words or phrases, in any case, and what to write: '
        '{"tray dictate" = "tray_dictate"}; "\\n" is a new line.',
    )  # fmt: skip
    patterns: Annotated[dict[str, str], AfterValidator(_patterns)] = Field(
        default_factory=dict, description="The same with regular expressions of Python; they see "
        "no segment of more than 1000 characters.",
    )  # fmt: skip
    commands: list[CommandLanguage] = Field(
        default_factory=list[CommandLanguage],
        description='Languages whose spoken commands count: "new line", '
        '"comma", "scratch that" ...; "literal comma" writes the word.',
    )  # fmt: skip
    fillers: list[FillerLanguage] = Field(
        default_factory=list[FillerLanguage],
        description='Languages whose "um" and "uh" are left out; name all that you '
        'speak, since "um" and "er" are words in German.',
    )  # fmt: skip
    space: Literal["smart", "before", "after", "never"] = Field(
        default="smart", description="The blanks around a dictation: as what stands there asks for "
        "it. Where that cannot be known, smart: one on both sides, so that no two words are "
        "joined; before, after: one there alone; never: none at all, known or not.",
    )  # fmt: skip
    read_caret: bool = Field(
        default=True, description="Read the text beside the caret, for blanks and capitals, from "
        "programs that offer it to assistive technologies (AT-SPI on Linux; no password fields).",
    )  # fmt: skip
    unsaid: Literal["off", "sure", "likely"] = Field(
        default="sure", description="Drop a segment that nobody said: the prompt echoed, a film's "
        'credits. likely: also "Thank you." alone, which people do say.',
    )  # fmt: skip
    newline: Literal["enter", "shift+enter", "space"] = Field(
        default="enter", description="How a new line is typed; space: all on one line."
    )
    newline_in_terminals: bool = Field(
        default=False, description="In terminals, too, new lines and submit where a server writes "
        "the text: there a new line runs a command. The embedded engine may without.",
    )  # fmt: skip
    submit: bool = Field(default=False, description="Press Enter at the end of a dictation.")
    longest: int = Field(
        default=100_000, ge=1,
        description="A segment of more characters is kept, not inserted: nobody said that.",
    )  # fmt: skip
