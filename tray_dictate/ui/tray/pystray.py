"""The icon on Windows and macOS, by pystray: menu, tooltip and messages.

NOT RUN: no such machine was at hand; written from pystray 0.19.5's source. To check on one:
1. the icon is there, changes with the status, and its tooltip says the status;
2. every entry of the menu works; on Windows a left click starts and stops (macOS: shows the menu);
3. a message appears; 4. Quit, and Ctrl+C in the terminal, end the program within a second;
5. Windows: the icon returns after explorer.exe was restarted.

Windows: the icon has a thread of its own, because Python runs no signal handler while the main
thread waits in GetMessage. macOS: AppKit needs the main thread; all calls that reach it are handed
over to that thread.
"""

from __future__ import annotations

import importlib
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState, TrayCommands, Urgency
from tray_dictate.ui.labels import NAME, TITLE, plain
from tray_dictate.ui.tray.headless import MainThreadWait
from tray_dictate.ui.tray.icon import Picture, draw
from tray_dictate.ui.tray.menu import Entry, View, click, menu

log = logging.getLogger(__name__)

_ICON = 64  # pixels
_TIP = 127  # characters; Windows cuts off a longer tooltip
_MESSAGE = 255  # characters; Windows cuts off a longer message
_ENDING = (signal.SIGINT, signal.SIGTERM)


class PystrayTray:
    """One pystray icon; raises any exception of pystray if it cannot work here."""

    def __init__(self, commands: TrayCommands, *, notifications: bool) -> None:
        self._commands, self._notifications = commands, notifications
        self._over = MainThreadWait()
        self._order = threading.Lock()  # keeps messages in order: some come from other threads
        self._waiting: list[str] = []
        self._view = View()
        self._pystray: Any = importlib.import_module("pystray")
        image, words = draw(Picture(Status.IDLE), _ICON), self._view.tooltip
        self._icon: Any = self._pystray.Icon(NAME, image, words, self._menu())

    def run(self) -> None:
        """Block the main thread until `stop`."""
        if sys.platform == "darwin":
            handlers = {int(number): signal.getsignal(number) for number in _ENDING}
            self._icon.run(setup=self._set_up_with(handlers))
        else:
            threading.Thread(target=self._run_icon, name="tray", daemon=True).start()
            self._over.wait()

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Change icon, tooltip and menu."""
        over = status is Status.IDLE and self._view.status is not Status.IDLE
        self._change(self._view.of(status, detail).hearing(listening))
        if over:  # pystray does not report that the menu opens, so refresh after each dictation
            self._commands.refresh()

    def offer(self, choices: MenuState) -> None:
        """Show these choices in the menu."""
        self._change(self._view.offering(choices))

    def level(self, level: float) -> None:
        """Show the input level."""
        self._change(self._view.louder(level))

    def _change(self, view: View) -> None:
        before, self._view = self._view, view
        if view != before and self._icon.visible:
            menu_too = (before.status, before.choices) != (view.status, view.choices)
            self._post(self._paint if menu_too else self._paint_icon)

    def notify(
        self,
        message: str,
        cause: str = "",  # noqa: ARG002
        urgency: Urgency = Urgency.NORMAL,  # noqa: ARG002
        buttons: tuple[str, ...] = (),  # noqa: ARG002
    ) -> None:
        """Show a message as soon as the icon is shown.

        On its own thread: on macOS, pystray starts a program for each message.
        """
        if not message:  # the system removes a message by itself
            return
        if not self._notifications:
            log.warning("%s", plain(message))
            return
        with self._order:
            self._waiting.append(message)
            if not self._icon.visible:
                return
        self._say_soon()

    def stop(self) -> None:
        """End `run`."""
        if not self._over.is_set():
            self._over.set()
            self._post(self._icon.stop)

    async def close(self) -> None:
        """Do nothing: messages on their way are pystray's."""

    def _run_icon(self) -> None:
        try:
            self._icon.run(setup=self._set_up_with({}))
        except Exception:
            log.exception("The icon has gone")
        finally:
            self._log_waiting()

    def _set_up_with(self, handlers: dict[int, Any]) -> Callable[[object], None]:
        """Return the function that pystray calls on a new thread when its loop runs."""

        def set_up(_icon: object) -> None:
            self._post(self._begin, handlers)

        return set_up

    def _begin(self, handlers: dict[int, Any]) -> None:
        for number, handler in handlers.items():
            if callable(handler):  # pystray's own would end the program without a clean-up
                _handle_while_appkit_runs(number, handler)
        with self._order:
            self._icon.visible = True
        self._paint()
        self._say_soon()
        if self._over.is_set():  # `stop` was called before the icon was shown
            self._icon.stop()

    def _paint(self) -> None:
        self._paint_icon()
        self._icon.title = plain(self._view.tooltip, _TIP)
        self._icon.menu = self._menu()

    def _paint_icon(self) -> None:
        self._icon.icon = draw(self._view.picture, _ICON)

    def _log_waiting(self) -> None:
        with self._order:
            for message in self._waiting:
                log.warning("%s", plain(message))
            self._waiting = []

    def _say_soon(self) -> None:
        threading.Thread(target=self._say_all, name="message", daemon=True).start()

    def _say_all(self) -> None:
        with self._order:
            messages, self._waiting = self._waiting, []
        for message in messages:
            self._say(message)

    def _say(self, message: str) -> None:
        try:
            self._icon.notify(plain(message.replace("\n", " "), _MESSAGE), TITLE)
        except Exception:
            log.warning("%s (not shown)", plain(message), exc_info=True)

    def _post(self, work: Callable[..., None], *args: object) -> None:
        """Call `work` now or, on macOS, soon in the main thread."""
        if sys.platform == "darwin":
            importlib.import_module("PyObjCTools.AppHelper").callAfter(work, *args)
        else:
            work(*args)

    def _menu(self) -> Any:
        return _menu(self._pystray, menu(self._view, self._commands))


def _menu(pystray: Any, entries: tuple[Entry, ...]) -> Any:
    """Return the entries as pystray's menu."""
    return pystray.Menu(*(_item(pystray, entry) for entry in entries))


def _item(pystray: Any, entry: Entry) -> Any:
    if not entry.label:
        return pystray.Menu.SEPARATOR

    def clicked() -> None:
        click(entry)

    def checked(_item: object) -> bool | None:
        return entry.checked

    return pystray.MenuItem(
        entry.label,
        _menu(pystray, entry.children) if entry.children else clicked,
        checked=None if entry.checked is None else checked,
        radio=entry.radio,
        default=entry.default,
        enabled=entry.enabled,
    )


def _handle_while_appkit_runs(number: int, handler: Callable[[int, None], object]) -> None:
    """Have a signal's handler called while AppKit's loop has the main thread."""
    signals: Any = importlib.import_module("PyObjCTools.MachSignals")

    def handle(*_: object) -> None:
        handler(number, None)

    signals.signal(number, handle)
