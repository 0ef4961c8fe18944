"""The windows of KDE's compositor: reports which has the focus, and gives the focus to a window.

KWin offers programs no list of windows, but it runs scripts that any program of the session hands
it over D-Bus. Ours calls us back: once for each window, and at each change of the focus.

    loadScript, run ─▶ Opened (each window) ─▶ Focused ─▶ Ran
                       then Opened, Closed, Focused as they happen

KWin sends these calls in order with its answers, so what it has done before it answers a question
is known when the answer arrives. A script outlives the program that it calls: its file, named by
that program's name on the bus, stays until the script is removed, and the next to start removes
those whose program has gone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.core.errors import DeliveryError, UnavailableError, why
from tray_dictate.core.ports import Target
from tray_dictate.core.text.normalize import label
from tray_dictate.output.wayland.windows import CLOSED, NOT_OFFERED, await_focus
from tray_dictate.system import files
from tray_dictate.system.desktop import dbus
from tray_dictate.system.desktop.wayland import offered
from tray_dictate.system.threads import Bridge

_T = TypeVar("_T")

KWIN, _SCRIPTING_PATH = "org.kde.KWin", "/Scripting"
_SCRIPTING, _SCRIPT = "org.kde.kwin.Scripting", "org.kde.kwin.Script"
_SAVER, _SAVER_PATH = "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"
_OURS, _OURS_PATH = "org.tray_dictate.Windows", "/org/tray_dictate/Windows"
_GLOBALS = "kde_output_"  # only KWin offers interfaces that begin so
_ANSWER = 3.0  # seconds for KWin to answer, which takes milliseconds

# The desktop and its panels can have the focus, but take no text. To KWin 5 windows are clients.
_TELL = """
const tell = (member, window) => callDBus(%s, %s, %s, member,
    window ? String(window.internalId) : "", window ? String(window.resourceClass) : "",
    window ? String(window.pid) : "");
const windows = workspace.windowList ? workspace.windowList() : workspace.clientList();
"""
_FOLLOW = """
const tellFocus = window => tell(
    "Focused", window && !window.desktopWindow && !window.dock ? window : null);
windows.forEach(window => tell("Opened", window));
(workspace.windowAdded || workspace.clientAdded).connect(window => tell("Opened", window));
(workspace.windowRemoved || workspace.clientRemoved).connect(window => tell("Closed", window));
(workspace.windowActivated || workspace.clientActivated).connect(tellFocus);
tellFocus(workspace.windowList ? workspace.activeWindow : workspace.activeClient);
tell("Ran", null);
"""
_ACTIVATE = """
for (const window of windows.filter(window => String(window.internalId) === %s)) {
    if (workspace.windowList) workspace.activeWindow = window;
    else workspace.activeClient = window;
}
tell("Ran", null);
"""


class KWinWindows:
    """Hears of every window, on a thread of its own; asked from any thread."""

    def __init__(self) -> None:
        """Raises UnavailableError."""
        if not any(name.startswith(_GLOBALS) for name in offered()):
            raise UnavailableError(NOT_OFFERED)
        self._windows = set[str]()
        self._focused: Target | None = None
        self._ran = asyncio.Event()  # the script that was started last
        self._turn = asyncio.Lock()  # scripts run one after another
        self._on_bus: MessageBus | None = None
        self._folder: Path | None = None
        self._bridge = Bridge("output-windows")
        self._bridge.start()
        try:
            self._wait_for(self._begin())
        except DeliveryError as reason:
            self.close()
            raise UnavailableError(str(reason)) from reason

    def focus(self) -> Target | None:
        """Return the window that has the focus now; None on a locked screen, too.

        Raises DeliveryError.
        """
        return self._wait_for(self._look())

    def activate(self, target: Target) -> None:
        """Give the focus to a window and see it there. Raises DeliveryError."""
        if self.is_gone(target):
            raise DeliveryError(CLOSED)
        self._wait_for(self._activate(target.window))
        await_focus(self, target)

    def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed. Raises DeliveryError."""
        self.focus()
        return target.window not in self._windows

    def close(self) -> None:
        """Remove the script from KWin; idempotent."""
        if self._on_bus:
            with suppress(DeliveryError):
                self._wait_for(self._end(self._on_bus))
            self._on_bus = None
        self._bridge.stop()

    def _wait_for(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what a coroutine returns on our thread. Raises DeliveryError."""
        try:
            return self._bridge.run(_in_time(work)).result()
        except dbus.TROUBLE as reason:
            raise DeliveryError(f"KDE's list of windows cannot be read: {why(reason)}.") from reason

    # The rest runs on our thread, and raises dbus.TROUBLE.

    async def _begin(self) -> None:
        self._on_bus = bus = await dbus.connect()
        self._kwin = dbus.Service(bus, KWIN, _SCRIPTING_PATH, _ANSWER)
        self._saver = dbus.Service(bus, KWIN, _SAVER_PATH, _ANSWER)
        assert bus.unique_name
        self._us = bus.unique_name
        await self._kwin.calls(self._hear, _OURS_PATH, _OURS, "sss")
        self._folder = files.private_folder(files.kwin_scripts())
        await self._remove_orphans(bus, self._folder)
        await self._follow()

    async def _follow(self) -> None:
        """Have KWin report its windows from now on."""
        self._windows.clear()
        self._focused = None
        await self._execute(self._us, _FOLLOW)

    async def _look(self) -> Target | None:
        async with self._turn:
            # of the two answers the script's comes from the thread that moves the focus
            loaded, locked = await asyncio.gather(self._is_following(), self._is_locked())
            if not loaded:  # another KWin than before
                await self._follow()
            return None if locked else self._focused

    async def _is_following(self) -> bool:
        [loaded] = await self._kwin.call(_SCRIPTING, "isScriptLoaded", "s", _title(self._us))
        return bool(loaded)

    async def _is_locked(self) -> bool:
        try:
            [locked] = await self._saver.call(_SAVER, "GetActive")
        except DBusError:  # it was started without a locker
            return False
        return bool(locked)

    async def _activate(self, window: str) -> None:
        name = f"{self._us}-focus"
        async with self._turn:
            try:
                await self._execute(name, _ACTIVATE % json.dumps(window))
            finally:
                await self._remove(name)

    async def _execute(self, name: str, program: str) -> None:
        """Have KWin run a script, and wait until it has."""
        await self._remove(name)  # where another bus gave this name before
        path = self._file(name)
        told = tuple(map(json.dumps, (self._us, _OURS_PATH, _OURS)))
        files.write_new(path, (_TELL % told + program).encode())
        self._ran.clear()
        words = (str(path), _title(name))
        [number] = await self._kwin.call(_SCRIPTING, "loadScript", "ss", *words)
        for where in (f"{_SCRIPTING_PATH}/Script{number}", f"/{number}"):  # since 6.0, before
            with suppress(DBusError):
                await dbus.Service(self._kwin.bus, KWIN, where, _ANSWER).call(_SCRIPT, "run")
                break
        await self._ran.wait()

    async def _remove(self, name: str) -> None:
        """Remove a script and its file, if they are there."""
        await self._kwin.call(_SCRIPTING, "unloadScript", "s", _title(name))
        self._file(name).unlink(missing_ok=True)

    async def _remove_orphans(self, bus: MessageBus, folder: Path) -> None:
        """Remove the scripts of programs that have gone without doing so."""
        for name in _names(folder):
            program = name.partition("-")[0]
            if not await dbus.Service(bus, program, "/").owner():
                await self._remove(name)

    async def _end(self, bus: MessageBus) -> None:
        try:
            if self._folder:
                await self._remove(self._us)
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()

    def _file(self, name: str) -> Path:
        assert self._folder
        return self._folder / f"{name}.js"

    def _hear(self, report: Message) -> None:
        """Note what the script reports."""
        window, application, process = report.body
        match report.member:
            case "Opened":
                self._windows.add(window)
            case "Closed":
                self._windows.discard(window)
            case "Focused":
                number = int(process) if process.isascii() and process.isdigit() else 0
                self._focused = Target(window, label(application), number) if window else None
            case _:
                self._ran.set()


async def _in_time(work: Coroutine[Any, Any, _T]) -> _T:
    """Return what `work` returns. Raises TimeoutError where KWin hangs."""
    async with asyncio.timeout(_ANSWER):
        return await work


def _names(folder: Path) -> list[str]:
    """Return the names of the scripts whose files are there."""
    return [path.stem for path in folder.glob(":*.js")]


def _title(name: str) -> str:
    """Return the name of a script within KWin."""
    return f"tray_dictate {name}"
