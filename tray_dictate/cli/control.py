"""Commands to the running daemon; `__main__` sends most of them without this module."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from tray_dictate.app.control import client
from tray_dictate.core import json_text
from tray_dictate.core.errors import ControlError
from tray_dictate.system import files

_PATIENCE = 40.0  # seconds for the daemon to deliver what is being said, and to end
_NOT_RUNNING = "not running"
_STATUSES = {
    "off": "off; turn it on in the tray menu",
    "idle": "ready",
    "opening": "opening the microphone",
    "recording": "recording",
    "transcribing": "turning speech into text",
    "error": "ready, after a problem",
    _NOT_RUNNING: "no longer running",
}


def send(options: argparse.Namespace) -> int:
    """Send a command and print the answer."""
    return client.run(options.name)


def quit_daemon(_options: argparse.Namespace) -> int:
    """Quit the daemon, and wait until it has ended. Raises ControlError."""
    import filelock  # noqa: PLC0415 - 30 ms, which no other command here need spend

    client.send("quit")
    try:  # the daemon holds the lock to its very end
        filelock.FileLock(files.lock_file()).acquire(timeout=_PATIENCE).lock.release()
    except filelock.Timeout:
        raise ControlError(f"tray_dictate has not ended within {_PATIENCE:g} s.") from None
    return 0


def show_status(options: argparse.Namespace) -> int:
    """Print the status, once or at every change; return 1 if no daemon is running."""
    try:
        connection, token = client.connect()
    except ControlError as reason:
        if options.json and str(reason) == client.NOT_RUNNING:
            print(json_text.dump({"status": _NOT_RUNNING}))
            return 1
        raise
    with closing(connection):
        if options.follow:
            reports = client.follow(connection, token, "follow", {})
            return _follow(reports, in_json=options.json)
        report = client.exchange(connection, token, "status", {})
    _print(_as_json(report) if options.json else _as_table(report))
    return 0


def _follow(reports: Iterator[dict[str, Any]], *, in_json: bool) -> int:
    spell, last = _as_json if in_json else _as_line, ""
    try:
        for report in reports:
            if (text := spell(report)) != last:  # a change of settings alone changes no line
                _print(text)
            last = text
    except KeyboardInterrupt:  # the user's only way to end it
        return 0
    _print(spell({"status": _NOT_RUNNING}))  # else a status bar keeps showing the line before
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()  # into a pipe, too


def _as_json(report: dict[str, Any]) -> str:
    named = {"version" if name == "program" else name: value for name, value in report.items()}
    for name in ("since", "started"):
        if name in named:
            named[name] = _time(named[name]).isoformat(timespec="seconds")
    return json_text.dump(named)


def _as_line(report: dict[str, Any]) -> str:
    return f"{_time(report.get('since')):%H:%M:%S}  {_status(report)}"


def _as_table(report: dict[str, Any]) -> str:
    since, started = _time(report["since"]), _time(report["started"])
    engine, local = report["engine_title"], report.get("local_model")
    if local:
        engine = f"{engine} ({local})"
    elif report["model"]:
        engine = f"{engine}, {report['model']}"
    chosen = report["microphone"] or "the system's default"
    rows = {
        "Status": f"{_status(report)} (since {since:%H:%M:%S})",
        "To dictate": report["hint"],
        "Engine": engine,
        "Microphone": report["microphone_found"] or chosen,
        "Output": report["output_title"],
        "Version": f"{report['program']}, running since {started:%Y-%m-%d %H:%M}",
    }
    return "\n".join(f"{name + ':':<12} {text}" for name, text in rows.items())


def _status(report: dict[str, Any]) -> str:
    status, detail = str(report["status"]), str(report.get("detail", ""))
    words = _STATUSES.get(status, status)
    text = f"{words}: {' '.join(detail.split())}" if detail else words
    open_between = report.get("microphone_open") and status not in ("opening", "recording")
    return f"{text}; microphone: open" if open_between else text


def _time(stamp: float | None) -> datetime:
    """Return a time of a report in the local zone; now for None."""
    now = datetime.now().astimezone()
    return now if stamp is None else datetime.fromtimestamp(stamp, now.tzinfo)
