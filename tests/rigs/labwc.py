"""labwc without a screen, with one key bound to a command of ours."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tests.rigs.client_windows import Clients
from tests.rigs.headless import Headless
from tests.rigs.pipewire import PipeWire
from tests.rigs.wayland_devices import PhysicalKeyboard

BINDING = """\
<?xml version="1.0"?>
<labwc_config>
  <keyboard>
    <keybind key="F9"><action name="Execute" command="tray-dictate toggle"/></keybind>
  </keyboard>
</labwc_config>
"""


class Labwc(Clients, Headless):
    """labwc with PipeWire."""

    PROGRAMS: ClassVar = ("labwc",)
    SOUND = PipeWire

    def __init__(self) -> None:
        super().__init__("labwc:wlroots", sound=True)

    def start(self) -> None:
        super().start()
        file = Path(self.env["XDG_CONFIG_HOME"]) / "labwc" / "rc.xml"
        file.parent.mkdir()
        file.write_text(BINDING)
        self.start_compositor(
            "labwc", ["labwc"], WLR_BACKENDS="headless", WLR_RENDERER="pixman",
            WLR_LIBINPUT_NO_DEVICES="1", WLR_HEADLESS_OUTPUTS="1",
        )  # fmt: skip
        self.keyboard = PhysicalKeyboard(str(self.runtime / self.display))
        self._devices.append(self.keyboard)
