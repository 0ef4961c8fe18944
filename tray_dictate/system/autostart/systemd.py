"""Start at login by a systemd user service, which is restarted after a failure."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress

import platformdirs

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.autostart.entry import Entry
from tray_dictate.system.files import make_folder, write_atomic
from tray_dictate.system.key_variables import without_keys

_UNIT = "tray-dictate.service"
_TARGET = "graphical-session.target"
_TIMEOUT = 10.0  # seconds
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')


class SystemdService:
    """~/.config/systemd/user/tray-dictate.service."""

    name = "systemd"

    def __init__(self) -> None:
        folder = platformdirs.user_config_path() / "systemd" / "user"
        self._path = folder / _UNIT
        self._wanted = folder / f"{_TARGET}.wants" / _UNIT

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        try:
            written = self._path.read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Entry(str(self._path), parse(written), on=self._wanted.is_symlink())

    def write(self, command: tuple[str, ...]) -> None:
        """Create and enable the service. Raises OSError or UnavailableError."""
        if not _systemctl("is-active", "--quiet", _TARGET):
            raise UnavailableError(
                f"No systemd session with a {_TARGET} runs here: not every desktop has one.",
                "Run this in your desktop session, or leave out --systemd.",
            )
        write_atomic(self._path, render(command))
        make_folder(self._wanted.parent)
        self._wanted.unlink(missing_ok=True)
        self._wanted.symlink_to(self._path)
        _systemctl("daemon-reload")

    def remove(self) -> None:
        """Remove the service; idempotent. A running daemon goes on. Raises OSError."""
        self._wanted.unlink(missing_ok=True)
        if not self._path.exists():
            return
        if not _systemctl("is-active", "--quiet", _UNIT):  # else it would outlive its session
            self._path.unlink()
        _systemctl("daemon-reload")


def render(command: tuple[str, ...]) -> str:
    """Return the text of the unit. Raises UnavailableError."""
    if re.search(r"[\"'\\]", command[0]):
        raise UnavailableError(
            f"systemd starts no program with quotes or backslashes in its path: {command[0]}.",
            "Install tray-dictate elsewhere, or leave out --systemd.",
        )
    words = " ".join(_quoted(word) for word in command)
    return f"""\
[Unit]
Description=Tray Dictate: hold a key, speak, and the words land in the focused window
PartOf={_TARGET}
After={_TARGET}
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
# the colon: a dollar sign in a path is no variable
ExecStart=:{words}
Restart=on-failure
RestartSec=2
# settings that cannot be used are no better the next time
RestartPreventExitStatus=2
# what keeps the user's clipboard outlives the daemon, and ends with the session
KillMode=process

[Install]
WantedBy={_TARGET}
"""


def parse(written: str) -> tuple[str, ...]:
    """Return the command that the text of a unit starts."""
    found = re.search(r"^ExecStart=:?(.*)$", written, re.MULTILINE)
    words = _WORD.findall(found[1]) if found else []
    return tuple(
        (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare).replace("%%", "%")
        for quoted, bare in words
    )


def _quoted(word: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", word).replace("%", "%%") + '"'


def _systemctl(*words: str) -> bool:
    """Return whether the user's systemd carried out a command; False without systemd."""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            ["systemctl", "--user", *words],
            capture_output=True, check=False, timeout=_TIMEOUT,
            env=without_keys(SYSTEMD_PAGER=""),
        )  # fmt: skip
        return done.returncode == 0
    return False
