"""What works here, with numbers, and what would mend the rest: `tray-dictate doctor engine`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from tray_dictate import log
from tray_dictate.audio import files
from tray_dictate.config import Config
from tray_dictate.engine import assets, detectors
from tray_dictate.engine.checkup import Checkup, Recording, embedded_steps
from tray_dictate.engine.trial import Step
from tray_dictate.errors import UnavailableError
from tray_dictate.pcm import SAMPLE

_SPOKEN = 9.2  # seconds of the recording; then nobody speaks
_MARKS, _PLAIN_MARKS = ("✓", "!", "✗"), ("ok", "!", "FAILED")


def engine(config: Config, *, live: bool, as_json: bool) -> int:
    """Check the configured engine, `live` with sound; return 0 if every step has passed, else 1."""
    log.start_plain()  # the steps say it
    settings = config.engine
    if settings.name == "offline":
        steps = embedded_steps(_recording())
    else:
        steps = Checkup(settings, _recording() if live else None, detectors).steps()
    done = asyncio.run(_run(steps, quiet=as_json))
    passed = all(step.passed for step in done)
    if as_json:
        head = {"engine": settings.name, "transport": settings.transport, "live": live}
        body = {**head, "passed": passed, "steps": [_as_json(step) for step in done]}
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
    elif passed and not live and settings.name != "offline":
        sys.stdout.write(
            "Nothing was sent but settings. --live sends a recording of 9 s twice, which may cost "
            "money, and measures the text.\n"
        )
    return int(not passed)


def _recording() -> Recording:
    """Return what reads somebody's nine seconds of Beckett. Raises UnavailableError."""
    carrier = assets.MOONSHINE
    folder = assets.installed(carrier.package)
    path = folder / "assets" / "beckett.wav" if folder else None
    if path is None or not path.is_file():
        raise UnavailableError(
            f"There is no recording to send: {carrier.distribution} is not installed.",
            f"Install it: {sys.executable} -m pip install {carrier.distribution}",
        )
    return lambda rate: files.read(path, rate)[: int(rate * _SPOKEN) * SAMPLE]


async def _run(steps: AsyncGenerator[Step], *, quiet: bool) -> list[Step]:
    done: list[Step] = []
    async for step in steps:
        done.append(step)
        if not quiet:
            sys.stdout.write(_line(step) + "\n")
            sys.stdout.flush()
    return done


def _as_json(step: Step) -> dict[str, Any]:
    return {**asdict(step), "value": None if step.value is None else round(step.value, 3)}


def _line(step: Step) -> str:
    marks = _MARKS
    try:
        "".join(_MARKS).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        marks = _PLAIN_MARKS
    mark = marks[1 if step.warning else 0] if step.passed else marks[2]
    number = "" if step.value is None else f"{step.value:.{3 if step.unit == 'x' else 0}f}"
    unit = step.unit if number else ""
    return f"{mark} {step.name:<11} {number:>6} {unit:<2}  {step.words}".rstrip()
