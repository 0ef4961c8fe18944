"""What the headless desktops of KDE and GNOME have in common: a private bus, windows, portals."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from tests.rigs import windows
from tests.rigs.processes import Processes, listens
from tests.rigs.session import Session
from tests.rigs.wayland_selections import Selections
from tests.waiting import wait_until
from tray_dictate.core.keys.keycodes import CODES

Kind = Literal["gtk", "gtk4", "qt", "gtk4_password"]
FRONT_END = "/usr/libexec/xdg-desktop-portal"
PORTALS = Path("/usr/share/xdg-desktop-portal/portals")
WAIT = 30.0  # seconds that a program may take to start on a busy machine


class KeySwitch(Protocol):
    """What presses the keys of the "physical" keyboard, by Linux' codes."""

    def key(self, code: int, *, down: bool) -> None: ...
    def close(self) -> None: ...


class Keyboard:
    """A keyboard by our canonical names of keys."""

    def __init__(self, switch: KeySwitch) -> None:
        self._switch = switch
        self._down: list[str] = []

    def keydown(self, *keys: str) -> None:
        for key in keys:
            self._switch.key(CODES[key], down=True)
            self._down.append(key)

    def keyup(self, *keys: str) -> None:
        for key in keys:
            self._switch.key(CODES[key], down=False)
            self._down.remove(key)

    def tap(self, *keys: str) -> None:
        """Press keys together, and let them go."""
        self.keydown(*keys)
        self.keyup(*reversed(keys))

    def let_go(self) -> None:
        """Let go of whatever is still down."""
        self.keyup(*reversed(self._down))

    def held(self) -> frozenset[str]:
        """Return the keys that are down, as a hotkey that can tell does."""
        return frozenset(self._down)

    def close(self) -> None:
        """Unplug it."""
        self._switch.close()


class TextWindow(windows.TextWindow):
    """A window that its desktop gives the focus when it opens."""

    START = WAIT

    def __init__(self, kind: Kind, processes: Processes, env: dict[str, str], *words: str) -> None:
        """The window's program gets the words."""
        backend = {"GDK_BACKEND": "wayland", "QT_QPA_PLATFORM": "wayland"}
        super().__init__(kind, processes, {**env, **backend})
        self._open_widget(f"{kind}_window.py", *words)
        wait_until(self._has_focus, self.START, f"the {kind} window has the focus")

    def is_focused(self) -> bool:
        """Tell whether its text has the keyboard."""
        return self._has_focus()

    def _has_focus(self) -> bool:
        return self._source.focused()


class Headless(Selections, Session):
    """A desktop without a screen, with a keyboard."""

    keyboard: Keyboard

    def __init__(self, desktop: str, *, sound: bool = False) -> None:
        super().__init__(desktop, sound=sound)
        self.env["WAYLAND_DISPLAY"] = "wayland-0"

    def plug_in(self, switch: KeySwitch) -> None:
        """Have the keyboard press its keys by this."""
        self.keyboard = Keyboard(switch)
        self._devices.append(self.keyboard)

    def held(self) -> frozenset[str]:
        """Return the keys that are down, as a hotkey that can tell does."""
        return self.keyboard.held()

    def reports_hold(self) -> bool:
        return False

    def disturb(self) -> None: ...

    def text_window(self, kind: Kind = "gtk4", *words: str) -> TextWindow:
        """Open a text window; it is shown and has the focus. Its program gets the words."""
        return self._opened(TextWindow(kind, self.processes, self.env, *words))

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
        self._compositor = self.processes.start(name, argv, env={**inherited, **env})
        self.processes.wait_for(
            name, self._compositor, lambda: listens(self.runtime / self.display), WAIT
        )

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have the compositor do nothing meanwhile."""
        self._compositor.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._compositor.send_signal(signal.SIGCONT)
