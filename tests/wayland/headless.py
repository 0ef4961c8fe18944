"""What the headless desktops of KDE and GNOME have in common: a private bus, windows, portals."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from tests.desktop.environment import private_environment
from tests.desktop.processes import REMEDY, Processes, RigError, wait_until
from tests.desktop.running import READY, Daemon, arguments
from tests.desktop.sound import Sound
from tests.desktop.windows import SYSTEM_PYTHON, TARGETS, Widget
from tray_dictate.core.keycodes import CODES

Kind = Literal["gtk", "gtk4", "qt"]
FRONT_END = "/usr/libexec/xdg-desktop-portal"
PORTALS = Path("/usr/share/xdg-desktop-portal/portals")
WAIT = 60.0  # seconds that a program may take to start on a busy machine
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type><keep_umask/><listen>{address}</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
_numbers = itertools.count(1)


class KeySwitch(Protocol):
    """What presses the keys of the "physical" keyboard."""

    def key(self, code: int, *, down: bool) -> None: ...


class TextWindow:
    """A focused window that takes text; `with` closes it."""

    def __init__(self, kind: Kind, processes: Processes, env: dict[str, str]) -> None:
        self.kind = kind
        self.title = f"{kind}-window-{next(_numbers)}"
        self._processes = processes
        self._process = processes.start(
            self.title,
            [SYSTEM_PYTHON, str(TARGETS / f"{kind}_window.py"), self.title],
            env={**env, "GDK_BACKEND": "wayland", "QT_QPA_PLATFORM": "wayland"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._widget = Widget(self._process, lambda: processes.tail(self.title))
        wait_until(self._widget.focused, WAIT, f"the {kind} window has the focus")

    def __enter__(self) -> TextWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def text(self) -> str:
        """Return what the window holds now."""
        return self._widget.text()

    def clear(self) -> None:
        """Empty it."""
        self._widget.clear()

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 20) -> str:
        """Wait until it holds this text, or what the predicate accepts; return what it holds."""
        accepts = wanted if callable(wanted) else lambda text: text == wanted
        end = time.monotonic() + timeout
        while not accepts(text := self.text()):
            assert time.monotonic() < end, (
                f"The {self.kind} window holds {text!r} after {timeout:g} s, "
                f"not {'what was asked for' if callable(wanted) else repr(wanted)}."
            )
            time.sleep(0.01)
        return text

    def close(self) -> None:
        """Close it; idempotent."""
        self._processes.end(self._process)


class Headless:
    """A desktop without a screen; everything is private and ends with the `with`, by pid."""

    live: ClassVar[list[Headless]] = []  # for the report of a failure
    desktop = ""  # XDG_CURRENT_DESKTOP
    programs: ClassVar[Sequence[str]] = ()

    def __init__(self, *, sound: bool = False) -> None:
        wanted = ("dbus-daemon", "dbus-send", "setpriv", SYSTEM_PYTHON, *self.programs)
        missing = [program for program in wanted if not shutil.which(program)]
        if missing:
            raise RigError(f"Not installed: {', '.join(missing)}. {REMEDY}")
        # short: the path of a socket may have 108 bytes
        self.folder = Path(tempfile.mkdtemp(prefix="rig-", dir="/tmp"))
        self.env = private_environment(self.folder) | {
            "XDG_CURRENT_DESKTOP": self.desktop,
            "XDG_SESSION_TYPE": "wayland",
            "WAYLAND_DISPLAY": "wayland-0",
        }
        self.processes = Processes(self.folder / "log", self.env)
        self.sound = Sound(self.processes, self.folder, self.env, 48000)
        self._with_sound = sound
        self._down: list[str] = []
        self._windows: list[TextWindow] = []
        self.keyboard: KeySwitch

    def __enter__(self) -> Headless:
        try:
            self._start_bus()
            self._start()
            if self._with_sound:
                self.sound.start()
        except BaseException as error:
            tails = self.processes.tails()
            self.close()
            error.add_note("".join(f"--- {name}\n{tail}\n" for name, tail in tails.items()))
            raise
        Headless.live.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything; idempotent."""
        if self in Headless.live:
            Headless.live.remove(self)
        self.processes.end_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def display(self) -> Path:
        """The compositor's socket."""
        return self.folder / "run" / self.env["WAYLAND_DISPLAY"]

    # keys, as a person would, by our canonical names

    def keydown(self, *keys: str) -> None:
        for key in keys:
            self.keyboard.key(CODES[key], down=True)
            self._down.append(key)

    def keyup(self, *keys: str) -> None:
        for key in keys:
            self.keyboard.key(CODES[key], down=False)
            self._down.remove(key)

    def tap(self, *keys: str) -> None:
        """Press keys together, and let them go."""
        self.keydown(*keys)
        self.keyup(*reversed(keys))

    def text_window(self, kind: Kind = "gtk4") -> TextWindow:
        """Open a text window; it is shown and has the focus."""
        window = TextWindow(kind, self.processes, self.env)
        self._windows.append(window)
        return window

    def daemon(
        self, *args: str, ready: str | None = READY, timeout: float = WAIT,
        env: dict[str, str] | None = None, **settings: Any,
    ) -> Daemon:  # fmt: skip
        """Start `run`, hotkey__keys="f9" being --set; wait for `ready` in its log, if not None."""
        daemon = Daemon(self.processes, {**self.env, **(env or {})}, arguments(args, settings))
        try:
            if ready:
                daemon.wait_log(ready, timeout)
        except BaseException:
            daemon.__exit__(AssertionError)  # nobody else would end it
            raise
        return daemon

    def bus_has(self, name: str) -> bool:
        """Tell whether somebody owns this name on the session bus."""
        answer = self.run(
            "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}",
            check=False,
        )  # fmt: skip
        return "boolean true" in answer

    def run(self, *argv: str, check: bool = True, timeout: float = 20) -> str:
        """Run a program on this desktop and return what it prints."""
        done = subprocess.run(
            argv, env=self.env, capture_output=True, text=True, check=False, timeout=timeout
        )
        assert not check or done.returncode == 0, f"{argv}: {done.stderr}"
        return done.stdout

    def tidy(self) -> None:
        """After a test: no key down, its windows closed."""
        self.keyup(*reversed(self._down))
        while self._windows:
            self._windows.pop().close()

    def start_service(self, name: str, argv: Sequence[str], bus_name: str, **env: str) -> None:
        """Start a program that is to own a name on the session bus."""
        process = self.processes.start(name, argv, env={**self.env, **env})
        self.processes.wait_for(name, process, lambda: self.bus_has(bus_name), WAIT)

    def start_front_end(self, *back_ends: Path) -> None:
        """Start the real xdg-desktop-portal, which sees these back ends only."""
        folder = self.folder / "portals"
        folder.mkdir()
        for file in back_ends:
            shutil.copy(file, folder)
        name = "org.freedesktop.portal.Desktop"
        self.start_service("portal", [FRONT_END, "-v"], name, XDG_DESKTOP_PORTAL_DIR=str(folder))

    def start_compositor(self, name: str, argv: Sequence[str], **env: str) -> None:
        """Start the compositor, which is not to find itself in its environment."""
        inherited = {key: given for key, given in self.env.items() if key != "WAYLAND_DISPLAY"}
        process = self.processes.start(name, argv, env={**inherited, **env})
        self.processes.wait_for(name, process, self.display.exists, WAIT)

    def _start_bus(self) -> None:
        self.start_bus("dbus", self.env["DBUS_SESSION_BUS_ADDRESS"])

    def start_bus(self, name: str, address: str) -> None:
        """Start a bus that starts nothing itself: xdg-document-portal would mount a folder."""
        configuration = self.folder / f"{name}.conf"
        configuration.write_text(BUS.format(address=address))
        argv = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile"]
        daemon = self.processes.start(name, argv)
        socket = Path(address.removeprefix("unix:path="))
        self.processes.wait_for(name, daemon, socket.exists, WAIT)

    def _start(self) -> None:
        raise NotImplementedError
