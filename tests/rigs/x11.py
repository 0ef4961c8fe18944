"""A whole X11 desktop without a screen, for one test or many; several run side by side.

Everything is private (display, buses, sound server, HOME) and ends with the `with`, by pid, also
when its start or a test fails half-way.
"""

from __future__ import annotations

import ctypes
import os
import select
import subprocess
from pathlib import Path
from typing import Literal

from PIL import Image, ImageGrab
from Xlib.display import Display
from Xlib.ext import xfixes

from tests.rigs.keyboard import Keyboard
from tests.rigs.session import Session
from tests.rigs.x11_windows import TextWindow
from tests.waiting import wait_until

Tray = Literal["xfce", "trayer"]
DUNST = ("--dest=org.freedesktop.Notifications", "/org/freedesktop/Notifications")
A11Y_BUS = "/usr/libexec/at-spi-bus-launcher"
PANEL = (Path(__file__).parent / "targets" / "xfce4-panel.xml").read_text()


class Desktop(Session):
    """Xvfb, a session bus and a window manager; the rest as asked for."""

    # an openbox spends 45 ms on every keymap change, and new windows do not appear meanwhile: xfwm4
    PROGRAMS = (
        "Xvfb Xephyr xfwm4 xfce4-panel trayer dunst pulseaudio pactl paplay parec xdotool xclip "
        "notify-send xprop xwininfo setxkbmap xterm chromium"
    ).split()
    keyboard: Keyboard

    def __init__(
        self,
        *,
        tray: Tray | None = None,
        notifications: bool = False,
        sound: bool = False,
        layout: str = "us",
        rate: int = 48000,
        size: str = "1280x800",
        hardware_keyboard: bool = False,
        accessible: bool = False,
    ) -> None:
        """With `hardware_keyboard` the keys come through Xephyr, and XTEST is `synthetic`."""
        programs = [A11Y_BUS] if accessible else []
        super().__init__(
            "XFCE", type="x11", sound=sound, rate=rate, accessible=accessible, programs=programs
        )
        self._wanted = (tray, notifications)
        self.layout = layout
        self._size = size
        self._hardware_keyboard = hardware_keyboard
        self._accessible = accessible
        self._tray: subprocess.Popen[bytes] | None = None
        self._dunst: subprocess.Popen[bytes] | None = None

    @property
    def display(self) -> str:
        return self.env["DISPLAY"]

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer there and click."""
        self.run("xdotool", "mousemove", "--sync", str(x), str(y), "click", str(button))

    def set_layout(self, layout: str, group: int = 0) -> None:
        """Set the keyboard's layout, such as "us,ru"; `group` 1 is its second."""
        self.run("setxkbmap", layout)
        self.set_group(group)

    def set_group(self, group: int) -> None:
        """Make another group of the layout the active one, as Alt+Shift may."""
        x11 = ctypes.CDLL("libX11.so.6")  # no program that ships with X locks a group
        x11.XOpenDisplay.restype = ctypes.c_void_p
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        x11.XkbLockGroup(connection, 0x100, group)
        x11.XCloseDisplay(connection)

    def text_window(self, kind: str, *words: str) -> TextWindow:
        """Open a text window; it is mapped and has the focus."""
        return self._opened(TextWindow(kind, self.processes, self.env, self.folder, *words))

    def start_tray(self, kind: Tray = "xfce") -> None:
        """Start a panel with a tray at the top left: StatusNotifier and XEmbed, or XEmbed only."""
        self.stop_tray()
        if kind == "trayer":
            argv = ["trayer", "--edge", "top", "--align", "left", "--widthtype", "request",
                    "--height", "32", "--SetDockType", "true", "--expand", "true"]  # fmt: skip
        else:
            argv = ["xfce4-panel", "--disable-wm-check"]
        self._tray = self.processes.start("tray", argv)
        up = self._xfce_tray_is_up if kind == "xfce" else lambda: self._has_window("panel")
        self.processes.wait_for("tray", self._tray, up, 20)

    def stop_tray(self) -> None:
        """End the tray, if there is one."""
        if self._tray:
            self.processes.end(self._tray)
            wait_until(lambda: not self._xfce_tray_is_up(), 10, "the tray is gone")
        self._tray = None

    def start_notifications(self) -> None:
        """Start a notification daemon."""
        self._dunst = self.processes.start("dunst", ["dunst", "-print"])
        name = "org.freedesktop.Notifications"
        self.processes.wait_for("dunst", self._dunst, lambda: self.bus_has(name), 10)

    def stop_notifications(self) -> None:
        """End the notification daemon; idempotent."""
        if self._dunst:
            self.processes.end(self._dunst)
        self._dunst = None

    def notifications(self) -> str:
        """Return what was shown since the start: appname, summary, body ... of each."""
        return self.processes.tail("dunst", 1_000_000)

    def bubbles(self) -> int:
        """Return how many notifications are on the screen now."""
        answer = self.run(
            "dbus-send", "--session", "--print-reply", *DUNST,
            "org.freedesktop.DBus.Properties.Get", "string:org.dunstproject.cmd0",
            "string:displayedLength",
        )  # fmt: skip
        return int(answer.split()[-1])

    def close_bubbles(self) -> None:
        """Take all notifications off the screen."""
        command = "org.dunstproject.cmd0.NotificationCloseAll"
        self.run("dbus-send", "--session", "--print-reply", *DUNST, command)
        wait_until(lambda: self.bubbles() == 0, 10, "no notification on the screen")

    def screenshot(self, path: Path | None = None) -> Image.Image:
        """Return what the screen shows; also as a PNG if a path is given."""
        picture = ImageGrab.grab(xdisplay=self.display)
        if path:
            picture.save(path)
        return picture

    def clipboard(self, selection: str = "clipboard", target: str = "UTF8_STRING") -> bytes:
        """Return what a program that pastes now would get; empty if nobody owns the selection."""
        argv = ["xclip", "-selection", selection, "-t", target, "-o"]
        return subprocess.run(
            argv, env=self.env, capture_output=True, check=False, timeout=10
        ).stdout

    def set_clipboard(
        self, data: str | bytes, selection: str = "clipboard", target: str = "UTF8_STRING"
    ) -> None:
        """Own a selection, as a program would after a copy."""
        display = Display(self.display)
        try:
            atom = display.intern_atom(selection.upper())
            before = display.get_selection_owner(atom)
            display.xfixes_query_version()
            display.xfixes_select_selection_input(
                display.screen().root, atom, xfixes.XFixesSetSelectionOwnerNotifyMask
            )
            display.sync()

            def taken() -> bool:
                """Tell whether somebody else has owned it since."""
                events = [display.next_event() for _ in range(display.pending_events())]
                return any(event.owner != before for event in events if hasattr(event, "owner"))

            subprocess.run(
                ["xclip", "-selection", selection, "-t", target, "-i"],
                input=data.encode() if isinstance(data, str) else data,
                env=self.env, check=True, timeout=10, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # xclip stays, and would hold a pipe open
            )  # fmt: skip
            # it returns before it has asked for the selection
            wait_until(taken, 10, "xclip owns it")
        finally:
            display.close()

    def tidy(self) -> None:
        """After a test: no key down, its windows closed, the layout as it was."""
        self.synthetic.let_go()
        super().tidy()
        self.set_layout(self.layout)  # also gives back the keycodes that a program borrowed

    def start(self) -> None:
        """Start the X server, before the bus: what that activates finds its display."""
        tray, notifications = self._wanted
        # GLX has 387 visuals that each connection would have to read
        screen = ["-screen", "0", f"{self._size}x24", "-nolisten", "tcp", "-extension", "GLX"]
        self.env["DISPLAY"] = self._start_server("Xvfb", screen)
        self.synthetic = self.keyboard = Keyboard(dict(self.env))
        if self._hardware_keyboard:
            host = dict(self.env)
            self.env["DISPLAY"] = self._start_server("Xephyr", ["-screen", self._size])
            self.keyboard = Keyboard(host)
            self.synthetic = Keyboard(dict(self.env))
        super().start()
        if self._accessible:
            launcher = self.processes.start("a11y", [A11Y_BUS])
            self.processes.wait_for("a11y", launcher, lambda: self.bus_has("org.a11y.Bus"), 10)
        self.set_layout(self.layout)
        manager = self.processes.start("wm", ["xfwm4", "--compositor=off", "--sm-client-disable"])
        self.processes.wait_for("wm", manager, self._wm_is_up, 10)
        panel = self.folder / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        panel.parent.mkdir(parents=True, exist_ok=True)
        panel.write_text(PANEL)
        if notifications:
            self.start_notifications()
        if tray:
            self.start_tray(tray)

    def _bus_command(self) -> list[str]:
        """Have services activated, as Xfce's panel wants it."""
        address = self.env["DBUS_SESSION_BUS_ADDRESS"]
        return ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]

    def _start_server(self, program: str, options: list[str]) -> str:
        """Start an X server on a free display, which it tells when it is ready."""
        reading, writing = os.pipe()
        told = bytearray()

        def ready() -> bool:
            """It ends, with an error, if nobody reads the line's end, which it writes by itself."""
            if select.select([reading], [], [], 0)[0]:
                told.extend(os.read(reading, 16))
            return told.endswith(b"\n")

        try:
            argv = [program, "-displayfd", str(writing), *options, "-noreset", "-ac"]
            server = self.processes.start(program, argv, pass_fds=(writing,))
            self.processes.wait_for(program, server, ready, 20)
            return ":" + told.decode().strip()
        finally:
            os.close(reading)
            os.close(writing)

    def _wm_is_up(self) -> bool:
        return "# 0x" in self.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK", check=False)

    def _has_window(self, name: str) -> bool:
        return f'"{name}"' in self.run("xwininfo", "-root", "-tree", check=False)

    def _xfce_tray_is_up(self) -> bool:
        return self.bus_has("org.kde.StatusNotifierWatcher") and self._has_window("wrapper-2.0")
