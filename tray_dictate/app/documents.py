"""Opens the settings file, the log and the result of the self-test in the user's editor.

A desktop without file associations (no MIME cache, a bare window manager) has no program for text
files: then installed editors are tried, and last an editor in a terminal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tray_dictate.app.components import Components
from tray_dictate.config import template
from tray_dictate.config.load import Sources
from tray_dictate.core.errors import DeliveryError, UnavailableError, why
from tray_dictate.core.ports import Document, Notifier
from tray_dictate.system import files
from tray_dictate.system.key_variables import without_keys
from tray_dictate.system.programs import own_python
from tray_dictate.system.programs import process as program
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

_PATIENCE = 5.0  # seconds; a program that still runs after them is the editor
_CHECK = 180.0  # seconds
_LONGEST = 1_000_000  # bytes of the doctor's output
_EDITORS = (  # with a window of their own
    "gnome-text-editor", "gedit", "kate", "kwrite", "mousepad", "xed", "pluma", "featherpad",
    "leafpad", "l3afpad", "geany", "gvim", "emacs",
)  # fmt: skip
_TERMINAL_EDITORS = ("sensible-editor", "nano", "micro", "vim", "vi")
_WINDOWLESS = {
    *_TERMINAL_EDITORS, "nvim", "hx", "helix", "kak", "joe", "jed", "ne", "mg", "pico", "ed", "dte",
}  # fmt: skip
_TERMINALS = (  # each with the option before a command
    ("xdg-terminal-exec",), ("x-terminal-emulator", "-e"), ("gnome-terminal", "--"), ("kgx", "--"),
    ("konsole", "-e"), ("xfce4-terminal", "-x"), ("mate-terminal", "-x"), ("lxterminal", "-e"),
    ("qterminal", "-e"), ("kitty",), ("alacritty", "-e"), ("wezterm", "start", "--"), ("foot",),
    ("xterm", "-e"),
)  # fmt: skip
DOCTOR = own_python.module("tray_dictate", "doctor", "--no-input")


class Documents:
    """Opens documents in an editor, as the user's desktop and environment choose it."""

    def __init__(
        self,
        settings: Path,
        notices: Notifier,
        components: Components,
        *,
        platform: str = sys.platform,
        doctor: list[str] = DOCTOR,
    ) -> None:
        """`settings` is the user's file; `doctor` is the command that checks this machine.

        If no editor starts, the output among the components copies the path to the clipboard.
        """
        self._settings, self._notices, self._components = settings, notices, components
        self._platform, self._doctor = platform, doctor
        self._editors = TaskSet()

    @classmethod
    def of(cls, sources: Sources, notices: Notifier, components: Components) -> Documents:
        """Return the documents of a daemon; its check uses the daemon's command-line options."""
        path, doctor = sources.path or files.config_file(), [*DOCTOR, *sources.words()]
        return cls(path, notices, components, doctor=doctor)

    async def open(self, document: Document) -> None:
        """Open a document. Raises UnavailableError."""
        match document:
            case "settings":
                path = self._own_settings()
            case "check":
                path = await self._check()
            case "log":
                path = files.log_file()
        if not path.exists():
            raise UnavailableError(f"There is no {path}: it could not be written.")
        await self._show(path)

    def _own_settings(self) -> Path:
        """Return the user's file; if missing, create one with every setting commented out."""
        path = self._settings
        if not path.exists():
            with _write_errors(path):
                files.make_folder(path.parent)
                _write(path, template.render())
        return path

    async def _check(self) -> Path:
        """Run the doctor; return the file with its output."""
        words = "The self-test is running; its result opens in a moment."
        self._notices.tell(words, "asked")
        try:
            code, said = await program.run(
                self._doctor, limit=_CHECK, longest=_LONGEST, env=os.environ
            )
        except TimeoutError:
            raise _no_check(f"it took longer than {_CHECK:g} s.") from None
        except (OSError, ValueError, program.TooMuchError) as reason:
            raise _no_check(f"{why(reason)}.") from reason
        if not said.strip():
            raise _no_check(f"it ended with code {code} and printed nothing.")
        path = files.log_file().with_name("check.txt")
        with _write_errors(path):
            files.private_folder(path.parent)
            _write(path, said.decode(errors="replace"))
        return path

    async def _show(self, path: Path) -> None:
        if self._platform == "win32":
            startfile: Any = getattr(os, "startfile")  # noqa: B009 - Windows only
            try:
                await asyncio.to_thread(startfile, str(path))
            except OSError as reason:  # Windows knows no program for .toml
                log.info("no program opens %s files: %s", path.suffix, reason)
            else:
                return
        for editor in _editors(self._platform):
            if await self._opens([*editor, str(path)]):
                return
        try:
            await self._components.output.copy_to_clipboard(str(path))
        except DeliveryError as reason:
            log.info("the clipboard: %s", reason)
            raise _no_editor(f"Open {path} with one") from reason
        raise _no_editor(f"Open the file whose path is on the clipboard now ({path})")

    async def _opens(self, command: list[str]) -> bool:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=DEVNULL,
                start_new_session=True,
                env=without_keys(),
            )
        except (OSError, ValueError) as reason:
            log.info("%s: %s", command[0], reason)
            return False
        # waited for to the end, else it would stay a zombie
        ended = self._editors.start(process.wait())
        try:
            async with asyncio.timeout(_PATIENCE):
                code = await asyncio.shield(ended)
        except TimeoutError:
            return True
        log.info("%s ended with code %d", command[0], code)
        return code == 0


def _editors(platform: str) -> Iterator[list[str]]:
    """Yield commands that may open a text: the desktop's choice, the user's, installed editors."""
    if platform == "win32":
        yield ["notepad.exe"]
        return
    yield from [["open", "-t"]] if platform == "darwin" else [["xdg-open"], ["gio", "open"]]
    own = [_words(os.environ.get(name, "")) for name in ("VISUAL", "EDITOR")]
    yield from (words for words in own if words and Path(words[0]).name not in _WINDOWLESS)
    yield from ([name] for name in _EDITORS if shutil.which(name))
    in_terminal = [*own, *([name] for name in _TERMINAL_EDITORS)]
    editor = next((words for words in in_terminal if words and shutil.which(words[0])), None)
    for terminal in _TERMINALS if editor else ():
        if editor and shutil.which(terminal[0]):
            yield [*terminal, *editor]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an unbalanced quotation mark
        return []


@contextmanager
def _write_errors(path: Path) -> Generator[None]:
    """Turn an OSError into an UnavailableError."""
    try:
        yield
    except OSError as reason:
        raise UnavailableError(f"{path} cannot be written: {reason.strerror}.") from reason


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read. Raises OSError."""
    with open(path, "w", encoding="utf-8", opener=files.open_private) as file:
        file.write(text)


def _no_check(reason: str) -> UnavailableError:
    return UnavailableError(
        f"The self-test failed: {reason}", "Run `tray-dictate doctor` in a terminal."
    )


def _no_editor(remedy: str) -> UnavailableError:
    return UnavailableError(
        "No text editor could be started.", f"{remedy}, or name yours in $VISUAL."
    )
