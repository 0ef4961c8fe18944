"""PipeWire with its session manager and pipewire-pulse, in the place of PulseAudio.

The microphone and the speaker belong to PipeWire itself, so that pipewire-pulse may end and come
back without them. How ALSA leads here is a test's choice: the package pipewire-alsa excludes the
package pulseaudio, so where it is not installed its files lie beside the virtual environment
(install_scripts/test.sh), and ALSA is pointed to them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from tests.rigs.processes import REMEDY, Processes, RigError, listens
from tests.rigs.sound import Sound

Plugin = Literal["pipewire", "pulse"]

PROGRAMS = ("pipewire", "wireplumber", "pipewire-pulse", "pactl", "paplay", "parec", "pw-dump")
UNPACKED = Path(sys.prefix) / "pipewire-alsa" / "usr"
INSTALLED = Path("/usr/share/alsa/alsa.conf.d/50-pipewire.conf")  # on a system without pulseaudio
ALSA = Path("/usr/share/alsa/alsa.conf")
OWN = '"/etc/alsa/conf.d"'  # where it looks for what packages add
CONFIGURATIONS = {
    "pipewire": INSTALLED.parent if INSTALLED.exists() else UNPACKED / "share/alsa/alsa.conf.d",
    "pulse": Path("/etc/alsa/conf.d"),
}
NAMES = {
    "pipewire": ("50-pipewire.conf", "99-pipewire-default.conf"),
    "pulse": ("50-pulseaudio.conf", "99-pulseaudio-default.conf.example"),
}
SPEAKER = """\
  {{ factory = adapter args = {{
    factory.name = support.null-audio-sink node.name = {name} node.description = {name}
    media.class = Audio/Sink object.linger = true audio.rate = {rate}
    audio.position = [ {channels} ] }} }}
"""
MICROPHONE = """\
  {{ name = libpipewire-module-loopback args = {{
    audio.position = [ MONO ]
    capture.props = {{
      node.name = input.{name} target.object = {mouth} stream.capture.sink = true }}
    playback.props = {{
      node.name = {name} node.description = {name} media.class = Audio/Source }} }} }}
"""
# no sound card or camera of this computer: WirePlumber until 0.4, and from 0.5 on
NO_HARDWARE = {
    "main.lua.d/51-no-hardware.lua": "alsa_monitor.enabled = false\n"
    "v4l2_monitor.enabled = false\nlibcamera_monitor.enabled = false\n",
    "bluetooth.lua.d/51-no-hardware.lua": "bluez_monitor.enabled = false\n",
    "wireplumber.conf.d/51-no-hardware.conf": "wireplumber.profiles = { main = {\n"
    "  hardware.audio = disabled hardware.bluetooth = disabled\n"
    "  hardware.video-capture = disabled } }\n",
}


class PipeWire(Sound):
    """Like Sound, but PipeWire; with both plugins of ALSA until `lead_alsa` says otherwise.

    It has a second microphone: what is played into `mic2` comes out of `virtmic2`.
    """

    def __init__(self, processes: Processes, folder: Path, env: dict[str, str], rate: int) -> None:
        missing = [program for program in PROGRAMS if not shutil.which(program)]
        missing += [str(folder) for folder in CONFIGURATIONS.values() if not folder.is_dir()]
        if missing:
            raise RigError(f"Not installed: {', '.join(missing)}. {REMEDY}")
        super().__init__(processes, folder, env, rate)
        self._servers: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._runtime = Path(env["XDG_RUNTIME_DIR"])
        config = Path(env["XDG_CONFIG_HOME"])
        devices = config / "pipewire" / "pipewire.conf.d" / "devices.conf"
        devices.parent.mkdir(parents=True)
        devices.write_text(
            "context.objects = [\n"
            + SPEAKER.format(name="speaker", rate=rate, channels="FL FR")
            + SPEAKER.format(name="mic", rate=rate, channels="MONO")
            + SPEAKER.format(name="mic2", rate=rate, channels="MONO")
            + "]\ncontext.modules = [\n"
            + MICROPHONE.format(name="virtmic", mouth="mic")
            + MICROPHONE.format(name="virtmic2", mouth="mic2")
            + "]\n"
        )
        for name, text in NO_HARDWARE.items():
            file = config / "wireplumber" / name
            file.parent.mkdir(parents=True)
            file.write_text(text)
        env |= self.lead_alsa(("pipewire", "pulse"))

    def lead_alsa(self, plugins: Collection[Plugin]) -> dict[str, str]:
        """Return the environment in which ALSA has these plugins for a sound server, and no more.

        The last one is ALSA's default.
        """
        folder = self._folder / ("alsa-" + "-".join(plugins))
        libraries, added = folder / "libraries", folder / "conf.d"
        shutil.rmtree(folder, ignore_errors=True)
        libraries.mkdir(parents=True)
        added.mkdir()
        for found in Path("/usr/lib").glob("*/alsa-lib/*.so"):
            (libraries / found.name).symlink_to(found)
        for found in (UNPACKED / "lib").glob("*/alsa-lib/*.so"):
            if not (libraries / found.name).exists():
                (libraries / found.name).symlink_to(found)
        for place, plugin in enumerate(plugins):
            for name in NAMES[plugin]:
                link = added / f"{place}-{name.removesuffix('.example')}"
                link.symlink_to(CONFIGURATIONS[plugin] / name)
        shipped = ALSA.read_text()
        assert OWN in shipped, f"{ALSA} looks elsewhere"
        (folder / "alsa.conf").write_text(shipped.replace(OWN, f'"{added}"'))
        return {"ALSA_CONFIG_PATH": f"{folder}/alsa.conf", "ALSA_PLUGIN_DIR": str(libraries)}

    def start(self) -> None:
        """Start the servers and wait until the microphone is the default source."""
        socket = self._runtime / "pipewire-0"
        self._start("pipewire", lambda: listens(socket))
        self._start("wireplumber", self._is_managed)
        self.start_pulse()
        for number, words in enumerate((("sink", "speaker"), ("source", "virtmic"))):
            self._set_default(*words, seconds=20 - number)

    def stop(self) -> None:
        """End the servers; idempotent."""
        while self._servers:
            self._processes.end(self._servers.pop()[1])

    def start_pulse(self) -> None:
        """Start pipewire-pulse."""
        self._start("pipewire-pulse", self._microphone_is_there)

    def stop_pulse(self) -> None:
        """End pipewire-pulse alone: PipeWire and its streams go on."""
        name, server = self._servers.pop()
        assert name == "pipewire-pulse"
        self._processes.end(server)

    def add_microphone(self, name: str, *, default: bool = False) -> str:
        """Plug in a microphone; return the number of its module, for `pactl unload-module`.

        What is played into the device "NAME-mouth" comes out of it.
        """
        self.pactl(
            "load-module", "module-null-sink", f"sink_name={name}-mouth", f"rate={self.rate}",
            "channels=1", "channel_map=mono", f"sink_properties=device.description={name}-mouth",
        )  # fmt: skip
        module = self.pactl(
            "load-module", "module-remap-source", f"source_name={name}",
            f"master={name}-mouth.monitor", "channels=1", "master_channel_map=mono",
            "channel_map=mono", f"source_properties=device.description={name}",
        ).strip()  # fmt: skip
        if default:
            self._set_default("source", name, seconds=10)
        return module

    def recorders(self) -> list[str]:
        """Return the names of the sources that are recorded from through ALSA."""
        names = dict[str, str]()
        for line in self.pactl("list", "short", "sources").splitlines():
            number, name, *_ = line.split("\t")
            names[number] = name
        found: list[str] = []
        for output in self.pactl("list", "source-outputs").split("Source Output #")[1:]:
            if 'media.name = "ALSA Capture"' in output:
                [source] = [line for line in output.splitlines() if line.startswith("\tSource: ")]
                found.append(names.get(source.removeprefix("\tSource: "), "none yet"))
        return found

    def _start(self, name: str, ready: Callable[[], object]) -> None:
        server = self._processes.start(name, [name])
        self._servers.append((name, server))
        self._processes.wait_for(name, server, ready, 20)

    def _set_default(self, kind: str, name: str, *, seconds: float) -> None:
        """Have it be the default one; the session manager may still be at work."""
        end = time.monotonic() + seconds
        while self.pactl(f"get-default-{kind}").strip() != name:
            if time.monotonic() > end:
                raise RigError(f"{name} does not become the default {kind}")
            self._ask("pactl", f"set-default-{kind}", name)

    def _is_managed(self) -> bool:
        return "default.audio.sink" in self._ask("pw-dump")

    def _ask(self, *argv: str) -> str:
        done = subprocess.run(
            argv, env=self._env, capture_output=True, text=True, check=False, timeout=10
        )
        return done.stdout
