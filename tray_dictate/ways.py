"""What a text goes through on its way to the window, as the settings want it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tray_dictate.config import Config
from tray_dictate.core.polish import Polisher, TextRules
from tray_dictate.delivery import Ways
from tray_dictate.history import Entry
from tray_dictate.history_async import AsyncHistory
from tray_dictate.placing import Placing
from tray_dictate.ports import Output, Rewriter
from tray_dictate.story import Story


def ways(
    config: Config, output: Output, rewriter: Rewriter, history: AsyncHistory,
    tell: Callable[[str], None],
) -> Ways:  # fmt: skip
    """Return them."""
    lines = config.text.newline == "shift+enter"
    placing = Placing(output, config.output.focus, config.output.hold_seconds, breaks=lines)
    return Ways(
        polisher=polisher(config),
        rewrite=rewriter.apply,
        placing=placing,
        record=Record(history),
        tell=tell,
        submit=config.text.submit,
    )


def polisher(config: Config) -> Polisher:
    """Return what polishes segments; an engine may echo the hints that it was given."""
    text, engine = config.text, config.engine
    rules = TextRules(
        replacements=text.replacements, patterns=text.patterns, vocabulary=text.vocabulary,
        commands=text.commands, fillers=text.fillers, unsaid=text.unsaid, newline=text.newline,
        longest=text.longest, prompt=engine.prompt, keywords=engine.keywords,
    )  # fmt: skip
    return Polisher(rules)


class Record:
    """Puts dictations into the history, without making anybody wait."""

    def __init__(self, history: AsyncHistory) -> None:
        self._history = history
        self._tasks: set[asyncio.Task[int]] = set()

    def __call__(self, story: Story) -> None:
        """Store what became of a dictation."""
        if not story.raw:
            return
        entry = Entry(0, story.at, story.text, story.raw, story.state, story.application)
        task = asyncio.get_running_loop().create_task(self._history.add(entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
