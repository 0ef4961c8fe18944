"""What the daemon costs while somebody speaks, and while nobody does: by thread.

    python -m tests.bench.speaking [--runs N] [--idle SECONDS] [--against TREE] [--base FOLDER]
        [SETTING=VALUE ...]

A real daemon on the desktop of the tests, with a panel, a sound server and a window: a voice and a
person read for 45 s while the key is held. "decoder" is the thread of the speech model, "loop"
that of asyncio, "other" all the rest: PortAudio's callback and the sound server's library, the
hotkey, the output, the tray. A wake-up is a voluntary context switch. With `--against` the daemon
of another source tree is measured in turn with ours, for ratios that do not depend on the machine.
With `--base`, which is a folder with Moonshine base in English, that model is installed for them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.engine import SPOKEN
from tests.rigs.daemon import ROOT, Daemon
from tests.rigs.x11 import Desktop
from tests.speech import recording, resampled, say
from tray_dictate.engine.local_model import BASE
from tray_dictate.engine.model_store import ModelStore

RATE = 48000
SECONDS = 45.0  # of speech
SETTLED = 3.0  # seconds of speech before the measurement begins, and left when it ends
Shares = dict[str, tuple[float, float]]  # by thread: of a core, and wake-ups per second
GROUPS = {"engine": "decoder", "loop": "loop"}  # names of threads, without their numbers


@dataclass(frozen=True)
class Use:
    """What one thread has used since it began."""

    name: str
    cpu: float  # seconds
    wakes: int


def uses(pid: int) -> dict[int, Use]:
    """Return what each thread of a process has used until now, by its number."""
    found: dict[int, Use] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            name = (task / "comm").read_text().strip()
            cpu = int((task / "schedstat").read_text().split()[0]) / 1e9
            switches = re.search(r"voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text())
            found[int(task.name)] = Use(name, cpu, int(switches[1]))
    return found


def used(daemon: Daemon, seconds: float) -> Shares:
    """Return the share of a core and the wake-ups per second of each name of a thread."""
    daemon.process.send_signal(signal.SIGUSR2)
    time.sleep(0.1)  # the names are there
    before, began = uses(daemon.pid), time.monotonic()
    time.sleep(seconds)
    after, took = uses(daemon.pid), time.monotonic() - began
    total: Shares = {}
    for number, use in after.items():
        earlier = before.get(number, Use(use.name, 0, 0))
        name = re.sub(r"[-_]?\d+(_\d+)?$", "", use.name)
        cpu, wakes = total.get(name, (0.0, 0.0))
        total[name] = (
            cpu + (use.cpu - earlier.cpu) / took, wakes + (use.wakes - earlier.wakes) / took
        )  # fmt: skip
    return total


def grouped(threads: Shares) -> Shares:
    """Return the same for the decoder, the loop, all other threads, and all together."""
    groups = {"decoder": (0.0, 0.0), "loop": (0.0, 0.0), "other": (0.0, 0.0), "all": (0.0, 0.0)}
    for name, (cpu, wakes) in threads.items():
        for group in (GROUPS.get(name, "other"), "all"):
            groups[group] = (groups[group][0] + cpu, groups[group][1] + wakes)
    return groups


def speech(folder: Path) -> Path:
    """Return a file with a person and a voice in turns, with pauses of a second."""
    pause = np.zeros(RATE, np.float32)
    parts = [resampled(*source, RATE) for source in (say(SPOKEN), recording("two_cities"))]
    sound = np.concatenate([each for part in parts for each in (part, pause)])
    path = folder / "speech.wav"
    soundfile.write(path, sound[: int(SECONDS * RATE)], RATE, subtype="PCM_16")
    return path


def install(desktop: Desktop, base: Path) -> None:
    """Install Moonshine base for the daemons of the desktop."""
    root = Path(desktop.env["XDG_DATA_HOME"], "tray_dictate/models")
    store = ModelStore(root)
    model = store.find(BASE)
    shutil.copytree(base, root / model.id)
    asyncio.run(store.get(model, Installing()))  # all of it is there: nothing is downloaded


class Installing:
    """Shows nothing of it."""

    def advance(self, done: int, size: int) -> None: ...

    def tell(self, message: str) -> None: ...


def run(
    desktop: Desktop, tree: Path, wav: Path, settings: list[str], idle: float
) -> tuple[Shares, Shares, str]:
    """Return what the threads of a new daemon use, speaking and idle, and the text."""
    daemon = Daemon(
        desktop.processes, desktop.env, [str(tree), *settings], module="tests.bench.named_threads"
    )
    with daemon, desktop.text_window("tk") as window:
        daemon.wait_log("the engine is loaded", 60)
        desktop.keydown("Control_R")
        daemon.wait_log("dictation 1: first sample")
        player = desktop.play(wav)
        time.sleep(SETTLED)
        speaking = used(daemon, SECONDS - 2 * SETTLED)
        player.wait(60)
        desktop.keyup("Control_R")
        daemon.wait_log("dictation 1: over", 30)
        resting: Shares = {}
        if idle:
            time.sleep(SETTLED)
            resting = used(daemon, idle)
        return speaking, resting, window.text()


def show(title: str, threads: Shares) -> None:
    """Print a line for all groups, and what makes up the "other" one."""
    cells = "  ".join(
        f"{name} {cpu:>6.2%} {wakes:>5.0f}/s" for name, (cpu, wakes) in grouped(threads).items()
    )
    others = ", ".join(
        f"{name} {cpu:.2%} {wakes:.0f}/s"
        for name, (cpu, wakes) in sorted(threads.items(), key=lambda item: -item[1][0])
        if name not in GROUPS and (cpu > 0.0005 or wakes > 1)
    )
    print(f"  {title:<22} {cells}\n  {'':<22} other: {others or 'nothing'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2, metavar="N", help="of each tree")
    parser.add_argument("--idle", type=float, default=30, metavar="SECONDS", help="0: not at all")
    parser.add_argument("--against", type=Path, metavar="TREE", help="another source tree")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="the larger model, installed")
    parser.add_argument("settings", nargs="*", metavar="SETTING=VALUE", help="of the daemon")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.speaking", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    print("share of a core and wake-ups per second, by thread")
    trees = {"ours": ROOT} | ({"the other tree": options.against} if options.against else {})
    whole: dict[str, list[float]] = {name: [] for name in trees}
    with (
        tempfile.TemporaryDirectory() as folder,
        Desktop(tray="xfce", notifications=True, sound=True) as desktop,
    ):
        wav = speech(Path(folder))
        if options.base:
            install(desktop, options.base)
        for number in range(options.runs):
            for name in list(trees) if number % 2 == 0 else reversed(list(trees)):
                speaking, resting, text = run(
                    desktop, trees[name], wav, options.settings, options.idle
                )
                show(f"{name}, speaking", speaking)
                if options.idle:
                    show(f"{name}, idle", resting)
                print(f"  {'':<22} {len(text.split())} words in the window")
                whole[name].append(grouped(speaking)["all"][0])
    for name, shares in whole.items():
        print(f"{name}: {statistics.median(shares):.1%} of a core while speaking (median)")
    if options.against:
        ours, other = (statistics.median(shares) for shares in whole.values())
        print(f"ratio {ours / other:.2f}")


if __name__ == "__main__":
    main()
