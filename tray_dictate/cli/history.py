"""`tray-dictate history` and `tray-dictate stats`."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any

from tray_dictate.cli.options import add_settings, settings
from tray_dictate.core import json_text
from tray_dictate.core.errors import HistoryError

if TYPE_CHECKING:
    from tray_dictate.history.entries import History

_SINCE = "2h, 3d, today, yesterday, 2026-11-01 or '2026-11-01 14:30'"


def add(commands: Any) -> None:
    """Add the commands."""
    history = commands.add_parser(
        "history",
        help="list what you dictated, and what became of it",
        description="List what you dictated, the newest first. It needs no running daemon.",
    )
    history.add_argument("--search", metavar="TEXT", default="", help="only with this text")
    history.add_argument("--since", metavar="WHEN", default="", help=f"only since then: {_SINCE}")
    history.add_argument(
        "--limit", metavar="N", type=_count, default=20, help="so many at most (20); 0: all"
    )
    history.add_argument("--json", action="store_true", help="a JSON object for each, on a line")
    add_settings(history)
    history.set_defaults(command=_list)
    actions = history.add_subparsers(title="actions", metavar="ACTION")

    retry = actions.add_parser(
        "retry",
        help="turn the recording of a failed dictation into text",
        description="Turn a recording into text with the engine that is set now. The text is "
        "printed, and is on the clipboard and in the history; the recording is deleted.",
    )
    retry.add_argument(
        "id", nargs="?", type=int, metavar="ID", help="which one (the latest that failed)"
    )
    add_settings(retry)
    retry.set_defaults(command=_retry)

    clear = actions.add_parser("clear", help="forget all texts and delete all kept recordings")
    clear.add_argument("--yes", action="store_true", help="do not ask")
    add_settings(clear)
    clear.set_defaults(command=_clear)

    stats = commands.add_parser(
        "stats",
        help="how fast your dictations are, and how much sound went to a cloud",
        description="Show numbers of your dictations. They hold no word of what you said, and are "
        "kept also where the history is off.",
    )
    stats.add_argument("--json", action="store_true", help="one JSON object")
    add_settings(stats)
    stats.set_defaults(command=_stats)


def _list(options: argparse.Namespace) -> int:
    from datetime import datetime  # noqa: PLC0415

    from tray_dictate.cli import shown  # noqa: PLC0415

    try:
        since = shown.since(options.since, datetime.now()) if options.since else 0.0  # noqa: DTZ005
    except ValueError:
        sys.stderr.write(f"tray-dictate: --since {options.since}: expected {_SINCE}\n")
        return 2
    history = _open(options)
    try:
        entries = history.find(options.search, since, options.limit)
    finally:
        history.close()
    if options.json:
        for entry in entries:
            print(json_text.dump(shown.entry_json(entry)))  # noqa: T201
    elif entries:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print("\n".join(shown.entries_table(entries, width)))  # noqa: T201
    else:
        asked = options.search or options.since
        off = "" if settings(options).history.enabled else " The history is off (history.enabled)."
        print(f"{'No dictation is like that.' if asked else 'The history is empty.'}{off}")  # noqa: T201
    return 0


def _retry(options: argparse.Namespace) -> int:
    from tray_dictate.cli import history_retry  # noqa: PLC0415

    history = _open(options)
    try:
        return history_retry.retry(history, options.id, settings(options))
    finally:
        history.close()


def _clear(options: argparse.Namespace) -> int:
    from tray_dictate.history import recordings  # noqa: PLC0415

    if not options.yes and not _agreed():
        return 1
    history = _open(options)
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
    kept = f" {count} recordings are deleted." if count else ""
    print(f"The history is empty.{kept}")  # noqa: T201
    return _forget_in_daemon()


def _forget_in_daemon() -> int:
    """Have the daemon, if one runs, forget what it holds in memory; return the exit code."""
    from tray_dictate.app.control import client  # noqa: PLC0415
    from tray_dictate.core.errors import ControlError  # noqa: PLC0415

    try:
        client.send("forget")
    except ControlError as reason:
        if str(reason) != client.NOT_RUNNING:
            _tell(
                f"The tray_dictate that runs still knows your last dictations: {reason} "
                "They are forgotten when it ends: tray-dictate quit"
            )
            return 1
    return 0


def _stats(options: argparse.Namespace) -> int:
    import time  # noqa: PLC0415

    from tray_dictate.cli import shown  # noqa: PLC0415
    from tray_dictate.history.statistics import Stats, month_of  # noqa: PLC0415

    engine = settings(options).engine
    stats, month = Stats(tell=_tell), month_of(time.time())
    try:
        found = stats.summaries(), month, stats.sent(month), engine
    finally:
        stats.close()
    if options.json:
        print(json_text.dump(shown.stats_json(*found), indent=2))  # noqa: T201
    else:
        print("\n".join(shown.stats_table(*found)))  # noqa: T201
    return 0


def _open(options: argparse.Namespace) -> History:
    from tray_dictate.history.entries import History  # noqa: PLC0415

    wanted = settings(options).history
    return History(keep=wanted.entries, days=wanted.days, tell=_tell)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write("tray-dictate: nothing is deleted. Say --yes to do it without asking.\n")
        return False
    answer = input("Forget all texts, and delete all kept recordings? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of dictations; 0 is for all")
    return int(text)


def _tell(message: str) -> None:
    sys.stderr.write(f"tray-dictate: {message}\n")
