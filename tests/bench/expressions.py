"""Fifty expressions of the user's that take for ever: does the daemon answer meanwhile?

    python -m tests.bench.expressions

A daemon (its devices are the tests' fakes, all else is its own) gets a sentence of 70 letters with
all of them in text.patterns, output.rules and rewrite.profiles, while another process asks for its
status, again and again. Then `config --check` reads the same settings.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.daemon_rig import Rig, spoken
from tray_dictate.app.control.commands import ControlCommands
from tray_dictate.app.control.server import ControlServer

BAR = 100  # ms for an answer
SENTENCE = "please send the invoice to accounting before noon and then call me back."
ATOMS = (r"\w", r"[a-z]", r"\S", r"[^#]", r"(?:\w|\s)")
SHAPES = (
    "({0}+\\s?)+#{1}", "^({0}+\\s*)*;{1}$", "(?:{0}|{0}|\\s)+#{1}", "(({0}|e)+\\s*)*#{1}",
    "(?=({0}+\\s?)+#{1})x", "({0}+)(\\s?{0}+)*#{1}", "(?P<w>{0}+\\s?)+(?P=w)#{1}",
    "({0}*\\s*)*@{1}", "(?:(?:{0}+)\\s*)*!{1}", "((?:{0}+|\\s)+)+#{1}",
)  # fmt: skip
PATTERNS = [shape.format(atom, n) for n, atom in enumerate(ATOMS) for shape in SHAPES]


def settings() -> str:
    text = "[text.patterns]\n" + "".join(f"{json.dumps(one)} = 'x'\n" for one in PATTERNS)
    rules = [f"[[output.rules]]\napplication = {json.dumps(one)}\n" for one in PATTERNS]
    profiles = [f"[[rewrite.profiles]]\napplication = {json.dumps(one)}\n" for one in PATTERNS]
    return "".join([text, *rules, *profiles])


def ask(path: str, stop, answers) -> None:
    """Ask for the status until told to stop; put the milliseconds of each answer."""
    import socket  # noqa: PLC0415 - in the other process

    took: list[float] = []
    while not stop.is_set():
        began = time.perf_counter()
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(path)
            asking.sendall(b'{"version": 1, "command": "status", "args": {}}\n')
            assert asking.makefile().readline()
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.005)
    answers.put(took)


async def daemon(path: Path) -> tuple[list[float], float, int]:
    patterns = ", ".join(f"{json.dumps(one)} = 'x'" for one in PATTERNS)
    rig = Rig(f"text.patterns={{{patterns}}}")
    await rig.daemon.start()

    # no command that needs the settings, the devices or the menu is sent
    commands = ControlCommands(rig.daemon, rig.parts, None, rig.notices, devices=None, menu=None)
    server = ControlServer(commands.handlers(), path)
    await server.start()
    context = multiprocessing.get_context("spawn")
    stop, took = context.Event(), context.Queue()
    asking = context.Process(target=ask, args=(str(path), stop, took))
    asking.start()
    await asyncio.sleep(2)  # the other process is there
    began = time.perf_counter()
    rig.press()
    await rig.say(SENTENCE)
    while SENTENCE[:-1] not in rig.output.text:  # noqa: ASYNC110 - a string has no event
        await asyncio.sleep(0.01)
    waited = time.perf_counter() - began
    rig.release()
    await rig.idle()
    for _ in range(len(PATTERNS)):  # each takes its share of them
        await spoken(rig, SENTENCE)
    stop.set()
    values = await asyncio.to_thread(took.get)
    await asyncio.to_thread(asking.join)
    await server.close()
    await rig.daemon.stop()
    await rig.history.close()
    return values, waited, len(rig.tray.said)


def main() -> int:
    print(f"{time.strftime('%Y-%m-%d')}  python -m tests.bench.expressions  "
          f"({len(PATTERNS)} expressions, load {os.getloadavg()[0]:.1f})")  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        values, waited, _ = asyncio.run(daemon(folder / "socket"))
        values.sort()
        print(f"status, {len(values)} answers, ms: p50 {values[len(values) // 2]:.1f}   "
              f"p99 {values[int(len(values) * 0.99)]:.1f}   worst {values[-1]:.1f}")  # fmt: skip
        print(f"the first sentence was in the window after {waited:.1f} s")
        path = folder / "config.toml"
        path.write_text(settings())
        began = time.perf_counter()
        code = subprocess.run(
            [sys.executable, "-m", "tray_dictate", "config", "--check", "--config", str(path)],
            check=False, capture_output=True,
        ).returncode  # fmt: skip
        print(f"config --check: code {code} after {time.perf_counter() - began:.1f} s")
    return int(values[-1] > BAR or code != 0)


if __name__ == "__main__":
    raise SystemExit(main())
