"""`tray-dictate doctor`: every check in turn, as a table or as JSON, and the archive for a report.

The daemon may run meanwhile: its lock is not needed, and nothing of it is changed.
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
from tray_dictate.config.schema import Config
from tray_dictate.core import json_text
from tray_dictate.doctor import (
    bundle,
    delivery_x11,
    engine,
    hotkey,
    installation,
    microphone,
    session,
    setup,
)
from tray_dictate.doctor import installation as files
from tray_dictate.doctor import installation as settings
from tray_dictate.doctor import session as display
from tray_dictate.doctor.check import Check, Finding, as_json, lines
from tray_dictate.system import logs, threads
from tray_dictate.system.wayland import compositor_answers

_FORMAT = 1  # of the JSON
_HOTKEY, _ENGINE, _TYPING = hotkey.ALLOWED + hotkey.PATIENCE + 30, 90.0, 45.0  # seconds


def examine(
    given: Path | None,
    overrides: list[str] | None,
    *,
    in_json: bool,
    ask: bool,
    archive: Path | None,
) -> int:
    """Check the machine; return 0 if nothing has failed, else 1. Raises DictateError."""
    logs.start_for_command()  # the findings say it
    config, of_settings = settings.look_at_settings(given, overrides)
    prompt = partial(_write, sys.stderr if in_json else sys.stdout) if ask else None
    checks = _checks(config, of_settings, prompt)

    def conclude(findings: list[Finding]) -> int:
        report = _report(findings)
        if archive:
            report["bundle"] = bundle.write(archive, given, report)
        _tell(report, findings, in_json=in_json)
        return int(not report["passed"])

    return asyncio.run(_carry_out(checks, conclude, quiet=in_json))


def set_up(
    given: Path | None, overrides: list[str] | None, *, in_json: bool, to_write: bool, to_fix: bool
) -> int:
    """Set the desktop's keys up, and check nothing else; return 0 where that was done, else 1."""
    logs.start_for_command()
    config, found = settings.look_at_settings(given, overrides)
    if all(finding.state == "ok" for finding in found):
        found = setup.carry_out(config.hotkey, to_write=to_write, to_fix=to_fix)
    report = _report(found)
    text = json_text.dump(report, indent=2) if in_json else ""
    _write(sys.stdout, text or "\n".join(map(lines, found)))
    return int(not report["passed"])


def _checks(
    config: Config, of_settings: list[Finding], prompt: Callable[[str], None] | None
) -> list[Check]:
    """Return all checks, in the order of the table."""
    return [
        Check("version", _blocking(display.versions)),
        Check("display", _blocking(display.session)),
        Check("settings", _blocking(lambda: of_settings)),
        Check("hotkey", lambda: _keys(config, prompt), _HOTKEY),
        Check("microphone", lambda: microphone.look(config.audio), remedy=microphone.HANGS),
        Check("engine", lambda: engine.look(config.engine_with_terms), _ENGINE),
        Check("typing", lambda: _typing(config), _TYPING),
        Check("tray", lambda: session.tray(config.tray)),
        Check("notifications", lambda: session.notifications(config.tray)),
        Check("autostart", _blocking(installation.login)),
        Check("folders", _blocking(files.folders)),
        Check("disk", _blocking(files.disk)),
        Check("history", _blocking(lambda: files.history(config.history))),
        Check("daemon", _blocking(installation.look_at_daemon), 25.0),
    ]


def _keys(config: Config, prompt: Callable[[str], None] | None) -> Awaitable[list[Finding]]:
    if compositor_answers():
        from tray_dictate.doctor import wayland  # noqa: PLC0415 - Linux only

        return wayland.keys(config.hotkey, prompt)
    return hotkey.look(config.hotkey, prompt)


def _typing(config: Config) -> Awaitable[list[Finding]]:
    if compositor_answers():
        from tray_dictate.doctor import delivery_wayland  # noqa: PLC0415 - Linux only

        return delivery_wayland.look(config.output)
    return delivery_x11.look(config.output)


def _blocking(look: Callable[[], list[Finding]]) -> Callable[[], Awaitable[list[Finding]]]:
    return lambda: threads.run_in_thread(look)


async def _carry_out(
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
    if hung:  # asyncio and the threads' pools would wait for what does not end
        os._exit(code)
    return code


def _report(findings: list[Finding]) -> dict[str, Any]:
    return {
        "format": _FORMAT, "program": __version__,
        "passed": all(finding.state != "failed" for finding in findings),
        "checks": [as_json(finding) for finding in findings],
    }  # fmt: skip


def _tell(report: dict[str, Any], findings: list[Finding], *, in_json: bool) -> None:
    if in_json:
        _write(sys.stdout, json_text.dump(report, indent=2))
        return
    failed = sum(finding.state == "failed" for finding in findings)
    warned = sum(finding.state == "warning" for finding in findings)
    said = f"{failed} failed, {warned} to look at" if failed or warned else "Everything is fine"
    _write(sys.stdout, f"\n{said}.")
    if "bundle" in report:
        _write(sys.stdout, bundle.listing(report["bundle"]))


def _write(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
