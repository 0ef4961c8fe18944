"""Desktops whose bus starts their services, as a person's session does: portals, settings, IBus."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.client_windows import Clients
from tests.rigs.headless import Headless
from tests.rigs.pipewire import PipeWire
from tray_dictate.system.autostart import xdg


class WholeSession(Clients, Headless):
    """A desktop as installed, with PipeWire, on which tray_dictate is installed as well."""

    SOUND = PipeWire

    def start(self) -> None:
        """Start it; GNOME 48 looks only at its start which programs there are."""
        entry = Path(self.env["XDG_DATA_HOME"]) / "applications" / f"{xdg.APP_ID}.desktop"
        entry.parent.mkdir()
        entry.write_text(xdg.render((str(self.folder / "bin" / "tray-dictate"),)))
        self.env.pop("GSETTINGS_BACKEND", None)  # its parts share the settings, through dconf
        self.env["XDG_DATA_DIRS"] = "/usr/local/share:/usr/share"
        super().start()
        self.start_display()
        self.sound.start()  # not before: it has the bus start the portals, which need the display

    def start_display(self) -> None:
        """Start the compositor, where the class beneath has not."""

    def _bus_command(self) -> list[str]:
        address = self.env["DBUS_SESSION_BUS_ADDRESS"]
        return ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
