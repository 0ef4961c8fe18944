"""`tray-dictate status`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from tray_dictate.core import json_text

_NONE = "not running"
_WORDS = {
    "off": "off; switch it on in the tray's menu",
    "idle": "ready",
    "opening": "opening the microphone",
    "recording": "recording",
    "transcribing": "turning speech into text",
    "error": "ready, after a problem",
    _NONE: "not running any more",
}
_EPILOG = """\
examples:
  tray-dictate status                      what goes on now
  tray-dictate status --follow             a line at every change, until Ctrl+C
  tray-dictate status --follow --json      the same for a status bar, such as waybar's

The status of --json is one of: off, idle, opening, recording, transcribing, error (ready again
after a problem, which is in "detail"), not running. "microphone_open" tells whether the microphone
is open, also between two dictations (audio.warm). Exit code: 0 it runs, 1 it does not.
"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "status",
        help="is it ready, which key, which engine, which microphone",
        description="Say what the running tray-dictate is doing, and which key, engine\nand "
        "microphone it uses.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--follow", action="store_true",
        help="print a line at every change, until Ctrl+C or until tray-dictate ends",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="a JSON object in each line")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from tray_dictate.app.control import client  # noqa: PLC0415
    from tray_dictate.core.errors import ControlError  # noqa: PLC0415

    try:
        connection, token = client.connect()
    except ControlError as reason:
        if options.json and str(reason) == client.NOT_RUNNING:
            print(json_text.dump({"status": _NONE}))  # noqa: T201
            return 1
        raise
    with closing(connection):
        if options.follow:
            return _follow(client.follow(connection, token, "follow", {}), options.json)
        report = client.exchange(connection, token, "status", {})
    _print(_as_json(report) if options.json else _table(report))
    return 0


def _follow(reports: Iterator[dict[str, Any]], as_json: bool) -> int:
    spell = _as_json if as_json else _line
    last = ""
    try:
        for report in reports:
            if (text := spell(report)) != last:  # other settings are no other line
                _print(text)
            last = text
    except KeyboardInterrupt:  # what else would end it
        return 0
    _print(spell({"status": _NONE}))  # a status bar shows the last line for ever
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


def _line(report: dict[str, Any]) -> str:
    return f"{_time(report.get('since')):%H:%M:%S}  {_status(report)}"


def _table(report: dict[str, Any]) -> str:
    since, started = _time(report["since"]), _time(report["started"])
    engine = report["engine_title"] + (f", {report['model']}" if report["model"] else "")
    wanted = report["microphone"] or "the system's default"
    rows = {
        "Status": f"{_status(report)} (since {since:%H:%M:%S})",
        "To dictate": report["hint"],
        "Engine": engine,
        "Microphone": report["microphone_found"] or wanted,
        "Output": report["output_title"],
        "Version": f"{report['program']}, running since {started:%Y-%m-%d %H:%M}",
    }
    return "\n".join(f"{name + ':':<12} {what}" for name, what in rows.items())


def _status(report: dict[str, Any]) -> str:
    status, detail = str(report["status"]), str(report.get("detail", ""))
    words = _WORDS.get(status, status)
    said = f"{words}: {' '.join(detail.split())}" if detail else words
    silent = report.get("microphone_open") and status not in ("opening", "recording")
    return f"{said}; microphone: open" if silent else said


def _time(stamp: float | None) -> Any:
    from datetime import datetime  # noqa: PLC0415 - the other commands need none

    now = datetime.now().astimezone()
    return now if stamp is None else datetime.fromtimestamp(stamp, now.tzinfo)
