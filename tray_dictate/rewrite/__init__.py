"""What may change a text before it is inserted: a command of the user's, then a chat model.

Whatever goes wrong, the text goes on as it was; each kind of failure is told once, until that way
has worked again. No text, no answer and no key is ever logged or told.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable

from tray_dictate.config import RewriteSettings
from tray_dictate.rewrite import command
from tray_dictate.rewrite.chat import Chat
from tray_dictate.rewrite.failure import RewriteError

Way = Callable[[str, str], Awaitable[str]]

log = logging.getLogger(__name__)


class Rewriter:
    """The ways that the settings name, one after the other."""

    def __init__(self, settings: RewriteSettings, tell: Callable[[str], None]) -> None:
        """Raises ConfigError where the endpoint cannot be used."""
        self._tell, self._told = tell, set[tuple[str, str]]()
        self._applications = re.compile(settings.applications, re.IGNORECASE)
        self._chat = Chat(settings) if settings.endpoint or settings.model else None
        self._ways: dict[str, Way] = {}
        if settings.command:
            self._ways["rewrite.command"] = command.Command(settings).ask
        if self._chat:
            self._ways["rewrite.endpoint"] = self._chat.ask

    async def apply(self, text: str, application: str) -> str:
        """Return the new text, or `text` itself; raises nothing."""
        if not text.strip() or not self._applications.search(application):
            return text
        for name, way in self._ways.items():
            text = await self._try(name, way, text, application)
        return text

    async def close(self) -> None:
        """Forget the key."""
        if self._chat:
            await self._chat.close()

    async def _try(self, name: str, way: Way, text: str, application: str) -> str:
        began = time.monotonic()
        try:
            answer = _plausible(await way(text, application), text)
        except RewriteError as failure:
            self._fail(name, failure.kind, str(failure))
            return text
        except Exception as error:  # noqa: BLE001 - nothing said is lost for a mistake of ours
            self._fail(name, type(error).__name__, f"{type(error).__name__} was not expected.")
            return text
        self._told = {told for told in self._told if told[0] != name}
        log.info(
            "%s: %d characters became %d in %.0f ms", name, len(text), len(answer),
            (time.monotonic() - began) * 1e3,
        )  # fmt: skip
        return answer

    def _fail(self, name: str, kind: str, reason: str) -> None:
        if (name, kind) in self._told:
            log.info("not rewritten again: %s, %s", name, kind)
            return
        self._told.add((name, kind))
        self._tell(f"Text goes in as it is said: {reason} ({name})")


def _plausible(answer: str, text: str) -> str:
    """Return the answer without the space around it. Raises RewriteError if it cannot be one."""
    answer = answer.strip()
    if not answer:
        raise RewriteError("empty", "The answer was empty.")
    if len(answer) > 4 * len(text) + 200:
        raise RewriteError("too long", "The answer was much longer than the text.")
    return answer
