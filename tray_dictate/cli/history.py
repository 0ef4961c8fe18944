"""`tray-dictate history` and `tray-dictate stats`: tables, and JSON."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from tray_dictate.app.control import client
from tray_dictate.cli.messages import StderrNotices, warn
from tray_dictate.cli.options import settings
from tray_dictate.cli.parser import SINCE
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core import json_text
from tray_dictate.core.errors import ControlError, HistoryError
from tray_dictate.core.text.normalize import clean, label
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import Quantiles, Stats, Summary, month_of

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_COLUMNS = ("id", "time", "outcome", "engine", "window", "text")
_NO_TEXT = "(no text yet: tray-dictate history retry {})"


def list_entries(options: argparse.Namespace) -> int:
    """Print the dictations that the options ask for."""
    try:
        earliest = since(options.since, datetime.now()) if options.since else 0.0  # noqa: DTZ005
    except ValueError:
        warn(f"--since {options.since}: expected {SINCE}")
        return 2
    history = open_history(options)
    try:
        entries = history.find(options.search, earliest, options.limit)
    finally:
        history.close()
    if options.json:
        for entry in entries:
            print(json_text.dump(entry_json(entry)))
    elif entries:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print("\n".join(entries_table(entries, width)))
    else:
        chosen = options.search or options.since
        off = "" if settings(options).history.enabled else " The history is off (history.enabled)."
        print(f"{'No matching dictation.' if chosen else 'The history is empty.'}{off}")
    return 0


def open_history(options: argparse.Namespace) -> History:
    """Open the history as the settings limit it."""
    limits = settings(options).history
    return History(keep=limits.entries, days=limits.days, notices=StderrNotices())


def clear(options: argparse.Namespace) -> int:
    """Delete all texts and recordings, including those in the memory of the daemon."""
    if not options.yes and not _confirmed():
        return 1
    history = open_history(options)
    try:
        history.forget("all")
    finally:
        history.close()
    try:
        count = recordings.remove_all()
    except OSError as reason:
        raise HistoryError(
            f"A recording could not be deleted: {reason.filename}: {reason.strerror}."
        ) from reason
    deleted = f" {count} recording{'s' * (count != 1)} deleted." if count else ""
    print(f"The history is empty.{deleted}")
    return _clear_daemon()


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        warn("Nothing was deleted. To delete without being asked, add --yes.")
        return False
    answer = input("Delete all texts and recordings? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _clear_daemon() -> int:
    """Make a running daemon forget the dictations in its memory; return the exit code."""
    try:
        client.send("forget")
    except ControlError as reason:
        if str(reason) != client.NOT_RUNNING:
            warn(
                f"The running tray_dictate still holds your last dictations: {reason} "
                "It forgets them when it quits: tray-dictate quit"
            )
            return 1
    return 0


def show_stats(options: argparse.Namespace) -> int:
    """Print the figures of the dictations, and the minutes sent to a cloud this month."""
    engine = settings(options).engine
    stats, month = Stats(notices=StderrNotices()), month_of(time.time())
    try:
        found = stats.summaries(), month, stats.sent(month), engine
    finally:
        stats.close()
    if options.json:
        print(json_text.dump(stats_json(*found), indent=2))
    else:
        print("\n".join(stats_table(*found)))
    return 0


def since(text: str, now: datetime) -> float:
    """Return the time that a word of SINCE stands for, in seconds since 1970. Raises ValueError."""
    word = text.strip().lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word in ("today", "yesterday"):
        return (midnight - timedelta(days=word == "yesterday")).timestamp()
    if ago := _AGO.fullmatch(word):
        try:
            return (now - timedelta(**{_UNITS[ago[2]]: float(ago[1])})).timestamp()
        except OverflowError:  # before the year 1
            return 0.0
    return datetime.fromisoformat(word.upper()).timestamp()


def outcome(entry: Entry) -> str:
    """Return how a dictation ended, as the manual calls it."""
    return "undelivered" if entry.state == "kept" else entry.state


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return a dictation as `history --json` prints it."""
    return {
        "id": entry.id,
        "time": _local(entry.at).isoformat(timespec="seconds"),
        "outcome": outcome(entry),
        "text": entry.text,
        "raw": entry.raw,
        "window": label(entry.application),
        "engine": entry.engine,
        "language": entry.language,
        "seconds": entry.seconds,
        "recording": entry.audio or None,
        **asdict(entry.timings),
    }


def entries_table(entries: Sequence[Entry], width: int | None) -> list[str]:
    """Return the lines of the table, cut to `width` characters unless it is None."""
    rows = [
        (
            str(entry.id), f"{_local(entry.at):%Y-%m-%d %H:%M}", outcome(entry), entry.engine,
            clean(entry.application)[:20], _text(entry),
        )
        for entry in entries
    ]  # fmt: skip
    return [_cut(line, width) for line in _aligned([_COLUMNS, *rows], right=(0,))]


def stats_json(
    summaries: Sequence[Summary], month: str, sent: dict[str, float], settings: EngineSettings
) -> dict[str, Any]:
    """Return the figures as `stats --json` prints them; `sent` is seconds by engine."""
    minutes = sum(sent.values()) / 60
    price, cap = settings.price_per_minute, settings.cap_minutes
    cloud = {
        "month": month,
        "minutes": round(minutes, 2),
        "engines": {engine: round(seconds / 60, 2) for engine, seconds in sent.items()},
        "price_per_minute": price or None,
        "cost": round(minutes * price, 4) if price else None,
        "cap_minutes": cap or None,
        "minutes_left": round(max(0.0, cap - minutes), 2) if cap else None,
    }
    return {
        "takes": sum(summary.takes for summary in summaries),
        "words": sum(summary.words for summary in summaries),
        "engines": [
            {**asdict(summary), "minutes": round(summary.minutes, 2)} for summary in summaries
        ],
        "cloud": cloud,
    }


def stats_table(
    summaries: Sequence[Summary], month: str, sent: dict[str, float], settings: EngineSettings
) -> list[str]:
    """Return the figures as lines of a table; `sent` is seconds by engine."""
    columns = (
        "engine", "dictations", "failed", "words", "minutes", "first sample", "engine's text",
        "text in the window",
    )  # fmt: skip
    rows = [
        (
            summary.engine or "(unknown)", str(summary.takes), str(summary.failed),
            str(summary.words), f"{summary.minutes:.1f}", _times(summary.heard),
            _times(summary.spoken), _times(summary.text),
        )
        for summary in summaries
    ]  # fmt: skip
    lines = ["Nothing has been dictated yet."]
    if rows:
        lines = _aligned([columns, *rows], right=(1, 2, 3, 4, 5, 6, 7))
        lines += [
            "",
            "Times are p50 / p95 in ms: the first sample after the hotkey was pressed, the texts "
            "after it was released.",
        ]
    return [*lines, "", _cloud(month, sent, settings)]


def _cloud(month: str, sent: dict[str, float], settings: EngineSettings) -> str:
    minutes = sum(sent.values()) / 60
    each = ", ".join(f"{engine} {seconds / 60:.1f}" for engine, seconds in sent.items())
    line = f"Cloud speech in {datetime.strptime(month, '%Y-%m'):%B %Y}: {minutes:.1f} minutes"  # noqa: DTZ007
    line += f" ({each})" if len(sent) > 1 else f" ({next(iter(sent))})" if sent else ""
    if price := settings.price_per_minute:
        line += f", {minutes * price:.2f} at {price:g} per minute"
    if cap := settings.cap_minutes:
        line += f"; {max(0.0, cap - minutes):.1f} of {cap:g} left (engine.cap_minutes)"
    return f"{line}."


def _text(entry: Entry) -> str:
    text = " ".join(clean(entry.text, lines=True).split())
    return text or (_NO_TEXT.format(entry.id) if entry.audio else "")


def _times(times: Quantiles | None) -> str:
    return f"{times.p50:.0f} / {times.p95:.0f}" if times else "-"


def _aligned(rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Return the rows as lines with aligned columns; `right` are those aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(0, width - 3)] + "..."


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at).astimezone()
