"""A private session on any display: folder, bus, sound, keys, windows, and the daemon in it.

Everything is private and ends with the `with`, by pid, also when its start or a test fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, TypeVar

from tests.rigs.buses import bus_command
from tests.rigs.daemon import READY, ROOT, Daemon, arguments
from tests.rigs.environment import private_environment
from tests.rigs.processes import REMEDY, Processes, RigError, listens
from tests.rigs.sound import Sound
from tests.rigs.windows import SYSTEM_PYTHON, TextWindow

if TYPE_CHECKING:  # programs of the rigs import this, too
    import pytest

Window = TypeVar("Window", bound=TextWindow)

NOT_OURS = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "PULSE_SERVER", "SESSION_MANAGER")
COMMON = ("dbus-daemon", "dbus-send", "setpriv")
LAUNCHER = """\
#!/bin/sh
PYTHONPATH={root} exec {python} -m tray_dictate "$@"
"""


class Keys(Protocol):
    """A keyboard that a person presses: what is pressed stays down."""

    def keydown(self, *keys: str) -> None: ...
    def keyup(self, *keys: str) -> None: ...
    def tap(self, *keys: str) -> None: ...
    def let_go(self) -> None: ...


class Device(Protocol):
    """A keyboard or a pointer that can be unplugged."""

    def close(self) -> None: ...


class Session:
    """Environment, session bus and sound; a subclass starts its display in `start`."""

    PROGRAMS: ClassVar[Sequence[str]] = ()
    SOUND: ClassVar[type[Sound]] = Sound
    live: ClassVar[list[Session]] = []  # to be tidied after a test, and for its report
    keyboard: Keys | None = None

    def __init__(
        self, desktop: str, *, type: Literal["x11", "wayland"] = "wayland", sound: bool = False,
        rate: int = 48000, accessible: bool = False, programs: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`desktop` is XDG_CURRENT_DESKTOP, `rate` the microphone's.

        In an `accessible` one programs tell assistive technologies what they show. `programs` must
        be installed, beside PROGRAMS.
        """
        wanted = (SYSTEM_PYTHON, *COMMON, *self.PROGRAMS, *programs)
        if missing := [program for program in wanted if not shutil.which(program)]:
            raise RigError(f"Not installed: {', '.join(missing)}. {REMEDY}")
        # short: the path of a socket may have 108 bytes
        self.folder = Path(tempfile.mkdtemp(prefix="rig-", dir="/tmp"))
        self.env = private_environment(self.folder, accessible=accessible) | {
            "XDG_SESSION_TYPE": type,
            "XDG_CURRENT_DESKTOP": desktop,
        }
        if type == "wayland":
            self.env["LIBGL_ALWAYS_SOFTWARE"] = "1"
            self._install_launcher()
        _make_x11_folder()
        self.processes = Processes(self.folder / "log", self.env)
        self._sound = self.SOUND(self.processes, self.folder, self.env, rate)
        self._has_sound = sound
        self._windows: list[TextWindow] = []
        self._devices: list[Device] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException as error:
            tails = self.processes.tails()
            self.close()
            error.add_note("".join(f"--- {name}\n{tail}\n" for name, tail in tails.items()))
            raise
        Session.live.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the bus, and the sound if it was asked for; a subclass adds its display."""
        bus = self.processes.start("dbus", self._bus_command())
        self.processes.wait_for("dbus", bus, lambda: listens(self.runtime / "bus"), 10)
        if self._has_sound:
            self._sound.start()

    def tidy(self) -> None:
        """After a test: no key down, its windows closed."""
        if self.keyboard:
            self.keyboard.let_go()
        while self._windows:
            self._windows.pop().close()

    def close(self) -> None:
        """End everything; idempotent."""
        if self in Session.live:
            Session.live.remove(self)
        while self._devices:
            self._devices.pop().close()
        self.processes.end_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    # keys, as a person would

    def keydown(self, *keys: str) -> None:
        self.keyboard.keydown(*keys)

    def keyup(self, *keys: str) -> None:
        self.keyboard.keyup(*keys)

    def tap(self, *keys: str) -> None:
        self.keyboard.tap(*keys)

    @property
    def display(self) -> str:
        """The display's name: DISPLAY, or WAYLAND_DISPLAY."""
        return self.env["WAYLAND_DISPLAY"]

    @property
    def runtime(self) -> Path:
        """Where the sockets are."""
        return Path(self.env["XDG_RUNTIME_DIR"])

    @property
    def sound(self) -> Sound:
        """The microphone and the speaker: start, stop, pactl, play, play_whole, recording."""
        return self._sound

    def play(self, wav: Path) -> subprocess.Popen[bytes]:
        """Begin to speak a file into the microphone."""
        return self._sound.play(wav)

    def play_whole(self, wav: Path) -> None:
        """Speak a file into the microphone, to its end."""
        self._sound.play_whole(wav)

    def _opened(self, window: Window) -> Window:
        """Have a window closed after the test."""
        self._windows.append(window)
        return window

    def daemon(
        self, *args: str, ready: str | None = READY, timeout: float = 60,
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

    def run(self, *argv: str, check: bool = True, timeout: float = 10) -> str:
        """Run a program in this session and return what it prints."""
        done = subprocess.run(
            argv, env=self.env, capture_output=True, text=True, check=False, timeout=timeout
        )
        assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def join(self, patch: pytest.MonkeyPatch) -> None:
        """Put this very process into the session: os.environ is the session's."""
        for name in NOT_OURS:
            patch.delenv(name, raising=False)
        for name, value in self.env.items():
            patch.setenv(name, value)

    def bus_has(self, name: str, bus: Literal["session", "system"] = "session") -> bool:
        """Tell whether somebody owns this name on a bus."""
        answer = self.run(
            "dbus-send", f"--{bus}", "--print-reply", "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}",
            check=False,
        )  # fmt: skip
        return "boolean true" in answer

    def _bus_command(self) -> list[str]:
        return bus_command(self.folder / "bus.conf", self.env["DBUS_SESSION_BUS_ADDRESS"])

    def _install_launcher(self) -> None:
        """Have `tray-dictate` be a command of this session: bindings spawn it by name."""
        programs = self.folder / "bin"
        programs.mkdir()
        launcher = programs / "tray-dictate"
        launcher.write_text(LAUNCHER.format(root=ROOT, python=sys.executable))
        launcher.chmod(0o755)
        self.env["PATH"] = f"{programs}:{os.environ['PATH']}"


def _make_x11_folder() -> None:
    """Have the folder of the X servers' sockets be everybody's, as systemd makes it at boot.

    Where nothing has, as in a container, the first compositor makes it for itself alone, and then
    GNOME Shell refuses to start.
    """
    folder = Path("/tmp/.X11-unix")
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)
