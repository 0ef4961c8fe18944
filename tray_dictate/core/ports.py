"""The seams on one page: what the daemon asks of each platform and each engine.

Anything with a lifetime is a context manager. There is no `is_available()` (it is a race): a
constructor raises `UnavailableError(reason, remedy)` and the folder's `select()` tries the next.

What the tray's menu offers beside the status: a snapshot, made anew when the menu opens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol, runtime_checkable

from tray_dictate.core.chord import Edge
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.dictation import Status
from tray_dictate.core.segments import SessionEvent
from tray_dictate.core.signals import Signal
from tray_dictate.core.text.caret import Around


@dataclass(frozen=True, slots=True)
class MenuOption:
    """One of several: what is chosen by it, and what people read.

    `value` is the setting's new value, for Recent the time of the history's entry.
    """

    value: str | tuple[str, ...] | float
    label: str
    chosen: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class MenuState:
    """All that the menu lets one choose, and the names that the tooltip mentions."""

    microphones: tuple[MenuOption, ...] = ()
    engines: tuple[MenuOption, ...] = ()
    languages: tuple[MenuOption, ...] = ()
    methods: tuple[MenuOption, ...] = ()
    recent: tuple[MenuOption, ...] = ()
    autostart: bool | None = None  # None: this system has no such thing
    microphone: str = ""  # its name, and the engine's
    engine: str = ""
    hint: str = ""  # how to begin: "hold Right Ctrl and speak"


# what a notice is about: notices of one cause share a bubble; "" is a cause of its own
Cause = Literal[
    "", "asked", "control", "delivery", "engine", "expressions", "history", "hotkey", "limit",
    "microphone", "rewrite", "settings", "stopped", "take", "unseen", "welcome",
]  # fmt: skip


class Notifier(Protocol):
    """Where a component says what the user should know."""

    def tell(self, message: str, cause: Cause = "") -> None:
        """Tell the user. An empty message says that the cause is no trouble any more."""
        ...


class WallClock(Protocol):
    """The date and the time of day, as the module `time` has them."""

    def time(self) -> float:
        """Return the seconds since the epoch."""
        ...


class Clock(WallClock, Protocol):
    """The clocks of this machine, as the module `time` has them."""

    def monotonic(self) -> float:
        """Return the seconds since some moment; never set, and it may stop during a suspend."""
        ...


class HotkeyListener(Protocol):
    """Receives what a hotkey reports, on any thread and in the order in which it happened."""

    def edge(self, edge: Edge) -> None:
        """Receive a press or release of a key."""
        ...

    def caught_up(self, mark: int) -> None:
        """Receive the mark of `Hotkey.catch_up`: all edges from before that call were reported."""
        ...

    def lost(self, reason: str) -> None:
        """Receive, once, the reason why no more edges will come."""
        ...


class Hotkey(Protocol):
    """The user's keys, wherever the focus is; keys that we synthesise are not among them."""

    def start(self, listener: HotkeyListener) -> None:
        """Report every key edge to the listener, or why no more will come."""
        ...

    def claim(self, keys: frozenset[str]) -> None:
        """Keep presses of these keys from the windows, where that can be done; empty for none."""
        ...

    def held(self) -> frozenset[str] | None:
        """Return the keys physically down now; None where this platform cannot tell."""
        ...

    def catch_up(self, mark: int) -> None:
        """Report the mark to the listener after every edge that has happened by now.

        It is reported by the thread that reports the edges, so it arrives after them. A keyboard
        that no longer answers never reports it.
        """
        ...

    def stop(self) -> None:
        """Report no more; idempotent."""
        ...


@runtime_checkable
class DesktopManagedHotkey(Protocol):
    """A Hotkey whose keys are the desktop's to choose."""

    def trigger(self) -> Trigger | None:
        """Return the keys that the desktop has assigned, at first none.

        None where this back end watches the configured keys itself.
        """
        ...

    @property
    def trigger_changed(self) -> Signal[()]:
        """Emitted, on any thread, whenever `trigger` returns something else."""
        ...

    def forget(self) -> None:
        """Take what is held as let go: the screen is locked, and nobody may tell of a release."""
        ...


@runtime_checkable
class OwnKeyFilter(Protocol):
    """A Hotkey that does not take the keys that our output presses for the user's."""

    def expect(self, keycode: int, down: bool | None) -> None:
        """Take the next event like this for our output's; from any thread, before it is sent.

        None: the user's own keyboard will release the key and press it again.
        """
        ...


class Lock(Protocol):
    """The user's screen."""

    def is_locked(self) -> bool:
        """Tell whether it is locked now; within milliseconds, and raises nothing."""
        ...


class Capture(Protocol):
    """One recording."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the microphone; yields chunks (PCM16 little-endian mono) until `stop`.

        Raises CaptureError, also from the iterator when the microphone goes away: what was
        captured until then has been yielded.
        """
        ...

    def stop(self) -> None:
        """End the iterator after what is queued; idempotent, also before `open`."""
        ...


class Microphone(Protocol):
    """Where captures come from."""

    def capture(self, rate: int) -> Capture:
        """Return a recording to be opened, in samples per second; opening ends earlier ones."""
        ...

    async def warm_up(self, rate: int) -> None:
        """Do beforehand what makes the first press fast; open it where it is to be open always.

        Raises CaptureError.
        """
        ...

    @property
    def is_open(self) -> bool:
        """Whether the device is open now, for a recording or between two."""
        ...

    def follow(self, changed: Callable[[], None]) -> None:
        """Call it, on the loop, whenever `is_open` is another."""
        ...

    async def after_resume(self) -> None:
        """Open anew what is open: the machine has slept."""
        ...

    async def close(self) -> None:
        """Let go of the device."""
        ...


class Session(Protocol):
    """One dictation's conversation with an engine."""

    async def send(self, chunk: bytes) -> None:
        """Accept one chunk. Raises EngineError."""
        ...

    def silence_seconds(self) -> float:
        """Return the length of the trailing silence in the audio sent so far, in seconds."""
        ...

    def key_released(self) -> None:
        """Prepare for the end: only the tail is still to come, then the text is wanted at once."""
        ...

    async def finish(self) -> None:
        """Complete what is owed: no more chunks will come."""
        ...

    @property
    def rescued(self) -> bool:
        """Whether the offline engine transcribes what this engine could not."""
        ...

    def events(self) -> AsyncIterator[SessionEvent]:
        """Yield events; ends after `finish` when nothing is owed. Raises EngineError."""
        ...


class Engine(Protocol):
    """Speech to segments."""

    @property
    def rate(self) -> int:
        """Samples per second of the chunks that its sessions accept."""
        ...

    async def load(self) -> None:
        """Load what sessions need (idempotent; they wait for it). Raises UnavailableError."""
        ...

    def session(self, recording: bytearray | None = None) -> AbstractAsyncContextManager[Session]:
        """Open a session; leaving it before `finish` cancels it. Raises EngineError.

        `recording` holds all chunks that are sent and only grows: an engine that has to keep them
        until they have their text need not keep them twice.
        """
        ...

    async def after_resume(self) -> None:
        """Close idle connections: they do not survive the machine's sleep."""
        ...

    async def close(self) -> None:
        """Free the model or the connection."""
        ...


class CloudQuota(Protocol):
    """Counts the sound that goes to clouds in a month; `cap` is in minutes, 0 for no limit."""

    async def check(self, cap: float) -> None:
        """Raise EngineError if the cap is used up."""
        ...

    def consume(self, engine: str, seconds: float, cap: float) -> None:
        """Count sound that is about to be sent. Raises EngineError if it must not be sent."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a delivery: `confirmed` when the target itself fetched the text.

    `after` was appended to the text, by a rule for the application.
    """

    confirmed: bool
    method: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A place that can get text: its window, and the application that the window is of.

    `window` names it for as long as it lives; `application` is its class (X11), empty where that
    is not known, and `process` the id of the process that shows it, then 0.
    """

    window: str
    application: str = ""
    process: int = field(default=0, compare=False)


class Output(Protocol):
    """Where text goes.

    A `target` says for which window it is meant: it goes there or nowhere. Where that window has
    not the focus, or loses it on the way, FocusMovedError says how much was done until then.
    Without one it goes where the focus is. An output that tells no windows apart ignores it.
    """

    async def target(self) -> Target | None:
        """Return the place that has the focus now, None where nothing has."""
        ...

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing.

        `onward`: the user has done nothing there since the text before.
        """
        ...

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Press "enter", "shift+enter" ... once. Raises DeliveryError."""
        ...

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Take back so many characters before the caret. Raises DeliveryError."""
        ...

    async def activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""
        ...

    async def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed, or is shown no more."""
        ...

    async def copy_to_clipboard(self, text: str) -> None:
        """Put a text on the clipboard, for the user to paste. Raises DeliveryError."""
        ...

    async def close(self) -> None:
        """Leave nothing held down, and the clipboard as it was."""
        ...


class CaretReader(Protocol):
    """Reads what stands around the caret, in programs that let others read it."""

    def look(self) -> None:
        """Begin to find where the caret is, so that `around` need not; returns at once."""
        ...

    async def around(self, target: Target | None) -> Around | None:
        """Return it for the window that has the focus; None where nothing tells, or not soon.

        Text waits for it. Raises nothing.
        """
        ...

    async def selected(self, target: Target | None) -> str:
        """Return the end of what is selected there; empty where nothing is, or tells so at once.

        Text waits for it. Raises nothing.
        """
        ...

    async def close(self) -> None:
        """Ask nobody any more."""
        ...


class BlindCaretReader:
    """Reads nothing: where that is not wanted, or cannot be had."""

    def look(self) -> None:
        """Find nothing."""

    async def around(self, target: Target | None) -> Around | None:  # noqa: ARG002
        """Return that nothing is known."""
        return None

    async def selected(self, target: Target | None) -> str:  # noqa: ARG002
        """Return that nothing is known to be."""
        return ""

    async def close(self) -> None:
        """Do nothing: nobody was asked."""


class Rewriter(Protocol):
    """Changes a text before it is inserted."""

    async def apply(self, text: str, application: str) -> str:
        """Return the new text, or `text` itself if there is none; raises nothing."""
        ...

    async def close(self) -> None:
        """Forget its key."""
        ...


# what can be opened for the user to read: the settings file, the result of the check, the log
Document = Literal["settings", "check", "log"]


class TrayCommands(Protocol):
    """What the tray's menu and the buttons of notifications do. Each returns at once."""

    def enable(self, on: bool) -> None:
        """Switch dictation on or off."""
        ...

    def toggle(self) -> None:
        """Start a dictation, or stop the one that goes on."""
        ...

    def redo(self) -> None:
        """Insert the last dictation again."""
        ...

    def undo(self) -> None:
        """Take back the last dictation."""
        ...

    def copy_last(self) -> None:
        """Put the last dictation on the clipboard."""
        ...

    def copy_entry(self, at: float) -> None:
        """Put an entry of the history, known by its time, on the clipboard."""
        ...

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting, by its dotted name."""
        ...

    def set_autostart(self, on: bool) -> None:
        """Start the daemon at login, or no longer."""
        ...

    def open_document(self, document: Document) -> None:
        """Open a document for the user to read."""
        ...

    def note_click(self) -> None:
        """Take note that the user's latest click was on the icon or its menu."""
        ...

    def refresh(self) -> None:
        """Look up what the menu shows, for it opens: `Tray.offer` follows."""
        ...

    def quit(self) -> None:
        """End the daemon."""
        ...


class Urgency(IntEnum):
    """How much a message matters, in the numbers of the desktop's notifications."""

    NORMAL = 1
    CRITICAL = 2


class Tray(Protocol):
    """The icon, its menu, and messages to the user. An ornament: it never fails anything."""

    def run(self) -> None:
        """Block the main thread until `stop`."""
        ...

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Show a status, and whether the microphone is open; `detail` goes to the tooltip.

        From any thread.
        """
        ...

    def offer(self, choices: MenuState) -> None:
        """Show these in the menu, and their names in the tooltip. From any thread."""
        ...

    def level(self, level: float) -> None:
        """Show how loud the recording is, 0.0 to 1.0. From any thread."""
        ...

    def notify(
        self,
        message: str,
        cause: str = "",
        urgency: Urgency = Urgency.NORMAL,
        buttons: tuple[str, ...] = (),
    ) -> None:
        """Tell the user, now, in place of what was told of the same cause; "" takes that away.

        `buttons` are what the user can do about it, where the desktop shows them: "redo", "copy"
        (the last dictation), "settings" and "check" (the documents). From any thread.
        """
        ...

    def stop(self) -> None:
        """End `run`. From any thread; idempotent."""
        ...

    async def close(self) -> None:
        """Wait, not for long, until what `notify` was told is shown, also after `stop`."""
        ...
