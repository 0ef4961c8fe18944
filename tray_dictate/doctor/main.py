"""`tray-dictate doctor`: runs every check, prints a table or JSON, writes the archive for a report.

A daemon may be running meanwhile; it is not affected.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tray_dictate import __version__
from tray_dictate.audio import portaudio
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config, OutputSettings
from tray_dictate.core import json_text
from tray_dictate.doctor import (
    bundle,
    engine,
    hotkey,
    installation,
    microphone,
    session,
    setup,
)
from tray_dictate.doctor.check import Check, Finding, Prompter, as_json, lines
from tray_dictate.system import files, logs
from tray_dictate.system.desktop.wayland import compositor_answers
from tray_dictate.system.threads import run_in_thread

if sys.platform == "linux":
    from tray_dictate.doctor import wayland
    from tray_dictate.doctor.delivery import wayland as delivery_wayland
    from tray_dictate.doctor.delivery import x11 as delivery_x11

_FORMAT = 1  # of the JSON
_HOTKEY, _ENGINE, _TYPING = hotkey.ALLOWED + hotkey.PATIENCE + 30, 90.0, 45.0  # seconds


def examine(sources: Sources, *, in_json: bool, ask: bool, archive: Path | None) -> int:
    """Check everything; return 0 if nothing has failed, else 1. Raises DictateError.

    With `ask`, the user is asked to press the hotkey. `archive` is where to write an archive.
    """
    logs.start_for_command()  # the findings have the messages
    config, about_settings = installation.check_settings(sources)
    report = _Report(sources.path or files.config_file(), archive, in_json=in_json)
    checks = list_checks(config, about_settings, report if ask else None)
    return asyncio.run(_run(checks, report))


def set_up(sources: Sources, *, in_json: bool, to_write: bool, to_fix: bool) -> int:
    """Bind the hotkey in the desktop, and check only the settings; return 0 if done, else 1."""
    logs.start_for_command()
    config, found = installation.check_settings(sources)
    if not _has_failed(found):
        found = setup.set_up(config.hotkey, to_write=to_write, to_fix=to_fix)
    text = json_text.dump(_as_json(found), indent=2) if in_json else _as_table(found)
    _write(sys.stdout, text)
    return int(_has_failed(found))


def list_checks(
    config: Config, about_settings: list[Finding], prompter: Prompter | None
) -> list[Check]:
    """Return all checks in the order of the table; without `prompter`, no key press is tested."""

    async def settings() -> list[Finding]:
        return about_settings

    return [
        Check("version", partial(run_in_thread, session.check_version)),
        Check("display", partial(run_in_thread, session.check_display)),
        Check("settings", settings),
        Check("hotkey", lambda: _check_hotkey(config, prompter), _HOTKEY),
        Check(
            "microphone",
            lambda: microphone.check_microphone(config.audio),
            remedy=portaudio.HANGS,
        ),
        Check("engine", lambda: engine.check_engine(config.engine_with_terms), _ENGINE),
        Check("typing", lambda: _check_delivery(config.output), _TYPING),
        Check("tray", lambda: session.check_tray(config.tray)),
        Check("notifications", lambda: session.check_notifications(config.tray)),
        Check("autostart", partial(run_in_thread, installation.check_autostart)),
        Check("folders", partial(run_in_thread, installation.check_folders)),
        Check("disk", partial(run_in_thread, installation.check_disk)),
        Check("history", lambda: run_in_thread(lambda: installation.check_history(config.history))),
        Check("daemon", partial(run_in_thread, installation.check_daemon), 25.0),
    ]


async def _check_hotkey(config: Config, prompter: Prompter | None) -> list[Finding]:
    if sys.platform == "linux" and compositor_answers():
        return await wayland.check_hotkey(config.hotkey, prompter)
    return await hotkey.check_hotkey(config.hotkey, prompter)


async def _check_delivery(settings: OutputSettings) -> list[Finding]:
    if sys.platform == "linux":
        if compositor_answers():
            return await delivery_wayland.check_delivery(settings)
        if os.environ.get("DISPLAY"):
            return await delivery_x11.check_delivery(settings)
    return [Finding("typing", "unchecked", "checked on X11 and Wayland only")]


class _Report:
    """Collects the findings, and prints each at once or, as JSON, all of them at the end.

    A Prompter, too: what the user is asked for never gets into the JSON.
    """

    def __init__(self, settings_file: Path, archive: Path | None, *, in_json: bool) -> None:
        """`archive` is where to write the archive as well; None: nowhere."""
        self._settings_file, self._archive, self._in_json = settings_file, archive, in_json
        self._findings: list[Finding] = []

    def prompt(self, request: str) -> None:
        """Print a request to the user."""
        _write(sys.stderr if self._in_json else sys.stdout, request)

    def add(self, findings: list[Finding]) -> None:
        """Add the findings of a check."""
        self._findings += findings
        if not self._in_json:
            _write(sys.stdout, _as_table(findings))

    def conclude(self) -> int:
        """Print the end, and write the archive; return the exit code. Raises DictateError."""
        tree = _as_json(self._findings)
        if self._archive:
            tree["bundle"] = bundle.write(self._archive, self._settings_file, tree)
        if self._in_json:
            _write(sys.stdout, json_text.dump(tree, indent=2))
        else:
            _write(sys.stdout, f"\n{self._summary()}")
            if "bundle" in tree:
                _write(sys.stdout, bundle.listing(tree["bundle"]))
        return int(_has_failed(self._findings))

    def _summary(self) -> str:
        failed = sum(finding.state == "failed" for finding in self._findings)
        warnings = sum(finding.state == "warning" for finding in self._findings)
        if not failed and not warnings:
            return "No problems found."
        return f"{failed} failed, {warnings} warning{'s' * (warnings != 1)}."


async def _run(checks: list[Check], report: _Report) -> int:
    hung: list[str] = []
    for check in checks:
        report.add(await check.findings(hung))
    code = report.conclude()
    if hung:  # asyncio and the pools of threads would wait for a check that never ends
        os._exit(code)
    return code


def _as_json(findings: list[Finding]) -> dict[str, Any]:
    return {
        "format": _FORMAT, "program": __version__, "passed": not _has_failed(findings),
        "checks": [as_json(finding) for finding in findings],
    }  # fmt: skip


def _as_table(findings: list[Finding]) -> str:
    return "\n".join(map(lines, findings))


def _has_failed(findings: list[Finding]) -> bool:
    return any(finding.state == "failed" for finding in findings)


def _write(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
