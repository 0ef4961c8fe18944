"""Watches the hotkey by the kernel's input devices, under every compositor.

Used only if the user chooses it (hotkey.source): a program that may read these devices can read
every key, passwords too. A letter means its place on a US keyboard, since the kernel knows no
layout. Keys cannot be hidden from the windows, so the window in front gets the hotkey as well. Keys
of other sessions on this computer are seen, too, and those typed at the lock screen.

Devices may be plugged in later, so /dev/input is watched by inotify: udev creates a node first and
lets its group read it a moment later, and both are changes.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import logging
import os
import select
import struct
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.event_clock import EventClock
from tray_dictate.core.keys.chord import POINTER, Edge
from tray_dictate.core.keys.keycodes import NAMES, XKB, code_of
from tray_dictate.core.keys.names import in_words
from tray_dictate.core.ports import Notifier
from tray_dictate.hotkey.privacy import PRIVACY
from tray_dictate.hotkey.reader import KeyReader

log = logging.getLogger(__name__)

FOLDER = Path("/dev/input")
TOUCH = 0x14A
BUTTONS = frozenset({0x110, 0x111, 0x112})  # left, right, middle; the wheel moves no caret
_TYPED = frozenset(range(1, 89))  # from Escape to F12, with the keypad; no lid, power or volume
_CREATED, _CHANGED = 0x100, 0x4
_NONBLOCK = os.O_NONBLOCK | os.O_CLOEXEC
_BYTES = 96  # of a bit for each of the kernel's key codes
_SET_CLOCK = 1 << 30 | 4 << 16 | ord("E") << 8 | 0xA0  # EVIOCSCLOCKID
_NAME, _DEVICE_DOWN, _KEYS = 0x06, 0x18, 0x21  # EVIOCGNAME, EVIOCGKEY, EVIOCGBIT(EV_KEY)
_RECORD = struct.Struct("llHHi")  # seconds, microseconds, type, code, value
_READ = _RECORD.size * 64
_SYN, _KEY, _DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1  # a 2 is a repetition
_TAP = 0.3  # seconds: a longer touch moves the pointer and clicks nothing
_LOCKS = frozenset({"caps_lock", "num_lock", "scroll_lock"})
_OURS = "ydotoold virtual device"  # what our own output types by it is nobody's key
_REMEDY = (
    "Run `sudo usermod -aG input $USER`, then log in again. Consider the risk: {} "
    'Or set hotkey.source = "auto".'
)


class Kernel(Protocol):
    """Queries about an open file; each raises OSError if it is no input device."""

    def name(self, file: int) -> str:
        """Return the device's name."""
        ...

    def keys(self, file: int) -> frozenset[int]:
        """Return the codes of the device's keys and buttons."""
        ...

    def down(self, file: int) -> frozenset[int]:
        """Return the codes that are down now."""
        ...


class Ioctl:
    """Kernel by the ioctls of an input device."""

    def name(self, file: int) -> str:
        """Return the device's name."""
        return _asked(file, _NAME, 256).partition(b"\0")[0].decode("utf-8", "replace")

    def keys(self, file: int) -> frozenset[int]:
        """Return the codes of the device's keys and buttons."""
        return _bits(_asked(file, _KEYS, _BYTES))

    def down(self, file: int) -> frozenset[int]:
        """Return the codes that are down now."""
        return _bits(_asked(file, _DEVICE_DOWN, _BYTES))


class InputDevices:
    """The kernel's keyboards and pointers, including those that are plugged in later."""

    def __init__(
        self, wanted: frozenset[int], folder: Path = FOLDER, kernel: Kernel | None = None
    ) -> None:
        """Accept devices with a `wanted` code as keyboards. Raises UnavailableError."""
        self._wanted, self._folder, self._kernel = wanted, folder, kernel or Ioctl()
        self._refused, self._keyboard = 0, False
        self._watch = _watch(folder)

    def fileno(self) -> int:
        """Return the file that becomes readable when a device is plugged in or changes."""
        return self._watch

    def open(self, known: Collection[str]) -> dict[str, int]:
        """Open the keyboards and pointers that are not known yet; return their files by name."""
        self._drain()
        found: dict[str, int] = {}
        self._refused = 0
        for path in sorted(self._folder.glob("event*")):
            if path.name not in known and (file := self._opened(path)) is not None:
                found[path.name] = file
        return found

    def has_keyboard(self) -> bool:
        """Return whether `open` has found a device that is more than a pointer."""
        return self._keyboard

    def down(self, file: int) -> frozenset[int]:
        """Return the codes that are down now; drops unread key events. Raises OSError."""
        return self._kernel.down(file)

    def peek(self, file: int) -> frozenset[int]:
        """Return the codes that are down now; keeps unread key events. Raises OSError."""
        other = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | _NONBLOCK)
        try:
            return self._kernel.down(other)
        finally:
            os.close(other)

    def lacking(self) -> UnavailableError:
        """Return the error to raise where `open` found no keyboard."""
        if self._refused:
            return UnavailableError(
                f"There is no permission to read the keyboards in {self._folder}.",
                _REMEDY.format(PRIVACY),
            )
        return UnavailableError(
            f"There is no keyboard in {self._folder}.", 'Set hotkey.source = "auto".'
        )

    def close(self) -> None:
        """Stop watching the folder."""
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
    """Return a file that is readable when a node in a folder is created or changes its rights."""
    libc = ctypes.CDLL(None, use_errno=True)
    file: int = libc.inotify_init1(_NONBLOCK)
    if file >= 0 and libc.inotify_add_watch(file, os.fsencode(folder), _CREATED | _CHANGED) >= 0:
        return file
    number = ctypes.get_errno()
    if file >= 0:
        os.close(file)
    if number in (errno.ENOENT, errno.ENOTDIR):
        reason = f"There is no {folder} here, so the kernel's keyboards cannot be read."
        raise UnavailableError(reason, 'Set hotkey.source = "auto".')
    raise UnavailableError(
        f"{folder} cannot be watched: {os.strerror(number)}.", 'Set hotkey.source = "auto".'
    )


def _use_steady_clock(file: int) -> None:
    """Have events stamped by the monotonic clock; the default, the wall clock, may be set."""
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


class Devices(Protocol):
    """The methods of InputDevices that EvdevHotkey needs."""

    def fileno(self) -> int:
        """Return a file that is readable when there may be more devices."""
        ...

    def open(self, known: Collection[str]) -> dict[str, int]:
        """Return the non-blocking files of devices that are not known yet, by name."""
        ...

    def has_keyboard(self) -> bool:
        """Return whether one of the devices is more than a pointer."""
        ...

    def down(self, file: int) -> frozenset[int]:
        """Return the codes that are down, on the reader's thread. Raises OSError."""
        ...

    def peek(self, file: int) -> frozenset[int]:
        """Return the codes that are down, on another thread. Raises OSError."""
        ...

    def lacking(self) -> UnavailableError:
        """Return the error to raise where there is no keyboard."""
        ...

    def close(self) -> None:
        """Stop watching for devices."""
        ...


class EvdevHotkey(KeyReader):
    """ports.Hotkey over files of `struct input_event`."""

    def __init__(
        self, settings: HotkeySettings, notices: Notifier, devices: Devices | None = None
    ) -> None:
        """Read `devices`, or the kernel's. Raises UnavailableError if none is a keyboard."""
        self._wanted = {code_of(key): key for key in settings.watched}
        if unknown := sorted(key for key in settings.watched if code_of(key) is None):
            raise UnavailableError(
                f"The kernel has no key {unknown[0]!r}.",
                "Use its name on a US keyboard, or choose another key.",
            )
        for key in sorted(_LOCKS & settings.watched):
            words = in_words((frozenset({key}),))
            notices.tell(
                f"Each press of {words} also switches its lock: evdev cannot hide a key from other "
                "programs.",
                "hotkey",
            )
        self._names: dict[int | None, str] = {**NAMES, **self._wanted}
        codes = frozenset(number for number in self._wanted if number)
        self._devices = devices or InputDevices(codes)
        self._files = self._devices.open(())
        if not self._devices.has_keyboard():
            reason = self._devices.lacking()
            self._devices.close()
            for file in self._files.values():
                os.close(file)
            raise reason
        self._down: frozenset[tuple[int, int]] = frozenset()  # file, code
        self._touched: dict[int, float] = {}
        self._clock, self._now = EventClock(), 0.0  # the time of the present event
        self._rests: dict[int, bytes] = {}  # the read part of an incomplete record
        super().__init__()

    def held(self) -> frozenset[str] | None:
        """Return the names of the keys that are down now, as the kernel knows them."""
        if self._stopped:
            return None
        down = set[int]()
        for file in list(self._files.values()):
            with suppress(OSError):  # unplugged at this very moment
                down |= self._devices.peek(file)
        return frozenset(self._name(number) for number in down if self._is_key(number))

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: hiding one key of a device from the windows would hide all of them."""

    def _begin(self) -> None:
        for file in self._files.values():
            _empty(file)  # what was pressed while another hotkey still ran

    def _close(self) -> None:
        self._devices.close()
        for file in self._files.values():
            os.close(file)

    # On the reader's thread

    def _read(self) -> None:
        while True:
            watch = self._devices.fileno()
            files = [*self._files.values(), watch]
            ready, _, _ = select.select([*files, self._wake_up], [], [])
            if self._stopped:
                return
            for file in (file for file in files if file in ready):
                if file == watch:
                    self._files |= self._devices.open(self._files)
                else:
                    self._take(file)
            if self._wake_up in ready:
                self._wake_up.clear()
                self._report_marks()

    def _read_all(self) -> None:
        for file in list(self._files.values()):
            while self._take(file):
                pass

    def _take(self, file: int) -> bool:
        """Read some of a device's events; return whether there may be more."""
        try:
            data = os.read(file, _READ)
        except BlockingIOError:
            return False
        except OSError as reason:  # unplugged
            log.debug("a device is gone: %s", reason.strerror)
            data = b""
        if not data:
            self._forget(file)
            return False
        data = self._rests.pop(file, b"") + data
        whole = len(data) - len(data) % _RECORD.size
        if data[whole:]:
            self._rests[file] = data[whole:]
        for seconds, micros, event_type, code, value in _RECORD.iter_unpack(data[:whole]):
            self._now = self._clock.at(seconds + micros / 1e6, time.monotonic())
            if event_type == _KEY and value in (_UP, _DOWN):
                self._key(file, code, value == _DOWN)
            elif (event_type, code) == (_SYN, _DROPPED):
                self._compare(file)
                break  # the rest is older than the kernel's answer
        return len(data) >= _READ

    def _key(self, file: int, code: int, down: bool) -> None:
        """Process a press or release of a key, of a button, or of a finger on a touchpad."""
        if code in self._wanted:
            self._edge(file, code, down)
        elif code in BUTTONS:
            if down:
                self._listener.edge(Edge(POINTER, True, time.monotonic()))
        elif code == TOUCH:
            self._touch(file, down)
        elif self._is_key(code):
            self._edge(file, code, down)

    def _touch(self, file: int, down: bool) -> None:
        now = time.monotonic()
        if down:
            self._touched[file] = now
        elif now - self._touched.pop(file, now - _TAP) < _TAP:
            self._listener.edge(Edge(POINTER, True, now))

    def _edge(self, file: int, code: int, down: bool) -> None:
        """Report a key's edge, unless another keyboard holds the same key."""
        if ((file, code) in self._down) == down:
            return
        others = any(other == code for device, other in self._down if device != file)
        change = {(file, code)}
        self._down = self._down | change if down else self._down - change
        if not others:
            self._listener.edge(Edge(self._name(code), down, self._now))

    def _compare(self, file: int) -> None:
        """Ask the kernel which keys are down, after it has dropped events."""
        self._now = time.monotonic()
        before = frozenset(code for device, code in self._down if device == file)
        try:
            now = self._devices.down(file)
        except OSError:  # unplugged at this very moment
            now = frozenset[int]()
        for code in sorted(before - now):
            self._key(file, code, False)
        for code in sorted(now - before):
            self._key(file, code, True)

    def _forget(self, file: int) -> None:
        """Report the keys of a device that is gone as released."""
        self._now = time.monotonic()
        for device, code in sorted(self._down):
            if device == file:
                self._edge(file, code, False)
        self._rests.pop(file, None)
        self._touched.pop(file, None)
        self._files = {name: other for name, other in self._files.items() if other != file}
        os.close(file)

    def _name(self, code: int) -> str:
        return self._names.get(code, f"keycode {code + XKB}")

    def _is_key(self, code: int) -> bool:
        # those between are of pointers and game pads
        return code < min(BUTTONS) or code >= 0x160 or code in self._wanted


def _empty(file: int) -> None:
    with suppress(OSError):  # BlockingIOError at the end
        while os.read(file, _READ):
            pass
