"""PulseAudio with a microphone that a test speaks into, and a speaker that it can listen to."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.rigs.processes import Processes

# norewinds=1: without it an idle null sink sleeps up to 2 s, and a stream opened on its monitor
# gets no sample until it wakes
SCRIPT = """\
load-module module-native-protocol-unix auth-anonymous=1 auth-cookie-enabled=0
load-module module-null-sink sink_name=speaker norewinds=1 \
sink_properties=device.description=speaker
load-module module-null-sink sink_name=mic norewinds=1 rate={rate} channels=1 channel_map=mono \
sink_properties=device.description=mic
load-module module-remap-source source_name=virtmic master=mic.monitor channels=1 \
master_channel_map=mono channel_map=mono source_properties=device.description=virtmic
set-default-sink speaker
set-default-source virtmic
"""


class Recording:
    """What was heard, once its `with` is over: PCM16 mono."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.samples = np.zeros(0, np.int16)


class Sound:
    """One sound server; what is played into `mic` comes out of `virtmic`, the default source."""

    def __init__(self, processes: Processes, folder: Path, env: dict[str, str], rate: int) -> None:
        self.rate = rate
        self._processes = processes
        self._folder = folder
        self._env = env
        self._server: subprocess.Popen[bytes] | None = None
        clients = Path(env["XDG_CONFIG_HOME"]) / "pulse"
        clients.mkdir()
        (clients / "client.conf").write_text("autospawn = no\n")  # no server must stay no server

    def start(self) -> None:
        """Start the server and wait until the microphone is there."""
        self._start_in(self._env)

    def stop(self) -> None:
        """End the server; idempotent."""
        if self._server:
            self._processes.end(self._server)
        self._server = None

    def freeze(self) -> None:
        """Have the server neither answer nor end."""
        assert self._server
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have a frozen server go on."""
        assert self._server
        self._server.send_signal(signal.SIGCONT)

    def replace_frozen(self) -> None:
        """Start another server; who was connected to the frozen one still hangs."""
        runtime = Path(self._env["XDG_RUNTIME_DIR"])
        (runtime / "pulse" / "native").unlink()
        self._server = None  # it ends with the session
        # the name on the bus is taken
        self._start_in({**self._env, "DBUS_SESSION_BUS_ADDRESS": "disabled:"})

    def pactl(self, *words: str) -> str:
        """Return what pactl prints: unload-module module-remap-source, set-source-mute virtmic 1"""
        return subprocess.run(
            ["pactl", *words], env=self._env, capture_output=True, text=True, check=True, timeout=10
        ).stdout

    def play(self, wav: Path, device: str = "mic") -> subprocess.Popen[bytes]:
        """Begin to play a file into the microphone."""
        return self._processes.start("paplay", ["paplay", f"--device={device}", str(wav)])

    def play_whole(self, wav: Path, device: str = "mic") -> None:
        """Play a file into the microphone, to its end."""
        player = self.play(wav, device)
        try:
            assert player.wait(600) == 0, self._processes.tail("paplay")
        finally:
            self._processes.end(player)

    @contextmanager
    def recording(self, device: str = "virtmic", rate: int | None = None) -> Iterator[Recording]:
        """Record while the block runs: the microphone, or "speaker.monitor" for what is heard."""
        heard = Recording(rate or self.rate)
        raw = self._folder / f"recorded-{time.monotonic_ns()}"
        recorder = self._processes.start(
            "parec",
            ["parec", f"--device={device}", "--format=s16le", f"--rate={heard.rate}",
             "--channels=1", "--raw", "--latency-msec=10", str(raw)],
        )  # fmt: skip
        try:
            self._processes.wait_for(
                "parec", recorder, lambda: raw.exists() and raw.stat().st_size, 5
            )
            yield heard
            time.sleep(0.1)  # what is on its way
        finally:
            self._processes.end(recorder)
        data = raw.read_bytes()
        raw.unlink()
        heard.samples = np.frombuffer(data[: len(data) // 2 * 2], np.int16)

    def _start_in(self, env: dict[str, str]) -> None:
        script = self._folder / "pulse.pa"
        script.write_text(SCRIPT.format(rate=self.rate))
        self._server = self._processes.start(
            "pulseaudio",
            ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1",
             "--use-pid-file=no", "--disable-shm=yes", "--high-priority=no", "--realtime=no",
             "--log-target=stderr"],
            env=env,
        )  # fmt: skip
        self._processes.wait_for("pulseaudio", self._server, self._microphone_is_there, 20)

    def _microphone_is_there(self) -> bool:
        listing = subprocess.run(
            ["pactl", "list", "short", "sources"], env=self._env, capture_output=True, check=False
        )
        return b"virtmic" in listing.stdout
