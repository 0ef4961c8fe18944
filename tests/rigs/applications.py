"""Programs as people use them, and what is in their windows, read back through the window itself.

Beside the toolkits' windows of windows.py: an office suite, editors, a browser, a remote desktop.
Each is a new program; `with` ends it.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

IDLE = 1.5  # seconds in which a spreadsheet ends what it was typed into before, and nobody can ask
START = 100.0  # seconds that the largest may take on a busy machine
QUIET = "--norestore --nologo --nofirststartwizard".split()
PAGE = Path(__file__).parent / "targets" / "titled.html"
PREFERENCES = (
    'user_pref("browser.shell.checkDefaultBrowser", false);\n'
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
    'user_pref("app.normandy.enabled", false);\nuser_pref("browser.aboutwelcome.enabled", false);\n'
    'user_pref("toolkit.telemetry.enabled", false);\n'
)
_numbers = itertools.count(1)


class Application:
    """One program with a window that takes text."""

    name = ""  # of the window's title or class, as xdotool seeks it
    sought_by = "--name"

    def __init__(self, desktop: Desktop) -> None:
        self.desktop = desktop
        self.label = f"{type(self).__name__.lower()}-{next(_numbers)}"
        self.folder = desktop.folder / self.label
        self.folder.mkdir()
        self._stack = ExitStack()

    def __enter__(self) -> Application:
        try:
            self.start()
            self.id = wait_until(self._find, START, f"{self.label} shows its window")
            self.focus()
            self.prepare()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start the program."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Wait until it takes text."""

    def text(self) -> str:
        """Return what the window holds now."""
        raise NotImplementedError

    def clear(self) -> None:
        """Empty it; text goes there again."""
        raise NotImplementedError

    def run(self, *argv: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a program that ends with this one."""
        processes = self.desktop.processes
        process = processes.start(self.label, argv, env={**self.desktop.env, **env})
        self._stack.callback(processes.end, process)
        return process

    def focus(self) -> None:
        """Give it the keyboard, and wait until it has it."""

        def brought() -> bool:
            ask = self.desktop.run
            if ask("xdotool", "getactivewindow", check=False).strip() != self.id:
                ask("xdotool", "windowactivate", self.id, check=False)
            return ask("xdotool", "getactivewindow", check=False).strip() == self.id

        wait_until(brought, 20, f"{self.label} has the focus")

    def wait_for(self, wanted: str, timeout: float = 10) -> str:
        """Return what it holds, once that is what is wanted or time is up."""
        try:
            wait_until(lambda: self.text() == wanted, timeout, "the text")
        except AssertionError:
            return self.text()
        return wanted

    def copied(self, *keys: tuple[str, ...]) -> str:
        """Return what is on the clipboard after some chords, the last of which copies."""
        self.desktop.set_clipboard("nothing was copied")
        for chord in keys:
            self.desktop.tap(*chord)
        try:
            wait_until(lambda: self._clipboard() != "nothing was copied", 20, "a copy")
        except AssertionError:
            return ""
        return self._clipboard()

    def _clipboard(self) -> str:
        return self.desktop.clipboard().decode()

    def _find(self) -> str:
        words = ["search", "--onlyvisible", self.sought_by, self.name]
        found = self.desktop.run("xdotool", *words, check=False).split()
        return found[-1] if found else ""


class Calc(Application):
    """LibreOffice's spreadsheet: the cell A1 is selected and not being edited."""

    name, module = "LibreOffice Calc$", "--calc"

    def start(self) -> None:
        profile = f"-env:UserInstallation=file://{self.folder}/profile"
        self.run("soffice", *QUIET, self.module, profile, SAL_USE_VCLPLUGIN="gtk3")

    def prepare(self) -> None:
        """It has the focus before it takes keys: a letter that can be copied is the sign."""

        def takes_keys() -> bool:
            self.focus()
            self.desktop.tap("x")
            found = self.text()
            self.clear()
            return "x" in found

        wait_until(takes_keys, START, f"{self.label} takes keys")

    def text(self) -> str:
        self.desktop.tap("Return")
        self.desktop.tap("Control_L", "Home")
        return self.copied(("Control_L", "c")).removesuffix("\n")

    def all_cells(self) -> str:
        """Return the columns and rows that hold anything, each row on a line."""
        return self.copied(("Escape",), ("Control_L", "a"), ("Control_L", "c"))

    def clear(self) -> None:
        for keys in (("Escape",), ("Control_L", "a"), ("Delete",), ("Control_L", "Home")):
            self.desktop.tap(*keys)
        time.sleep(IDLE)

    def wait_for(self, wanted: str, timeout: float = 10) -> str:
        """Look once: the keys that do it come after those that were typed."""
        del wanted, timeout
        return self.text()


class Writer(Calc):
    """LibreOffice's text: an empty page."""

    name, module = "LibreOffice Writer$", "--writer"

    def text(self) -> str:
        found = self.copied(("Control_L", "a"), ("Control_L", "c"))
        self.desktop.tap("Control_L", "End")
        return found

    def clear(self) -> None:
        self.desktop.tap("Control_L", "a")
        self.desktop.tap("Delete")


class Gnumeric(Calc):
    """GNOME's spreadsheet."""

    name = "Gnumeric$"

    def start(self) -> None:
        self.run("gnumeric")


class Vim(Application):
    """gvim without anybody's settings, in Insert mode."""

    name = "VIM-"

    def start(self) -> None:
        self.run("gvim", "-f", "--clean", "--servername", self.label, str(self.folder / "file"))

    def prepare(self) -> None:
        wait_until(lambda: self._ask("1") == "1\n", START, "Vim answers")
        self.clear()

    def text(self) -> str:
        return self._ask(r'join(getline(1, "$"), "\n")').removesuffix("\n")

    def clear(self) -> None:
        sent = r"<C-\><C-N>:%d<CR>i"
        self.desktop.run("gvim", "--servername", self.label, "--remote-send", sent)
        wait_until(lambda: self._ask("mode() . line('$')") == "i1\n", 10, "Vim inserts")

    def _ask(self, expression: str) -> str:
        argv = ["gvim", "--servername", self.label, "--remote-expr", expression]
        return self.desktop.run(*argv, check=False)


class Emacs(Application):
    """Emacs without anybody's settings."""

    name, sought_by = "^emacs$", "--classname"

    def start(self) -> None:
        self._file = self.folder / "file"
        self._file.touch()
        self.run("emacs", "-Q", "--no-splash", str(self._file))

    def prepare(self) -> None:
        wait_until(self._takes_keys, START, "Emacs takes keys")
        self.clear()

    def _takes_keys(self) -> bool:
        self.desktop.tap("x")
        return "x" in self.text()

    def text(self) -> str:
        self.desktop.tap("Control_L", "x")
        self.desktop.tap("Control_L", "s")
        return self._file.read_text()

    def clear(self) -> None:
        for keys in (("Control_L", "x"), ("h",), ("Delete",)):
            self.desktop.tap(*keys)
        wait_until(lambda: not self.text(), 10, "Emacs is empty")


class Firefox(Application):
    """A text area whose text is the page's title, which is the window's."""

    name = "^held:"

    def start(self) -> None:
        profile = self.folder / "profile"
        profile.mkdir()
        (profile / "user.js").write_text(PREFERENCES)
        argv = ["--no-remote", "--profile", str(profile), "--new-window", PAGE.as_uri()]
        self.run("firefox-esr", *argv, MOZ_CRASHREPORTER_DISABLE="1")

    def text(self) -> str:
        title = self.desktop.run("xdotool", "getwindowname", self.id)
        return title.removeprefix("held:").rpartition(";")[0]  # on one line

    def clear(self) -> None:
        self.desktop.tap("Control_L", "a")
        self.desktop.tap("Delete")
        wait_until(lambda: not self.text(), 10, "Firefox is empty")


class Remote(Application):
    """A viewer of a VNC server that nobody has typed into, where a terminal writes down all."""

    name, sought_by = "TigerVNC", "--class"

    def start(self) -> None:
        self._received, start = self.folder / "received", 0
        self._start = start
        display, port = f":{100 + os.getpid() % 800}", 5900 + 100 + os.getpid() % 800
        options = ["-localhost", "yes", "-SecurityTypes", "None", "-rfbport", str(port), "-ac"]
        self.run("Xtigervnc", display, *options, "-geometry", "900x600")
        there = {"DISPLAY": display}
        socket = Path(f"/tmp/.X11-unix/X{display[1:]}")
        wait_until(socket.exists, START, "the VNC server is up")
        self.run("xfwm4", "--compositor=off", "--sm-client-disable", **there)
        program = 'stty raw -echo -icrnl; exec cat > "$0"'
        argv = ["xterm", "-u8", "-e", "sh", "-c", program, str(self._received)]
        self.run(*argv, **there)
        wait_until(self._received.exists, START, "the terminal is up")
        self.run("vncviewer", f"127.0.0.1::{port}")

    def prepare(self) -> None:
        self.desktop.run("xdotool", "mousemove", "--window", self.id, "200", "200", "click", "1")

    def text(self) -> str:
        raw = self._received.read_bytes()[self._start :]
        return raw.decode(errors="replace").replace("\r", "\n")

    def clear(self) -> None:
        self._start = self._received.stat().st_size
