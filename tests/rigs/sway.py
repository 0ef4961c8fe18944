"""A whole Wayland session without a screen: sway, for one test or many; several run side by side.

As tests/rigs/x11.py: everything is private and ends with the `with`, by pid.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from tests.rigs.session import Session
from tests.rigs.wayland_devices import PhysicalKeyboard, Pointer
from tests.rigs.wayland_selections import Selections
from tests.rigs.wayland_windows import TextWindow, nodes
from tests.waiting import wait_until

SIZE = (1280, 720)
WATCHER = "org.kde.StatusNotifierWatcher"
CONFIGURATION = """\
output HEADLESS-1 resolution {width}x{height}
default_border none
focus_follows_mouse no
exec printf %s "$DISPLAY" > {folder}/xwayland
"""
WAYBAR = {
    "layer": "top",
    "position": "top",
    "height": 36,
    "modules-right": ["tray"],
    "tray": {"icon-size": 28, "show-passive-items": True},
}
STYLE = "* {font-family: DejaVu Sans; font-size: 14px;} window {background: #222;}"


class Sway(Selections, Session):
    """sway with a session bus, a keyboard and a pointer; the rest as asked for."""

    keyboard: PhysicalKeyboard
    PROGRAMS = (
        "unshare sway swaymsg foot wl-copy wl-paste waybar grim mako makoctl busctl Xwayland "
        "pactl paplay parec notify-send"
    ).split()

    def __init__(
        self,
        *,
        tray: bool = False,
        notifications: bool = False,
        sound: bool = False,
        extra: str | Sequence[str] = (),
        layout: str = "us",
        rate: int = 48000,
    ) -> None:
        """`extra` are lines of sway's configuration, `layout` is the physical keyboard's."""
        super().__init__("sway", sound=sound, rate=rate)
        self._wanted = (tray, notifications)
        self._layout = layout
        self.extra = [extra] if isinstance(extra, str) else list(extra)
        self._waybar: subprocess.Popen[bytes] | None = None
        self._mako: subprocess.Popen[bytes] | None = None
        self._listener: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start sway with its keyboard, and what was asked for."""
        tray, notifications = self._wanted
        super().start()
        self._start_sway()
        display = str(self.runtime / self.display)
        self.keyboard = PhysicalKeyboard(display, self._layout)
        self.pointer = Pointer(display, SIZE)
        self._devices = [self.keyboard, self.pointer]
        if notifications:
            self.start_notifications()
        if tray:
            self.start_tray()

    @property
    def configuration(self) -> Path:
        """Sway's own file, where a user has it."""
        return Path(self.env["XDG_CONFIG_HOME"]) / "sway" / "config"

    def configure(self, *lines: str) -> None:
        """Make these sway's extra lines, instead of what they were."""
        self.extra = list(lines)
        self._write_configuration()
        self.swaymsg("reload")

    def swaymsg(self, *words: str) -> Any:
        """Return sway's answer to a command ("reload") or a question ("-t", "get_tree")."""
        answer = self.run("swaymsg", "-r", *words)
        return json.loads(answer) if answer.strip() else None

    def tree(self) -> list[dict[str, Any]]:
        """Return every node: outputs, workspaces, windows."""
        return list(nodes(self.swaymsg("-t", "get_tree")))

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer there and click."""
        self.pointer.click(x, y, button)

    def text_window(self, kind: str, *words: str) -> TextWindow:
        """Open a text window; it is mapped and has the focus."""
        return self._opened(TextWindow(kind, self.processes, self.env, self.folder, *words))

    def start_tray(self) -> None:
        """Start a bar with a tray at the top right."""
        self.stop_tray()
        (self.folder / "waybar.json").write_text(json.dumps(WAYBAR))
        (self.folder / "waybar.css").write_text(STYLE)
        argv = ["waybar", "-c", f"{self.folder}/waybar.json", "-s", f"{self.folder}/waybar.css"]
        self._waybar = self.processes.start("waybar", argv)
        self.processes.wait_for("waybar", self._waybar, self._has_host, 20)

    def stop_tray(self) -> None:
        """End the bar, if there is one."""
        if self._waybar:
            self.processes.end(self._waybar)
            wait_until(lambda: not self.bus_has(WATCHER), 10, "the tray is gone")
        self._waybar = None

    def start_notifications(self) -> None:
        """Start a notification daemon, in which nothing vanishes by itself."""
        argv = ["mako", "--font", "DejaVu Sans 12", "--default-timeout", "0", "--ignore-timeout",
                "1", "--max-visible", "-1"]  # fmt: skip
        self._mako = self.processes.start("mako", argv)
        name = "org.freedesktop.Notifications"
        self.processes.wait_for("mako", self._mako, lambda: self.bus_has(name), 10)
        if not self._listener:  # mako forgets what is gone from the screen
            match = f"--match=type='method_call',interface='{name}',member='Notify'"
            argv = ["busctl", "--user", "--json=short", match, "monitor"]
            self._listener = self.processes.start("notified", argv)
            self.processes.wait_for("notified", self._listener, self._listens, 10)

    def _listens(self) -> bool:
        """Tell whether the listener sees a call; nobody answers this one."""
        call = ["busctl", "--user", "call", "org.freedesktop.DBus", "/",
                "org.freedesktop.Notifications", "Notify"]  # fmt: skip
        subprocess.run(call, env=self.env, capture_output=True, check=False, timeout=10)
        return '"Notify"' in self.processes.tail("notified")

    def stop_notifications(self) -> None:
        """End the notification daemon; idempotent."""
        if self._mako:
            self.processes.end(self._mako)
        self._mako = None

    def shown(self) -> list[dict[str, Any]]:
        """Return the notifications on the screen, oldest first: app-name, summary, body ..."""
        mako = ("org.freedesktop.Notifications", "/fr/emersion/Mako", "fr.emersion.Mako")
        call = ["busctl", "--user", "--json=short", "call", *mako, "ListNotifications"]
        [notes] = json.loads(self.run(*call))["data"]  # makoctl's words change with its version
        values = ({name: value["data"] for name, value in note.items()} for note in notes)
        return sorted(values, key=lambda note: note["id"])

    def notifications(self) -> str:
        """Return what was shown since the start, as tests/desktop's dunst prints it."""
        written = self.processes.tail("notified", 10_000_000)
        lines = written[: written.rfind("\n") + 1].splitlines()  # whole ones: icons make them long
        calls = (json.loads(line)["payload"]["data"] for line in lines if '"Notify"' in line)
        return "".join(
            f"    appname: '{call[0]}'\n    summary: '{call[3]}'\n    body: '{call[4]}'\n"
            for call in calls
            if call
        )

    def screenshot(self, path: Path | None = None) -> Image.Image:
        """Return what the screen shows; also as a PNG if a path is given."""
        made = path or self.folder / f"screen-{time.monotonic_ns()}.png"
        self.run("grim", str(made))
        with Image.open(made) as picture:
            return picture.convert("RGB")

    def _start_sway(self) -> None:
        self.env["SWAYSOCK"] = str(self.runtime / "sway.sock")
        self._write_configuration()
        argv = ["sway", "--debug"] if os.environ.get("RIG_DEBUG") else ["sway"]
        if os.getuid() == 0:  # sway refuses to be root, also where nobody else is there
            nobody = pwd.getpwnam("nobody")  # Xwayland lets its own user in, if that one has a name
            who = [f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}"]
            namespace = ["unshare", *who]
            argv = [*namespace, "setpriv", "--pdeathsig", "TERM", *argv]
        headless = {
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        sway = self.processes.start("sway", argv, env={**self.env, **headless})
        display = self.folder / "xwayland"
        self.processes.wait_for("sway", sway, lambda: display.exists() and self._answers(), 20)
        self.env["WAYLAND_DISPLAY"] = next(
            path.name for path in self.runtime.glob("wayland-*") if path.is_socket()
        )
        self.env["DISPLAY"] = wait_until(display.read_text, 10, "a display for Xwayland")

    def _answers(self) -> bool:
        return bool(self.run("swaymsg", "-t", "get_version", check=False))

    def _write_configuration(self) -> None:
        width, height = SIZE
        lines = CONFIGURATION.format(width=width, height=height, folder=self.folder)
        self.configuration.parent.mkdir(exist_ok=True)
        self.configuration.write_text(lines + "\n".join(self.extra) + "\n")

    def _has_host(self) -> bool:
        answer = self.run(
            "dbus-send", "--session", "--print-reply", f"--dest={WATCHER}",
            "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties.Get", f"string:{WATCHER}",
            "string:IsStatusNotifierHostRegistered", check=False,
        )  # fmt: skip
        return "boolean true" in answer
