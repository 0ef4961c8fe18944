"""The engine, step by step: `tray-dictate doctor engine`, and its lines in the whole table."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from tray_dictate.audio import files
from tray_dictate.config.schema import Config, EngineSettings
from tray_dictate.core import json_text
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.pcm import SAMPLE
from tray_dictate.doctor.check import Finding
from tray_dictate.doctor.server import CheckStep, Checkup, Recording, embedded_steps
from tray_dictate.engine import load_detector, model_files
from tray_dictate.history.statistics import CloudUsage, open_statistics
from tray_dictate.system import logs, own_python

logger = logging.getLogger(__name__)

_SPOKEN = 9.2  # seconds of the recording; then nobody speaks
_REMEDY = (
    '`tray-dictate doctor engine` shows all of its steps; engine.name = "offline" needs no server.'
)
_MARKS, _PLAIN_MARKS = ("✓", "!", "✗"), ("ok", "!", "FAILED")


def examine(config: Config, *, live: bool, as_json: bool) -> int:
    """Check the configured engine, `live` with sound; return 0 if every step has passed, else 1."""
    logs.start_for_command()  # the steps say it
    settings = config.engine
    done = asyncio.run(_run(_steps(settings, live=live), quiet=as_json))
    passed = all(step.passed for step in done)
    if as_json:
        head = {"engine": settings.name, "transport": settings.transport, "live": live}
        body = {**head, "passed": passed, "steps": [_as_json(step) for step in done]}
        sys.stdout.write(json_text.dump(body, indent=2) + "\n")
    elif passed and not live and settings.name != "offline":
        sys.stdout.write(
            "Nothing was sent but settings. --live sends a recording of 9 s twice, which may cost "
            "money, and measures the text.\n"
        )
    return int(not passed)


async def look(settings: EngineSettings) -> list[Finding]:
    """Load the embedded engine and have it transcribe; ask a server, but send it no sound."""
    return [_finding(step) async for step in _steps(settings, live=False)]


async def _steps(settings: EngineSettings, *, live: bool) -> AsyncGenerator[CheckStep]:
    if settings.name == "offline":
        async for step in embedded_steps(settings, _recording()):
            yield step
        return
    # what is sent to a cloud is paid for, here too
    usage = CloudUsage(open_statistics(logger.warning))
    try:
        await usage.check(settings.cap_minutes if live and settings.cloud else 0)
        checkup = Checkup(settings, _recording() if live else None, load_detector, usage)
        async for step in checkup.steps():
            yield step
    finally:
        await usage.close()


def _finding(step: CheckStep) -> Finding:
    state = ("warning" if step.warning else "ok") if step.passed else "failed"
    remedy = "" if step.passed else _REMEDY
    unit = step.unit if step.value is not None else ""
    return Finding(f"engine {step.name}", state, step.words, step.value, unit, remedy)


def _recording() -> Recording:
    """Return what reads somebody's nine seconds of Beckett. Raises UnavailableError."""
    carrier = model_files.MOONSHINE
    folder = model_files.installed(carrier.package)
    path = folder / "assets" / "beckett.wav" if folder else None
    if path is None or not path.is_file():
        raise UnavailableError(
            f"There is no recording to send: {carrier.distribution} is not installed.",
            f"Install it: {own_python.PIP} install {carrier.distribution}",
        )
    return lambda rate: files.read(path, rate)[: int(rate * _SPOKEN) * SAMPLE]


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
    marks = _MARKS
    try:
        "".join(_MARKS).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        marks = _PLAIN_MARKS
    mark = marks[1 if step.warning else 0] if step.passed else marks[2]
    number = "" if step.value is None else f"{step.value:.{3 if step.unit == 'x' else 0}f}"
    unit = step.unit if number else ""
    return f"{mark} {step.name:<11} {number:>6} {unit:<2}  {step.words}".rstrip()
