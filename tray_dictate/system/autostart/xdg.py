"""Desktop entries: the autostart entry, which every Linux desktop honours, and the application's.

The desktop's menu starts the application by the latter, and newer portals serve only programs that
have one. As the Desktop Entry Specification demands, strings are escaped twice: an argument of Exec
within its quotes, then the whole value like any string of the file.
"""

from __future__ import annotations

import configparser
import logging
import re

import platformdirs

from tray_dictate.system.autostart.entry import Entry, program
from tray_dictate.system.files import write_atomic

log = logging.getLogger(__name__)

APP_ID = "org.tray_dictate.TrayDictate"
_GROUP = "Desktop Entry"
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)', re.DOTALL)


class DesktopEntry:
    """~/.config/autostart/tray-dictate.desktop."""

    name = "autostart entry"

    def __init__(self) -> None:
        self._path = platformdirs.user_config_path() / "autostart" / "tray-dictate.desktop"

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        try:
            written = self._path.read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return parse(written, str(self._path))

    def write(self, command: tuple[str, ...]) -> None:
        """Create the entry, switched on. Raises OSError."""
        write_atomic(self._path, render(command))

    def remove(self) -> None:
        """Remove the entry; idempotent. Raises OSError."""
        self._path.unlink(missing_ok=True)


def render(command: tuple[str, ...]) -> str:
    """Return the text of the entry."""
    words = " ".join(_quoted(word) for word in command)
    return "\n".join(
        [
            f"[{_GROUP}]",
            "Type=Application",
            "Name=Tray Dictate",
            "Comment=Hold a key, speak, and the words land in the focused window",
            f"Exec={_escaped(words)}",
            f"TryExec={_escaped(command[0])}",  # a session passes over what is gone
            "Icon=audio-input-microphone",
            "Terminal=false",
            "StartupNotify=false",
            "",
        ]
    )


def parse(written: str, where: str) -> Entry:
    """Return the entry with this text; without a command if the text cannot be parsed."""
    parser = configparser.RawConfigParser(
        strict=False, delimiters=("=",), comment_prefixes=("#",), empty_lines_in_values=False
    )
    try:
        parser.read_string(written)
    except configparser.Error:
        return Entry(where, (), on=True)
    values = dict(parser[_GROUP]) if _GROUP in parser else {}
    # how XFCE and KDE, and how GNOME's tools, switch one off
    off = values.get("hidden") == "true" or values.get("x-gnome-autostart-enabled") == "false"
    words = _WORD.findall(_unescaped(values.get("exec", "")))
    command = tuple(
        (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare).replace("%%", "%")
        for quoted, bare in words
    )
    return Entry(where, command, on=not off)


def make_application_entry() -> None:
    """Create the application's entry for this installation, if it is missing. Blocks."""
    path = platformdirs.user_data_path() / "applications" / f"{APP_ID}.desktop"
    text = f"{render(program())}Categories=Utility;Accessibility;\n"
    try:
        if not path.exists() or path.read_text() != text:
            write_atomic(path, text)
    except OSError as reason:
        log.info("the application's desktop entry cannot be written: %s", reason)


def _quoted(word: str) -> str:
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%") + '"'


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _unescaped(value: str) -> str:
    letters = {"s": " ", "n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: letters.get(found[1], found[1]), value)
