"""Checks the engine: `tray-dictate doctor engine`, and its lines in the whole table."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.config.schema import Config
from tray_dictate.core import json_text
from tray_dictate.doctor.check import Finding, State, mark
from tray_dictate.doctor.server import CheckStep, Checkup, Recording, offline_steps
from tray_dictate.history.statistics import CloudUsage, open_statistics
from tray_dictate.system import logs

logger = logging.getLogger(__name__)

_REMEDY = (
    '`tray-dictate doctor engine` shows every step; with engine.name = "offline" no server is used.'
)


def examine(config: Config, *, live: bool, as_json: bool) -> int:
    """Check the configured engine and print each step; return 0 if all have passed, else 1.

    With `live`, a server is sent a recording, too.
    """
    logs.start_for_command()  # the steps have the messages
    settings = config.engine
    done = asyncio.run(_run(_steps(settings, live=live), quiet=as_json))
    passed = all(step.passed for step in done)
    if as_json:
        head = {"engine": settings.name, "transport": settings.transport, "live": live}
        body = {**head, "passed": passed, "steps": [_as_json(step) for step in done]}
        sys.stdout.write(json_text.dump(body, indent=2) + "\n")
    elif passed and not live and settings.name != "offline":
        sys.stdout.write(
            "Only settings were sent. --live also sends a recording of 9 s, twice, and times the "
            "text; it may cost money.\n"
        )
    return int(not passed)


async def check_engine(settings: EngineSettings) -> list[Finding]:
    """Let the offline engine transcribe, or check a server without sending it any sound."""
    remedy = "" if settings.name == "offline" else _REMEDY  # the offline engine's errors have one
    return [_finding(step, remedy) async for step in _steps(settings, live=False)]


async def _steps(settings: EngineSettings, *, live: bool) -> AsyncGenerator[CheckStep]:
    if settings.name == "offline":
        async for step in offline_steps(settings, Recording()):
            yield step
        return
    # counts the minutes sent to a cloud, here too
    usage = CloudUsage(open_statistics(logs.LoggedNotices(logging.WARNING)))
    try:
        await usage.check(settings.cap_minutes if live and settings.cloud else 0)
        checkup = Checkup(settings, Recording() if live else None, usage)
        async for step in checkup.steps():
            yield step
    finally:
        await usage.close()


def _finding(step: CheckStep, remedy: str) -> Finding:
    unit = step.unit if step.value is not None else ""
    return Finding(
        f"engine {step.name}", _state(step), step.words, step.value, unit,
        "" if step.passed else remedy,
    )  # fmt: skip


def _state(step: CheckStep) -> State:
    if not step.passed:
        return "failed"
    return "warning" if step.warning else "ok"


async def _run(steps: AsyncGenerator[CheckStep], *, quiet: bool) -> list[CheckStep]:
    done: list[CheckStep] = []
    async for step in steps:
        done.append(step)
        if not quiet:
            sys.stdout.write(_line(step) + "\n")
            sys.stdout.flush()
    return done


def _as_json(step: CheckStep) -> dict[str, Any]:
    return {**asdict(step), "value": None if step.value is None else round(step.value, 3)}


def _line(step: CheckStep) -> str:
    number = "" if step.value is None else f"{step.value:.{3 if step.unit == 'x' else 0}f}"
    unit = step.unit if number else ""
    return f"{mark(_state(step))} {step.name:<11} {number:>6} {unit:<2}  {step.words}".rstrip()
