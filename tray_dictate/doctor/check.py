"""A check and its findings, as a table and as JSON. A check never raises, and always ends."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from tray_dictate.core.errors import DictateError, UnavailableError

State = Literal["ok", "warning", "failed", "unchecked"]

_MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "failed": "✗", "unchecked": "–"}  # noqa: RUF001
_PLAIN: dict[State, str] = {"ok": "ok", "warning": "!", "failed": "FAILED", "unchecked": "-"}
_CLEANUP = 15.0  # seconds for a cancelled check to restore what it changed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table; `remedy` is what the user can do about it."""

    name: str
    state: State
    words: str
    value: float | None = None
    unit: str = ""
    remedy: str = ""


class Prompter(Protocol):
    """Asks the user to do something while a check runs."""

    def prompt(self, request: str) -> None:
        """Show the request; returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """A check. If `find` raises, or hangs for more than `limit` seconds, that is a finding, too."""

    name: str
    find: Callable[[], Awaitable[list[Finding]]]
    limit: float = 15.0
    remedy: str = (
        "A program that this check depends on does not answer. Log out and in again, then rerun it."
    )

    async def findings(self, hung: list[str]) -> list[Finding]:
        """Run the check; add its name to `hung` if it cannot be ended."""
        task = asyncio.ensure_future(self.find())
        try:
            await asyncio.wait({task}, timeout=self.limit)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_CLEANUP)
                hung.append(self.name)
        if task.cancelled() or not task.done():
            words = f"This check did not finish within {self.limit:g} s."
            return [Finding(self.name, "failed", words, remedy=self.remedy)]
        error = task.exception()
        return [_unexpected(self.name, error)] if error else task.result()


def failed(name: str, error: DictateError, remedy: str = "") -> Finding:
    """Return an error as a failed finding; `remedy` is used if the error has none."""
    if isinstance(error, UnavailableError):
        return Finding(name, "failed", error.reason, remedy=error.remedy.strip() or remedy)
    return Finding(name, "failed", str(error).strip(), remedy=remedy)


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as `--json` prints it."""
    value = None if finding.value is None else round(finding.value, 3)
    return {**asdict(finding), "value": value}


def lines(finding: Finding) -> str:
    """Return a finding as a line of the table, followed by the lines of its remedy."""
    number = "" if finding.value is None else _number(finding.value)
    unit = finding.unit if number else ""
    words = " ".join(finding.words.split())
    line = f"{mark(finding.state)} {finding.name:<14} {number:>6} {unit:<5} {words}".rstrip()
    if not finding.remedy:
        return line
    below = (" ".join(part.split()) for part in finding.remedy.splitlines())
    return "\n".join([line, *(f"{'':<30}{part}" for part in below)])


def _unexpected(name: str, error: BaseException) -> Finding:
    """Return the finding for an exception that ended a check."""
    if isinstance(error, DictateError):
        return failed(name, error)
    log.debug("the check %s failed", name, exc_info=error)
    words = f"The check itself failed: {type(error).__name__}: {error}"
    remedy = "Please report it with `tray-dictate doctor --bundle report.zip`."
    return Finding(name, "failed", words, remedy=remedy)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2f}"


def mark(state: State) -> str:
    """Return the mark of a state: a sign, or a word if the terminal's encoding lacks the signs."""
    try:
        "".join(_MARKS.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _PLAIN[state]
    return _MARKS[state]
