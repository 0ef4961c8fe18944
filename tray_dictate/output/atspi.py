"""Reads the text around the caret from programs that support assistive technologies (AT-SPI 2).

GTK 3, GTK 4 and LibreOffice always do; Qt if assistive technologies were enabled when the program
started; Chromium does not report its active window. We enable nothing, as that slows down every
program, and ask nothing except during a dictation.

    session bus ─▶ accessibility bus ─▶ the active window of any program ─▶ what has the focus in it

Terminals report the line with the shell's prompt, which does not begin a sentence.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dbus_fast.aio import MessageBus

from tray_dictate.core.ports import CaretReader, Target
from tray_dictate.core.text.caret import Around
from tray_dictate.system.desktop import dbus

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_Object = tuple[str, str]  # the program's name on the bus, and the object's path

_SOON = 0.05  # seconds that a text may wait for the text around the caret
_LATEST = 0.5  # the same where words would be lost without the answer
_PATIENCE = 1.0  # seconds in which the focus is looked for, while the user speaks
_ANSWER = 0.25  # seconds for one program: one that is stopped never answers
_LENGTH = 100  # characters before the caret, and so few after it:
_FOLLOWING = 4
_SELECTED = 1000  # the last characters of what is selected
_OBJECTS = 600  # that are looked at in one window
_BROAD = 100  # children of one object: more are the rows of a list

_ACTIVE, _FOCUSED, _SHOWING = 1 << 1, 1 << 12, 1 << 25  # states
_PASSWORD, _TABLE, _TERMINAL = 40, 55, 60  # roles
_A = "org.a11y.atspi"
_ROOT = (f"{_A}.Registry", "/org/a11y/atspi/accessible/root")
_PROMPT = re.compile("^.*?[$#%>\u276f\u00bb\u03bb\u279c] ")  # a shell's, without what is typed
_PROXY = "xdg-dbus-proxy"  # between the bus and a program in a sandbox (Flatpak)
_TROUBLE = (*dbus.TROUBLE, TypeError, IndexError)  # programs answer what they like


class AccessibleCaret(CaretReader):
    """Asks the program that has the focus; on the loop."""

    def __init__(self, soon: float = _SOON) -> None:
        """`soon` is how long a text may wait for the text around the caret, in seconds."""
        self._soon = soon
        self._bus: MessageBus | None = None
        self._focus: _Object | None = None
        self._looking: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin to find what has the focus; returns at once."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def around(self, target: Target | None) -> Around | None:
        """Return the text around the caret; None if no program reports it in time."""
        try:
            async with asyncio.timeout(self._soon):
                if self._looking:
                    await asyncio.shield(self._looking)
                bus = self._bus
                if bus is None:
                    return None
                if not (self._focus and await self._state(bus, self._focus) & _FOCUSED):
                    self._focus = await self._find(bus)
                if self._focus and await self._shows(bus, self._focus, target):
                    return await self._read(bus, self._focus)
        except TimeoutError:
            log.info("the text around the caret was not reported in time")
        except _TROUBLE as reason:
            log.info("the text around the caret cannot be read: %s", type(reason).__name__)
            self._focus = None
        return None

    async def selected(self, target: Target | None) -> str:
        """Return the end of the selected text; empty if nothing is selected, or it is unknown."""
        bus, focus = self._bus, self._focus
        if bus is None or focus is None:
            return ""  # a text that goes on waits for no search
        try:
            async with asyncio.timeout(_LATEST):
                focused = await self._state(bus, focus) & _FOCUSED
                if focused and await self._shows(bus, focus, target):
                    [role] = await dbus.Service(bus, *focus).call(f"{_A}.Accessible", "GetRole")
                    if role != _PASSWORD:
                        selection = await self._selection(bus, focus)
                        return await self._selected(bus, focus, selection)
        except (TimeoutError, *_TROUBLE) as reason:
            log.info("the selection cannot be read: %s", type(reason).__name__)
        return ""

    async def close(self) -> None:
        """Leave the bus; idempotent."""
        if self._looking:
            self._looking.cancel()
        if self._bus:
            self._bus.disconnect()
        self._bus = self._looking = None

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._bus is None or not self._bus.connected:
                    self._bus, self._focus = None, None
                    self._bus = await _connect()
                if not (self._focus and await self._state(self._bus, self._focus) & _FOCUSED):
                    self._focus = await self._find(self._bus)
        except _TROUBLE as reason:
            self._focus = None
            log.debug("nothing accessible has the focus: %s", type(reason).__name__)

    async def _find(self, bus: MessageBus) -> _Object | None:
        """Return the object with the focus; None if none reports it. Raises one of _TROUBLE."""
        programs = await self._children(bus, _ROOT)
        windows = await _answers([self._children(bus, program) for program in programs])
        frames = [frame for found in windows for frame in found]
        states = await _answers([self._known_state(bus, frame) for frame in frames])
        found = {await self._focus_in(bus, frame) for frame, state in states if state & _ACTIVE} - {
            None
        }
        return found.pop() if len(found) == 1 else None

    async def _focus_in(self, bus: MessageBus, window: _Object) -> _Object | None:
        """Look at what is shown in a window, the outer first; None where nothing has the focus.

        Asked for a spreadsheet's children, a program would create every cell.
        """
        level, seen = [window], 0
        while level and seen < _OBJECTS:
            seen += len(level)
            states = await _answers([self._known_state(bus, node) for node in level])
            for node, state in states:
                if state & _FOCUSED:
                    return node
            shown = [node for node, state in states if state & _SHOWING]
            counts = await _answers([self._known_count(bus, node) for node in shown])
            few = [node for node, count in counts if 0 < count <= _BROAD]
            below = await _answers([self._children(bus, node) for node in few])
            level = [node for children in below for node in children]
        return None

    async def _shows(self, bus: MessageBus, focus: _Object, target: Target | None) -> bool:
        """Tell whether what has the focus is the target's, as far as that is known.

        Qt takes up to 0.4 s to notice that another program has got it.
        """
        if target is None or not target.process:
            return True
        process = await dbus.Service(bus, *focus).process()
        return process == target.process or _name(process) == _PROXY

    async def _read(self, bus: MessageBus, focus: _Object) -> Around | None:
        [role] = await dbus.Service(bus, *focus).call(f"{_A}.Accessible", "GetRole")
        if role == _PASSWORD:
            return None
        if role == _TABLE:  # of a spreadsheet; an edited cell's text is not reported
            return Around(cells=True)
        length = await self._number(bus, focus, "Text.CharacterCount")
        start = end = await self._number(bus, focus, "Text.CaretOffset")
        selection = await self._selection(bus, focus)
        if selection:  # it will be replaced
            start, end = selection
        first = max(0, start - _LENGTH)
        focused = dbus.Service(bus, *focus)
        [before] = await focused.call(f"{_A}.Text", "GetText", "ii", first, start)
        last = min(length, end + _FOLLOWING)  # Qt answers nothing for more than there is
        [after] = await focused.call(f"{_A}.Text", "GetText", "ii", end, last)
        selected = await self._selected(bus, focus, selection)
        if role == _TERMINAL:
            return Around(_PROMPT.sub("", before.rpartition("\n")[2]))
        # at its beginning a text begins as a line does
        return Around(before if first else f"\n{before}", after, selected=selected)

    async def _selection(self, bus: MessageBus, node: _Object) -> list[int]:
        """Return where what is selected begins and ends; empty where nothing is."""
        [selections] = await dbus.Service(bus, *node).call(f"{_A}.Text", "GetNSelections")
        if selections <= 0:
            return []
        return sorted(await dbus.Service(bus, *node).call(f"{_A}.Text", "GetSelection", "i", 0))

    async def _selected(self, bus: MessageBus, node: _Object, selection: list[int]) -> str:
        start, end = selection or (0, 0)
        if start == end:
            return ""
        first = max(start, end - _SELECTED)
        [text] = await dbus.Service(bus, *node).call(f"{_A}.Text", "GetText", "ii", first, end)
        return text

    async def _number(self, bus: MessageBus, node: _Object, name: str) -> int:
        interface, _, name = name.rpartition(".")
        return max(0, int(await dbus.Service(bus, *node).property(f"{_A}.{interface}", name)))

    async def _state(self, bus: MessageBus, node: _Object) -> int:
        [states] = await dbus.Service(bus, *node).call(f"{_A}.Accessible", "GetState")
        return int(states[0])

    async def _known_count(self, bus: MessageBus, node: _Object) -> tuple[_Object, int]:
        return node, await self._number(bus, node, "Accessible.ChildCount")

    async def _known_state(self, bus: MessageBus, node: _Object) -> tuple[_Object, int]:
        return node, await self._state(bus, node)

    async def _children(self, bus: MessageBus, node: _Object) -> list[_Object]:
        [children] = await dbus.Service(bus, *node).call(f"{_A}.Accessible", "GetChildren")
        return [(name, path) for name, path in children]


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


async def _connect() -> MessageBus:
    """Return a connection to the accessibility bus, if there is one. Raises one of _TROUBLE."""
    session = await dbus.connect()
    try:
        accessibility = dbus.Service(session, "org.a11y.Bus", "/org/a11y/bus")
        [address] = await accessibility.call("org.a11y.Bus", "GetAddress")
    finally:
        session.disconnect()
    return await dbus.connect(address=address)


async def _answers(questions: Sequence[Awaitable[_T]]) -> list[_T]:
    """Return the answers that come in time, in order."""
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=_ANSWER)
    finally:
        for task in tasks:
            task.cancel()
    answered: list[Any] = [task for task in tasks if task.done() and not task.cancelled()]
    return [task.result() for task in answered if task.exception() is None]
