"""The voice detector by numpy and by onnxruntime: CPU for a hop of 32 ms, and memory.

    python -m tests.bench.detector

Both hear the same person, in turn. "cold": something else has used the processor's caches before
each hop, as the speech model does. Memory is what a process with numpy gains by loading one of
them and hearing a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from tests.bench.engine import memory
from tests.speech import Samples, recording, resampled
from tray_dictate.engine import model_files
from tray_dictate.engine.models import HOP
from tray_dictate.engine.vad import Silero

ROUNDS = 3
COLD = 300  # hops
Hear = Callable[[Samples], float]


def by_numpy() -> Hear:
    return Silero(model_files.find(model_files.SILERO)).detector().hear


def by_onnxruntime() -> Hear:
    """Return the same network as the library computes it, with less around it: no gain."""
    from tray_dictate.engine.offline.onnx import Model  # noqa: PLC0415 - it is what is measured

    model = Model(model_files.find(model_files.SILERO) / "silero_vad_16k_op15.onnx")
    heard, state = np.zeros((1, 64 + HOP), np.float32), np.zeros((2, 1, 128), np.float32)
    rate = np.array(16000)

    def hear(hop: Samples) -> float:
        nonlocal state
        heard[0, :64] = heard[0, HOP:]
        heard[0, 64:] = hop
        verdict, state = model.run(None, {"input": heard, "state": state, "sr": rate})
        return float(verdict[0, 0])

    return hear


LIBRARIES = {"numpy": by_numpy, "onnxruntime": by_onnxruntime}


def microseconds(hear: Hear, hops: list[Samples], *, cold: bool) -> float:
    """Return the CPU time of a hop, of this thread."""
    other = np.zeros(4_000_000, np.float32)
    used = 0.0
    for hop in hops[:COLD] if cold else hops:
        if cold:
            other += 1
        before = time.thread_time()
        hear(hop)
        used += time.thread_time() - before
    return used / len(hops[:COLD] if cold else hops) * 1e6


def gained(name: str) -> int:
    """Return the MB of memory that one of the libraries takes in a new process."""
    command = [sys.executable, "-m", "tests.bench.detector", name]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=True)
    return int(done.stdout)


def in_a_new_process(name: str) -> None:
    """Print the MB that this process gains."""
    sound = np.zeros(HOP, np.float32)
    np.matmul(np.ones((64, 64), np.float32), np.ones((64, 64), np.float32))
    before = memory()["VmRSS"]
    hear = LIBRARIES[name]()
    for _ in range(32):
        hear(sound)
    print(memory()["VmRSS"] - before)


def main() -> None:
    if sys.argv[1:]:
        in_a_new_process(sys.argv[1])
        return
    load = os.getloadavg()[0]
    print(f"{time.strftime('%Y-%m-%d')}  python -m tests.bench.detector  (load {load:.1f})")
    sound = resampled(*recording("two_cities"), 16000)
    hops = [sound[at : at + HOP] for at in range(0, len(sound) - HOP, HOP)]
    print("CPU of a hop in microseconds: caches warm / cold; and memory")
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in LIBRARIES}
    for _ in range(ROUNDS):
        for name, load in LIBRARIES.items():
            for column, cold in enumerate((False, True)):
                found[name][column].append(microseconds(load(), hops, cold=cold))
    for name, (warm, cold) in found.items():
        print(f"  {name:<12} {min(warm):>5.0f} / {min(cold):.0f}   {gained(name)} MB")


if __name__ == "__main__":
    main()
