"""What a text goes through on its way to the window, as the settings want it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tray_dictate.app.components import Parts
from tray_dictate.app.placement import Placing
from tray_dictate.app.story import Story
from tray_dictate.config.schema import Config
from tray_dictate.core.ports import CaretReader
from tray_dictate.core.text.normalize import Space
from tray_dictate.core.text.pipeline import Polisher, TextRules
from tray_dictate.core.text.words import is_word
from tray_dictate.history.entries import Entry
from tray_dictate.history.history_async import AsyncHistory
from tray_dictate.history.statistics import Numbers
from tray_dictate.system.expressions import EXPRESSIONS


@dataclass(frozen=True, slots=True)
class Ways:
    """What a text goes through on its way to the window."""

    polisher: Polisher
    rewrite: Callable[[str, str], Awaitable[str]]  # text, application -> text
    placing: Placing
    record: Callable[[Story], None]  # a dictation is over
    tell: Callable[[str], None]
    caret: CaretReader
    watched: Callable[[], bool]  # whether it is seen what the user types
    submit: bool = False  # Enter at the end of a dictation
    space: Space = "smart"


def ways(parts: Parts, tell: Callable[[str], None]) -> Ways:
    """Return what the settings and the parts that there are now make of it."""
    config, output = parts.config, parts.output
    lines = config.text.newline == "shift+enter"
    placing = Placing(
        output, config.output.focus, config.output.hold_seconds, breaks=lines,
        runs=config.text.newline_in_terminals or not config.foreign,
    )  # fmt: skip
    return Ways(
        polisher=polisher(config),
        rewrite=parts.rewriter.apply,
        placing=placing,
        record=Record(parts.history),
        tell=tell,
        caret=parts.caret,
        watched=parts.watches,
        submit=config.text.submit,
        space=config.text.space,
    )


def polisher(config: Config) -> Polisher:
    """Return what polishes segments; an engine may echo the hints that it was given."""
    text = config.text
    rules = TextRules(
        replacements=text.replacements, patterns=text.patterns,
        vocabulary=[term for term in config.terms if any(map(is_word, term))],
        commands=text.commands, fillers=text.fillers, unsaid=text.unsaid, newline=text.newline,
        longest=text.longest, prompt=config.engine.prompt, keywords=config.terms,
        languages=["en"] if config.engine.name == "offline" else config.engine.languages,
    )  # fmt: skip
    return Polisher(rules, partial(EXPRESSIONS.sub, "text.patterns"))


class Record:
    """Puts dictations into the history and the numbers, without making anybody wait."""

    def __init__(self, history: AsyncHistory) -> None:
        self._history = history
        self._tasks: set[asyncio.Task[int] | asyncio.Task[None]] = set()

    def __call__(self, story: Story) -> None:
        """Store what became of a dictation."""
        loop = asyncio.get_running_loop()
        entry = Entry(
            0, story.at, story.text, story.raw, story.outcome, story.application, story.engines,
            story.language, round(story.seconds, 2), story.audio, story.timings,
        )  # fmt: skip
        self._follow(loop.create_task(self._history.add(entry)))
        if self._history.stats:
            self._follow(loop.create_task(self._history.stats.add(_numbers(entry))))

    def _follow(self, task: asyncio.Task[int] | asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _numbers(entry: Entry) -> Numbers:
    words = 0 if entry.state == "dropped" else len(entry.text.split())
    failed = entry.state == "failed"
    return Numbers(entry.at, entry.engine, words, entry.seconds, failed, entry.timings)
