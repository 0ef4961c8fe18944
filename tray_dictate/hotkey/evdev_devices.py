"""The kernel's input devices: keyboards and pointers, those of now and those plugged in later.

/dev/input is watched by inotify: udev makes a node first and lets its group read it a moment
later, and both are changes.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import logging
import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tray_dictate.core.errors import UnavailableError
from tray_dictate.hotkey.privacy import PRIVACY

log = logging.getLogger(__name__)

FOLDER = Path("/dev/input")
TOUCH = 0x14A
BUTTONS = frozenset({0x110, 0x111, 0x112})  # left, right, middle; the wheel moves no caret
_TYPED = frozenset(range(1, 89))  # from Escape to F12, with the keypad; no lid, power or volume
_CREATED, _CHANGED = 0x100, 0x4
_NONBLOCK = os.O_NONBLOCK | os.O_CLOEXEC
_BYTES = 96  # of a bit for each of the kernel's key codes
_SET_CLOCK = 1 << 30 | 4 << 16 | ord("E") << 8 | 0xA0  # EVIOCSCLOCKID
_NAME, _DOWN, _KEYS = 0x06, 0x18, 0x21  # EVIOCGNAME, EVIOCGKEY, EVIOCGBIT(EV_KEY)
_OURS = "ydotoold virtual device"  # what our own output types by it is nobody's key
_REMEDY = (
    "Run `sudo usermod -aG input $USER`, then log in anew. Think twice: {} "
    'Else set hotkey.source = "auto".'
)


class Kernel(Protocol):
    """What is asked of an open device; each raises OSError where it is none."""

    def name(self, file: int) -> str:
        """Return what it calls itself."""
        ...

    def keys(self, file: int) -> frozenset[int]:
        """Return the codes of the keys and buttons that it has."""
        ...

    def down(self, file: int) -> frozenset[int]:
        """Return which of them are down now."""
        ...


class Ioctl:
    """The kernel itself."""

    def name(self, file: int) -> str:
        """Return what it calls itself."""
        return _asked(file, _NAME, 256).partition(b"\0")[0].decode("utf-8", "replace")

    def keys(self, file: int) -> frozenset[int]:
        """Return the codes of the keys and buttons that it has."""
        return _bits(_asked(file, _KEYS, _BYTES))

    def down(self, file: int) -> frozenset[int]:
        """Return which of them are down now."""
        return _bits(_asked(file, _DOWN, _BYTES))


class InputDevices:
    """`open` those that matter; `fileno` is readable when there may be more."""

    def __init__(
        self, wanted: frozenset[int], folder: Path = FOLDER, kernel: Kernel | None = None
    ) -> None:
        """Raises UnavailableError where there is no such folder."""
        self._wanted, self._folder, self._kernel = wanted, folder, kernel or Ioctl()
        self._refused, self._keyboard = 0, False
        self._watch = _watch(folder)

    def fileno(self) -> int:
        """Return what becomes readable when a device comes or changes."""
        return self._watch

    def open(self, known: Collection[str]) -> dict[str, int]:
        """Return the open files of those that are not known yet, by name."""
        self._drain()
        found: dict[str, int] = {}
        self._refused = 0
        for path in sorted(self._folder.glob("event*")):
            if path.name not in known and (file := self._opened(path)) is not None:
                found[path.name] = file
        return found

    def has_keyboard(self) -> bool:
        """Tell whether `open` has found one that is more than a pointer."""
        return self._keyboard

    def down(self, file: int) -> frozenset[int]:
        """Return which keys of one are down now; the file forgets them. Raises OSError."""
        return self._kernel.down(file)

    def peek(self, file: int) -> frozenset[int]:
        """Return the same, and the file keeps what waits in it. Raises OSError."""
        other = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | _NONBLOCK)
        try:
            return self._kernel.down(other)
        finally:
            os.close(other)

    def lacking(self) -> UnavailableError:
        """Return why `open` has found no keyboard."""
        if self._refused:
            return UnavailableError(
                f"The keyboards in {self._folder} may not be read.", _REMEDY.format(PRIVACY)
            )
        return UnavailableError(
            f"There is no keyboard in {self._folder}.", 'Set hotkey.source = "auto".'
        )

    def close(self) -> None:
        """Watch no more."""
        os.close(self._watch)

    def _opened(self, path: Path) -> int | None:
        try:
            file = os.open(path, os.O_RDONLY | _NONBLOCK)
        except PermissionError:
            self._refused += 1
            return None
        except OSError as reason:
            log.debug("%s cannot be opened: %s", path, reason.strerror)
            return None
        try:
            if self._kernel.name(file) != _OURS and self._matters(self._kernel.keys(file)):
                _use_steady_clock(file)
                return file
        except OSError as reason:
            log.debug("%s does not say what it is: %s", path, reason.strerror)
        os.close(file)
        return None

    def _matters(self, keys: frozenset[int]) -> bool:
        keyboard = bool(keys & (_TYPED | self._wanted))
        self._keyboard |= keyboard
        return keyboard or bool(keys & (BUTTONS | {TOUCH}))

    def _drain(self) -> None:
        try:
            while os.read(self._watch, 65536):
                pass
        except BlockingIOError:
            pass


def _watch(folder: Path) -> int:
    """Return a file that is readable when something in a folder comes or changes its rights."""
    libc = ctypes.CDLL(None, use_errno=True)
    file: int = libc.inotify_init1(_NONBLOCK)
    if file >= 0 and libc.inotify_add_watch(file, os.fsencode(folder), _CREATED | _CHANGED) >= 0:
        return file
    number = ctypes.get_errno()
    if file >= 0:
        os.close(file)
    if number in (errno.ENOENT, errno.ENOTDIR):
        reason = f"There is no {folder} here: the kernel's keyboards are out of reach."
        raise UnavailableError(reason, 'Set hotkey.source = "auto".')
    raise UnavailableError(
        f"{folder} cannot be watched: {os.strerror(number)}.", 'Set hotkey.source = "auto".'
    )


def _use_steady_clock(file: int) -> None:
    """Have the events' times count as ours do; else they are of the wall clock, which is set."""
    with suppress(OSError):  # before Linux 3.4
        fcntl.ioctl(file, _SET_CLOCK, array.array("i", [time.CLOCK_MONOTONIC]))


def _asked(file: int, question: int, size: int) -> bytes:
    buffer = array.array("B", bytes(size))
    fcntl.ioctl(file, 2 << 30 | size << 16 | ord("E") << 8 | question, buffer, True)
    return buffer.tobytes()


def _bits(mask: bytes) -> frozenset[int]:
    return frozenset(
        8 * at + bit for at, byte in enumerate(mask) for bit in range(8) if byte >> bit & 1
    )
