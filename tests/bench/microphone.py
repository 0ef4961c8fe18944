"""How soon a microphone of PipeWire delivers sound, by each of ALSA's plugins, in one run.

    python -m tests.bench.microphone [--takes N]

A real PipeWire with a microphone. Two processes record in turn with the program's own microphone
code: one where ALSA has PipeWire's plugin, one where it has PulseAudio's. The time is from opening
until the first chunk; the first recording of each, which loads PortAudio, does not count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from contextlib import ExitStack

from tests.rigs.line_program import LineProgram
from tests.rigs.pipewire import PipeWire, Plugin
from tests.rigs.session import Session

RECORDER = "from tests.audio import recorder; recorder.main()"
DEVICE = "virtmic2"  # not the default
PLUGINS: tuple[Plugin, ...] = ("pipewire", "pulse")
PAUSE = 0.2  # seconds between two recordings


class PipeWireSession(Session):
    SOUND = PipeWire


def first_chunk(recorder: LineProgram) -> float:
    """Return the milliseconds until the first chunk of one recording."""
    if recorder.answers() != "open":
        raise SystemExit(f"no sound: {recorder.answers()}")
    heard = json.loads(recorder.answers())
    time.sleep(PAUSE)
    return heard["first"]


def bench(takes: int) -> None:
    times: dict[Plugin, list[float]] = {plugin: [] for plugin in PLUGINS}
    with PipeWireSession("XFCE", type="x11", sound=True) as session, ExitStack() as stack:
        assert isinstance(session.sound, PipeWire)
        recorders = {
            plugin: stack.enter_context(
                LineProgram(RECORDER, session.env | session.sound.lead_alsa((plugin,)), DEVICE)
            )
            for plugin in PLUGINS
        }
        for recorder in recorders.values():
            first_chunk(recorder)
        for _ in range(takes):
            for plugin, recorder in recorders.items():
                times[plugin].append(first_chunk(recorder))
    print(f"open to first chunk, {takes} recordings by each plugin, ms")
    for plugin, found in times.items():
        tenth, *_, last = statistics.quantiles(found, n=10)
        print(
            f"  {plugin:<9} median {statistics.median(found):5.0f}   "
            f"10 % {tenth:5.0f}   90 % {last:5.0f}"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--takes", type=int, default=30)
    bench(options.parse_args().takes)
