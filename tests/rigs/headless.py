"""What the headless desktops of KDE and GNOME have in common: a private bus, windows, portals."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from tests.rigs.processes import Processes, listens
from tests.rigs.session import Session
from tests.rigs.x11_windows import SYSTEM_PYTHON, TARGETS, Widget
from tests.waiting import wait_until
from tray_dictate.core.keycodes import CODES

Kind = Literal["gtk", "gtk4", "qt"]
FRONT_END = "/usr/libexec/xdg-desktop-portal"
PORTALS = Path("/usr/share/xdg-desktop-portal/portals")
WAIT = 30.0  # seconds that a program may take to start on a busy machine
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

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it do nothing meanwhile, as a busy program."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Close it; idempotent."""
        self._processes.end(self._process)


class Headless(Session):
    """A desktop without a screen, with a keyboard."""

    keyboard: KeySwitch

    def __init__(self, desktop: str, *, sound: bool = False) -> None:
        super().__init__(desktop, sound=sound)
        self.env["WAYLAND_DISPLAY"] = "wayland-0"
        self._down: list[str] = []
        self._windows: list[TextWindow] = []

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

    def held(self) -> frozenset[str]:
        """Return the keys that are down, as a hotkey that can tell does."""
        return frozenset(self._down)

    def text_window(self, kind: Kind = "gtk4") -> TextWindow:
        """Open a text window; it is shown and has the focus."""
        window = TextWindow(kind, self.processes, self.env)
        self._windows.append(window)
        return window

    def tidy(self) -> None:
        self.keyup(*reversed(self._down))
        while self._windows:
            self._windows.pop().close()

    def start_service(
        self, name: str, argv: Sequence[str], bus_name: str, **env: str
    ) -> subprocess.Popen[bytes]:
        """Start a program that is to own a name on the session bus."""
        process = self.processes.start(name, argv, env={**self.env, **env})
        self.processes.wait_for(name, process, lambda: self.bus_has(bus_name), WAIT)
        return process

    def start_front_end(self, *back_ends: Path) -> None:
        """Start the real xdg-desktop-portal, which sees these back ends only."""
        folder = self.folder / "portals"
        folder.mkdir(exist_ok=True)
        for file in back_ends:
            shutil.copy(file, folder)
        name = "org.freedesktop.portal.Desktop"
        argv = [FRONT_END, "-v"]
        self._front = self.start_service("portal", argv, name, XDG_DESKTOP_PORTAL_DIR=str(folder))

    def end_front_end(self) -> None:
        """End xdg-desktop-portal."""
        self.processes.end(self._front)

    def start_compositor(self, name: str, argv: Sequence[str], **env: str) -> None:
        """Start the compositor, which is not to find itself in its environment."""
        inherited = {key: given for key, given in self.env.items() if key != "WAYLAND_DISPLAY"}
        process = self.processes.start(name, argv, env={**inherited, **env})
        self.processes.wait_for(name, process, lambda: listens(self.runtime / self.display), WAIT)
