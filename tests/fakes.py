"""Honest implementations of our ports, without a device: they keep the ports' promises."""

from __future__ import annotations

import asyncio
import logging
import queue
import shutil
import tempfile
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tray_dictate.app.placement import Origin, Piece
from tray_dictate.config.schema import HistorySettings
from tray_dictate.core.dictation import Status
from tray_dictate.core.errors import CaptureError, DeliveryError, EngineError, FocusMovedError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.ports import (
    Cause,
    Document,
    HotkeyListener,
    MenuState,
    Receipt,
    Target,
    Urgency,
)
from tray_dictate.core.segments import Committed, Completed, SessionEvent, Spoken
from tray_dictate.core.signals import Signal
from tray_dictate.history.store import Store

log = logging.getLogger(__name__)


class FakeFocus:
    """A FocusCheck that always says the same, or what a function returns."""

    def __init__(self, says: bool | Callable[[], bool] = True) -> None:
        self._says = says

    def is_focused(self) -> bool:
        return self._says if isinstance(self._says, bool) else self._says()


class FakeCapture:
    """Yields what the test speaks, until it is stopped."""

    def __init__(self, refuses: str = "") -> None:
        self._refuses = refuses
        self._chunks: asyncio.Queue[bytes | CaptureError | None] = asyncio.Queue()
        self.stopped = self.opened = False
        self.paces: list[float] = []

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes]]:
        if self._refuses:
            raise CaptureError(self._refuses)
        self.opened = True
        try:
            yield self._iterate()
        finally:
            self.opened = False

    def pace(self, seconds: float) -> None:
        self.paces.append(seconds)

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self._chunks.put_nowait(None)

    def speak(self, words: str) -> None:
        """A chunk is its words, so that the fake engine can hear them."""
        if not self.stopped:
            self._chunks.put_nowait(words.encode("utf-16-le"))

    def break_off(self, reason: str) -> None:
        self._chunks.put_nowait(CaptureError(reason))

    async def _iterate(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, CaptureError):
                raise chunk
            yield chunk


class FakeMicrophone:
    """Its captures are kept for the test to speak into."""

    def __init__(self, refuses: str = "") -> None:
        self.captures: list[FakeCapture] = []
        self._refuses = refuses
        self.renewed = 0
        self.is_open = False
        self.open_changed = Signal[()]()

    def capture(self, rate: int) -> FakeCapture:
        assert rate == FakeEngine.rate
        for earlier in self.captures:
            earlier.stop()
        self.captures.append(FakeCapture(self._refuses))
        return self.captures[-1]

    async def warm_up(self, rate: int) -> None: ...

    async def after_resume(self) -> None:
        self.renewed += 1

    async def close(self) -> None: ...


class FakeSession:
    """Completes each chunk that ends in a full stop at once, and the rest at the end."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._events: asyncio.Queue[SessionEvent | Exception | None] = asyncio.Queue()
        self._heard: list[str] = []
        self._items = 0
        self.silence = 0.0
        self.rescued = False

    async def send(self, chunk: bytes) -> None:
        if self._engine.breaks:
            raise EngineError(self._engine.breaks)
        words = chunk.decode("utf-16-le")
        self.silence = 1.0 if words == "(silence)" else 0.0
        if words == "(silence)":
            return
        self._heard.append(words)
        if words.endswith("."):
            self._complete()

    def silence_seconds(self) -> float:
        return self.silence

    def key_released(self) -> None: ...

    async def finish(self) -> None:
        await self._engine.may_finish.wait()
        self._complete()
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[SessionEvent]:
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def _complete(self) -> None:
        if self._heard:
            self._items += 1
            item = f"item{self._items}"
            self._events.put_nowait(Committed(item))
            self._events.put_nowait(Completed(item, " ".join(self._heard)))
            self._heard = []


class FakeEngine:
    """Hears what FakeCapture speaks."""

    rate = 16000

    def __init__(self) -> None:
        self.ready, self.may_finish = asyncio.Event(), asyncio.Event()
        self.ready.set()
        self.may_finish.set()
        self.breaks = ""
        self.open_sessions = self.renewed = 0

    async def load(self) -> None:
        await self.ready.wait()

    @asynccontextmanager
    async def session(self, recording: bytearray | None = None) -> AsyncGenerator[FakeSession]:
        await self.ready.wait()
        self.open_sessions += 1
        try:
            yield FakeSession(self)
        finally:
            self.open_sessions -= 1

    async def after_resume(self) -> None:
        self.renewed += 1

    async def close(self) -> None: ...


class FakeOutput:
    """Windows as strings; `refuses` makes delivery fail."""

    def __init__(self) -> None:
        self.windows: dict[str, str] = {"editor": ""}
        self.focus: str | None = "editor"
        self.application = ""  # that all windows are of
        self.refuses = ""
        self.confirms, self.copies = True, False
        self.stubborn: set[str] = set()  # windows that never take the focus
        self.kept = ""
        self.onward: list[bool] = []  # of each text, whether it was said to go on
        self.leaves: list[tuple[int, str]] = []  # after so many keys the focus goes there
        self.astray = 0  # keys after those that still go there, unseen
        self.may_deliver = asyncio.Event()
        self.may_deliver.set()

    @property
    def text(self) -> str:
        return self.windows["editor"]

    async def target(self) -> Target | None:
        return Target(self.focus, self.application) if self.focus else None

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        self.onward.append(onward)
        await self.may_deliver.wait()
        if self.refuses:
            raise DeliveryError(self.refuses)
        window = self._meant(target)
        if self.copies:
            self.kept = text
            return Receipt(confirmed=False, method="clipboard")
        self._type(text, window)
        return Receipt(confirmed=self.confirms, method="paste")

    async def press(self, chord: str, target: Target | None = None) -> None:
        self.windows[self._meant(target)] += f"<{chord}>"

    async def erase(self, characters: int, target: Target | None = None) -> None:
        window = self._meant(target)
        done = self._before_it_leaves(characters)
        self.windows[window] = self.windows[window][:-done]
        if done < characters:
            raise FocusMovedError(done)

    async def activate(self, target: Target) -> None:
        if target.window in self.stubborn:
            raise DeliveryError("The window does not take the focus.")
        self.focus = target.window

    async def is_gone(self, target: Target) -> bool:
        return target.window not in self.windows

    async def copy_to_clipboard(self, text: str) -> None:
        self.kept = text

    async def close(self) -> None: ...

    def _meant(self, target: Target | None) -> str:
        if target and target.window != self.focus:
            raise FocusMovedError
        if self.focus is None:
            raise DeliveryError("No window has the focus.")
        return self.focus

    def _type(self, text: str, window: str) -> None:
        done = self._before_it_leaves(len(text))
        self.windows[window] = self.windows.get(window, "") + text[:done]
        if done < len(text):
            stray = text[done : done + self.astray]
            self.windows[self.focus or ""] += stray
            raise FocusMovedError(done, astray=len(stray))

    def _before_it_leaves(self, keys: int) -> int:
        if self.leaves and self.leaves[0][0] < keys:
            keys, self.focus = self.leaves.pop(0)
        return keys


class FakeTray:
    """Remembers what it was to show and say."""

    def __init__(self) -> None:
        self.shown: list[Status] = []
        self.listening = False
        self.said: list[str] = []
        self.mended: list[str] = []  # causes that are no trouble any more
        self.told: list[tuple[str, Urgency]] = []
        self.buttons: list[tuple[str, ...]] = []
        self.offered: list[MenuState] = []
        self.levels: list[float] = []

    def run(self) -> None: ...

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        self.shown.append(status)
        self.listening = listening

    def offer(self, choices: MenuState) -> None:
        self.offered.append(choices)

    def level(self, level: float) -> None:
        self.levels.append(level)

    def notify(
        self, message: str, cause: str = "", urgency: Urgency = Urgency.NORMAL,
        buttons: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        if not message:
            self.mended.append(cause)
            return
        self.said.append(message)
        self.told.append((cause, urgency))
        self.buttons.append(buttons)

    def stop(self) -> None: ...

    async def close(self) -> None: ...


class FakeTrayCommands:
    """Writes down in `did` what the user does with the tray."""

    def __init__(self) -> None:
        self.did: list[object] = []
        self.clicks: list[int] = []  # for each click, how much had been done before it

    def enable(self, on: bool) -> None:
        self.did.append(("enable", on))

    def toggle(self) -> None:
        self.did.append("toggle")

    def redo(self) -> None:
        self.did.append("redo")

    def undo(self) -> None:
        self.did.append("undo")

    def copy_last(self) -> None:
        self.did.append("copy")

    def copy_entry(self, at: float) -> None:
        self.did.append(("copy", at))

    def change_setting(self, name: str, value: object) -> None:
        self.did.append((name, value))

    def get_model(self, model: str) -> None:
        self.did.append(("get", model))

    def cancel_download(self) -> None:
        self.did.append("cancel download")

    def set_autostart(self, on: bool) -> None:
        self.did.append(("autostart", on))

    def open_document(self, document: Document) -> None:
        self.did.append(("open", document))

    def note_click(self) -> None:
        self.clicks.append(len(self.did))

    def refresh(self) -> None:
        self.did.append("look")

    def quit(self) -> None:
        self.did.append("quit")


class FakeNotices:
    """Remembers what the user was told; `hear` gets each message, too."""

    def __init__(self, hear: Callable[[str], object] | None = None) -> None:
        self.told: list[str] = []
        self.causes: list[Cause] = []
        self._hear = hear

    def tell(self, message: str, cause: Cause = "") -> None:
        self.told.append(message)
        self.causes.append(cause)
        if self._hear:
            self._hear(message)


class SetClock:
    """A clock that stands where the test has set it."""

    def __init__(self, at: float) -> None:
        self.at = at

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class FakeHotkey:
    """`physical` is what the keyboard would say is held; None for one that cannot tell."""

    def __init__(self) -> None:
        self.physical: frozenset[str] | None = frozenset()
        self.claimed: frozenset[str] = frozenset()
        self.prompt = True  # nothing waits to be read; else `read` tells when
        self.behind: list[int] = []  # marks that wait
        self.listener: HotkeyListener | None = None

    def start(self, listener: HotkeyListener) -> None:
        self.listener = listener

    def claim(self, keys: frozenset[str]) -> None:
        self.claimed = keys

    def held(self) -> frozenset[str] | None:
        return self.physical

    def catch_up(self, mark: int) -> None:
        self.behind.append(mark)
        if self.prompt:
            self.read()

    def read(self) -> None:
        """Report the marks: all edges have been reported."""
        while self.behind:
            assert self.listener
            self.listener.caught_up(self.behind.pop(0))

    def stop(self) -> None: ...


class FakePrompter:
    """A user whom a check asks: remembers what for, and does it by `obey`."""

    def __init__(self, obey: Callable[[str], None] = lambda _request: None) -> None:
        self.requests: list[str] = []
        self._obey = obey

    def prompt(self, request: str) -> None:
        self.requests.append(request)
        self._obey(request)


class FakeListener:
    """Keeps what a hotkey reports, in the order in which it came."""

    def __init__(self) -> None:
        self.reported: queue.Queue[Edge] = queue.Queue()
        self.marks: queue.Queue[int] = queue.Queue()
        self.reasons: queue.Queue[str] = queue.Queue()

    def edge(self, edge: Edge) -> None:
        self.reported.put(edge)

    def caught_up(self, mark: int) -> None:
        self.marks.put(mark)

    def lost(self, reason: str) -> None:
        self.reasons.put(reason)

    def edges(self, number: int) -> list[str]:
        """Wait for this many edges, and see that no more come."""
        found = [self.reported.get(timeout=30) for _ in range(number)]
        time.sleep(0.1)
        while not self.reported.empty():
            found.append(self.reported.get())
        return [("+" if edge.down else "-") + edge.key for edge in found]


class FakeCues:
    """Remembers what it was to play."""

    def __init__(self) -> None:
        self.played: list[str] = []

    def play(self, name: str) -> None:
        self.played.append(name)

    def ringing(self) -> set[float]:
        return set()


class FakeRewriter:
    """Shouts, where it is asked to."""

    def __init__(self) -> None:
        self.shouts = False
        self.answer = ""

    async def apply(self, text: str, application: str) -> str:
        return self.answer or (text.upper() if self.shouts else text)

    async def close(self) -> None: ...


class FakeLock:
    """A screen that the test locks."""

    def __init__(self) -> None:
        self.locked = False

    def is_locked(self) -> bool:
        return self.locked


class FakeObserver:
    """Keeps the texts of a take."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_heard = self.is_recorded = False

    def heard(self) -> None:
        self.is_heard = True

    def level(self, level: float) -> None: ...

    def recorded(self) -> None:
        self.is_recorded = True

    def segment(self, spoken: Spoken) -> None:
        self.texts.append(spoken.text)


class PlainText:
    """An insertion that is the same for every window."""

    def __init__(self, text: str, origin: Origin = None, reason: str = "") -> None:
        self._text, self.origin, self._reason = text, origin, reason
        self.targets: list[Target | None] = []  # those that it was composed for

    async def compose(self, target: Target | None) -> Piece:
        self.targets.append(target)
        return Piece(self._text)

    def give_up(self) -> str:
        return self._reason


class TemporaryStore(Store):
    """A store in a folder of its own, which is deleted with it; the history is off."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        super().__init__(HistorySettings(enabled=False), FakeNotices(log.warning), self.folder)
