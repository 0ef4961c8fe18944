"""Memory of `tray-dictate transcribe` over a short file and over hours.

    python -m tests.bench.transcribe [--hours 3]

The files are 48 kHz stereo, and silent: they take no room on the disk, and no time to understand.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

RATE, CHANNELS, SAMPLE = 48000, 2, 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=3.0)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (60.0, hours * 3600):
            path = silent(Path(folder) / f"{seconds:.0f}.wav", seconds)
            peak, cpu, took = measured(path)
            print(f"{seconds:>8.0f} s of sound: {peak / 1024:.0f} MB at most, "
                  f"{cpu:.1f} s of CPU, {took:.1f} s", flush=True)  # fmt: skip
    return 0


def silent(path: Path, seconds: float) -> Path:
    frames = int(seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(CHANNELS)
        file.setsampwidth(SAMPLE)
        file.setframerate(RATE)
        file.writeframes(b"")
    header = bytearray(path.read_bytes())
    length = frames * CHANNELS * SAMPLE
    header[4:8], header[40:44] = ((n).to_bytes(4, "little") for n in (length + 36, length))
    path.write_bytes(header)
    os.truncate(path, len(header) + length)
    return path


def measured(path: Path) -> tuple[int, float, float]:
    """Return KiB, and seconds of CPU and of the clock."""
    began = time.monotonic()
    command = [sys.executable, "-P", "-m", "tray_dictate", "transcribe", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss, used.ru_utime + used.ru_stime, time.monotonic() - began


if __name__ == "__main__":
    raise SystemExit(main())
