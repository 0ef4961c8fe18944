"""Every benchmark, one after the other, on a machine that should have nothing else to do.

    python -m tests.bench [--eval FOLDER]

The folder holds recordings and a manifest.json with their words (see tests/bench/engine.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eval", metavar="FOLDER", help="recordings for the word error rate")
    folder = parser.parse_args().eval
    arguments = {
        "desktop": [],
        "engine": ["--eval", folder] if folder else [],
        **({"offset": ["--eval", folder]} if folder else {}),
        "detector": [],
        "speaking": [],
        "words": [],
        "control": [],
        "expressions": [],
        "takes": [],
        "cancelled": [],
        "microphone": [],
        "delivery": [],
        "clipboard": [],
        "typing": [],
        "windows": [],
        "wayland": [],
        "wayland_hotkey": [],
        "transcribe": [],
        "online": [],
        "faults": ["--schedules", "1000"],
        "download": ["--kills", "100"],
    }
    for name, given in arguments.items():
        command = [sys.executable, "-m", f"tests.bench.{name}", *given]
        print(f"\n{' '.join(command[1:])}", flush=True)
        if code := subprocess.run(command, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
