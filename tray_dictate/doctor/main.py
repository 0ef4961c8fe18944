"""`tray-dictate doctor`: runs every check, prints a table or JSON, writes the archive for a report.

A daemon may be running: its lock is not needed, and nothing of it is changed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from tray_dictate import __version__
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
from tray_dictate.doctor.check import Check, Finding, as_json, lines
from tray_dictate.system import files, logs, threads
from tray_dictate.system.wayland import compositor_answers

if sys.platform == "linux":
    from tray_dictate.doctor import delivery_wayland, delivery_x11, wayland

_FORMAT = 1  # of the JSON
_HOTKEY, _ENGINE, _TYPING = hotkey.ALLOWED + hotkey.PATIENCE + 30, 90.0, 45.0  # seconds


def examine(sources: Sources, *, in_json: bool, ask: bool, archive: Path | None) -> int:
    """Check everything; return 0 if nothing has failed, else 1. Raises DictateError.

    With `ask`, the user is asked to press the hotkey; a path in `archive` also gets the archive.
    """
    logs.start_for_command()  # the findings say it
    config, about_settings = installation.check_settings(sources)
    prompt = partial(_write, sys.stderr if in_json else sys.stdout) if ask else None
    checks = list_checks(config, about_settings, prompt)

    def conclude(findings: list[Finding]) -> int:
        report = _report(findings)
        if archive:
            report["bundle"] = bundle.write(archive, sources.path or files.config_file(), report)
        _conclude(report, findings, in_json=in_json)
        return int(not report["passed"])

    return asyncio.run(_run(checks, conclude, quiet=in_json))


def set_up(sources: Sources, *, in_json: bool, to_write: bool, to_fix: bool) -> int:
    """Bind the hotkey in the desktop, and check only the settings; return 0 if done, else 1."""
    logs.start_for_command()
    config, found = installation.check_settings(sources)
    if all(finding.state == "ok" for finding in found):
        found = setup.set_up(config.hotkey, to_write=to_write, to_fix=to_fix)
    report = _report(found)
    text = json_text.dump(report, indent=2) if in_json else "\n".join(map(lines, found))
    _write(sys.stdout, text)
    return int(not report["passed"])


def list_checks(
    config: Config, about_settings: list[Finding], prompt: Callable[[str], None] | None
) -> list[Check]:
    """Return all checks in the order of the table; None in `prompt` asks the user for nothing."""
    return [
        Check("version", _blocking(session.check_version)),
        Check("display", _blocking(session.check_display)),
        Check("settings", _blocking(lambda: about_settings)),
        Check("hotkey", lambda: _check_hotkey(config, prompt), _HOTKEY),
        Check(
            "microphone",
            lambda: microphone.check_microphone(config.audio),
            remedy=microphone.HANGS,
        ),
        Check("engine", lambda: engine.check_engine(config.engine_with_terms), _ENGINE),
        Check("typing", lambda: _check_delivery(config.output), _TYPING),
        Check("tray", lambda: session.check_tray(config.tray)),
        Check("notifications", lambda: session.check_notifications(config.tray)),
        Check("autostart", _blocking(installation.check_autostart)),
        Check("folders", _blocking(installation.check_folders)),
        Check("disk", _blocking(installation.check_disk)),
        Check("history", _blocking(lambda: installation.check_history(config.history))),
        Check("daemon", _blocking(installation.check_daemon), 25.0),
    ]


async def _check_hotkey(config: Config, prompt: Callable[[str], None] | None) -> list[Finding]:
    if sys.platform == "linux" and compositor_answers():
        return await wayland.check_hotkey(config.hotkey, prompt)
    return await hotkey.check_hotkey(config.hotkey, prompt)


async def _check_delivery(settings: OutputSettings) -> list[Finding]:
    if sys.platform == "linux":
        if compositor_answers():
            return await delivery_wayland.check_delivery(settings)
        if os.environ.get("DISPLAY"):
            return await delivery_x11.check_delivery(settings)
    return [Finding("typing", "unchecked", "checked on X11 and Wayland only")]


def _blocking(check: Callable[[], list[Finding]]) -> Callable[[], Awaitable[list[Finding]]]:
    return lambda: threads.run_in_thread(check)


async def _run(
    checks: list[Check], conclude: Callable[[list[Finding]], int], *, quiet: bool
) -> int:
    hung: list[str] = []
    found: list[Finding] = []
    for check in checks:
        findings = await check.findings(hung)
        found += findings
        if not quiet:
            _write(sys.stdout, "\n".join(map(lines, findings)))
    code = conclude(found)
    if hung:  # asyncio and the pools of threads would wait for a check that never ends
        os._exit(code)
    return code


def _report(findings: list[Finding]) -> dict[str, Any]:
    return {
        "format": _FORMAT, "program": __version__,
        "passed": all(finding.state != "failed" for finding in findings),
        "checks": [as_json(finding) for finding in findings],
    }  # fmt: skip


def _conclude(report: dict[str, Any], findings: list[Finding], *, in_json: bool) -> None:
    if in_json:
        _write(sys.stdout, json_text.dump(report, indent=2))
        return
    failed = sum(finding.state == "failed" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    counted = f"{failed} failed, {warnings} warning{'s' * (warnings != 1)}"
    _write(sys.stdout, f"\n{counted if failed or warnings else 'No problems found'}.")
    if "bundle" in report:
        _write(sys.stdout, bundle.listing(report["bundle"]))


def _write(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
