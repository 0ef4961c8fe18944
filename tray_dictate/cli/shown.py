"""The history and the numbers as the command line shows them: tables, and JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.text.normalize import clean, label
from tray_dictate.history.entries import Entry
from tray_dictate.history.statistics import Quantiles, Summary

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_NO_TEXT = "(no text yet: tray-dictate history retry {})"


def since(text: str, now: datetime) -> float:
    """Return the time.time() of "2h", "3d", "today", "yesterday" or "2026-11-01 14:30".

    Raises ValueError.
    """
    wanted = text.strip().lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if wanted in ("today", "yesterday"):
        return (midnight - timedelta(days=wanted == "yesterday")).timestamp()
    if ago := _AGO.fullmatch(wanted):
        try:
            return (now - timedelta(**{_UNITS[ago[2]]: float(ago[1])})).timestamp()
        except OverflowError:  # before all time
            return 0.0
    return datetime.fromisoformat(wanted.upper()).timestamp()


def outcome(entry: Entry) -> str:
    """Return what became of it, in the words of the manual."""
    return "undelivered" if entry.state == "kept" else entry.state


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return what `history --json` prints of one dictation."""
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
    """Return the lines, the newest first, cut to a width where there is one."""
    rows = [
        (
            str(entry.id), f"{_local(entry.at):%Y-%m-%d %H:%M}", outcome(entry), entry.engine,
            clean(entry.application)[:20], _text(entry),
        )
        for entry in entries
    ]  # fmt: skip
    return [_cut(line, width) for line in _aligned([_HEAD, *rows], right=(0,))]


_HEAD = ("id", "time", "outcome", "engine", "window", "text")


def stats_json(
    summaries: Sequence[Summary], month: str, sent: dict[str, float], settings: EngineSettings
) -> dict[str, Any]:
    """Return what `stats --json` prints."""
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
    engines = [{**asdict(one), "minutes": round(one.minutes, 2)} for one in summaries]
    totals = {name: sum(getattr(one, name) for one in summaries) for name in ("takes", "words")}
    return {**totals, "engines": engines, "cloud": cloud}


def stats_table(
    summaries: Sequence[Summary], month: str, sent: dict[str, float], settings: EngineSettings
) -> list[str]:
    """Return the lines."""
    head = (
        "engine", "dictations", "failed", "words", "minutes", "first sample", "engine's text",
        "text in the window",
    )  # fmt: skip
    rows = [
        (
            one.engine or "(not known)", str(one.takes), str(one.failed), str(one.words),
            f"{one.minutes:.1f}", _times(one.heard), _times(one.spoken), _times(one.text),
        )
        for one in summaries
    ]  # fmt: skip
    lines = ["Nothing has been dictated yet."]
    if rows:
        lines = _aligned([head, *rows], right=(1, 2, 3, 4, 5, 6, 7))
        lines += [
            "",
            "Times are p50 / p95 in ms: the first sample from the key-down, the texts from the "
            "release.",
        ]
    return [*lines, "", _cloud(month, sent, settings)]


def _cloud(month: str, sent: dict[str, float], settings: EngineSettings) -> str:
    minutes = sum(sent.values()) / 60
    which = ", ".join(f"{engine} {seconds / 60:.1f}" for engine, seconds in sent.items())
    line = f"Cloud speech in {datetime.strptime(month, '%Y-%m'):%B %Y}: {minutes:.1f} minutes"  # noqa: DTZ007
    line += f" ({which})" if len(sent) > 1 else f" ({next(iter(sent))})" if sent else ""
    if settings.price_per_minute:
        line += (
            f", at {settings.price_per_minute:g} a minute {minutes * settings.price_per_minute:.2f}"
        )
    if cap := settings.cap_minutes:
        line += f"; {max(0.0, cap - minutes):.1f} of {cap:g} are left (engine.cap_minutes)"
    return f"{line}."


def _text(entry: Entry) -> str:
    text = " ".join(clean(entry.text, lines=True).split())
    return text or (_NO_TEXT.format(entry.id) if entry.audio else "")


def _times(found: Quantiles | None) -> str:
    return f"{found.p50:.0f} / {found.p95:.0f}" if found else "-"


def _aligned(rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Return the rows as lines whose columns stand below each other."""
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
