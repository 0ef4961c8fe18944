"""The ports: interfaces to each platform, engine and tray, and the values that cross them.

Anything with a lifetime is a context manager. There is no `is_available()` (it is a race): a
constructor raises `UnavailableError(reason, remedy)` and the folder's `select()` tries the next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol, runtime_checkable

from tray_dictate.core.dictation import Status
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.segments import SessionEvent
from tray_dictate.core.signals import Signal
from tray_dictate.core.text.caret import Around


@dataclass(frozen=True, slots=True)
class MenuOption:
    """An item of a submenu: the value that it selects, and its label.

    `value` is the setting's new value; in Recent it is the time of the entry in the history.
    """

    value: str | tuple[str, ...] | float
    label: str
    chosen: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A speech model that can be downloaded: its ID, name and size, and `terms` to accept.

    A free licence has no terms.
    """

    model: str
    label: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class MenuState:
    """The choices in the menu, and the names in the tooltip: a snapshot from when it opens."""

    microphones: tuple[MenuOption, ...] = ()
    engines: tuple[MenuOption, ...] = ()
    languages: tuple[MenuOption, ...] = ()
    methods: tuple[MenuOption, ...] = ()
    recent: tuple[MenuOption, ...] = ()
    local_models: tuple[MenuOption, ...] = ()  # values of engine.local_model
    offers: tuple[tuple[str, tuple[ModelOffer, ...]], ...] = ()  # by the name of a language
    download: str = ""  # the model that is being downloaded, and how much of it is there
    autostart: bool | None = None  # None: this system cannot start programs at login
    microphone: str = ""  # the microphone's name, and the engine's
    engine: str = ""
    hint: str = ""  # how to start a dictation: "hold Right Ctrl and speak"


# what a notice is about: notices of the same cause replace each other; those of "" do not
Cause = Literal[
    "", "asked", "control", "delivery", "engine", "expressions", "history", "hotkey", "limit",
    "microphone", "model", "permission", "rewrite", "settings", "stopped", "take", "unseen",
    "welcome",
]  # fmt: skip


class Notifier(Protocol):
    """Passes messages of components to the user."""

    def tell(self, message: str, cause: Cause = "") -> None:
        """Show a message to the user; an empty one withdraws that of the same cause."""
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
    """Watches the user's keys, whichever window has the focus, without our own synthetic keys."""

    def start(self, listener: HotkeyListener) -> None:
        """Report every key edge to the listener, or why no more will come."""
        ...

    def claim(self, keys: frozenset[str]) -> None:
        """Hide presses of these keys, and of no others, from the windows, if the back end can."""
        ...

    def held(self) -> frozenset[str] | None:
        """Return the keys that are physically down now; None if the platform does not know."""
        ...

    def catch_up(self, mark: int) -> None:
        """Report the mark to the listener after every edge that has happened by now.

        It is reported by the thread that reports the edges, so it arrives after them. A keyboard
        that no longer answers never reports it.
        """
        ...

    def stop(self) -> None:
        """Stop reporting; idempotent."""
        ...


@runtime_checkable
class DesktopManagedHotkey(Protocol):
    """A Hotkey whose keys the desktop assigns."""

    def trigger(self) -> Trigger | None:
        """Return the keys that the desktop has assigned; empty until it answers.

        None if this back end watches the configured keys itself.
        """
        ...

    @property
    def trigger_changed(self) -> Signal[()]:
        """Emitted on any thread after `trigger` has changed."""
        ...

    def forget(self) -> None:
        """Treat all held keys as released: a locked screen may hide their release."""
        ...

    def disturb(self) -> None:
        """Note that we press keys now: a hold that begins meanwhile may be reported over too early.

        From any thread.
        """
        ...


@runtime_checkable
class OwnKeyFilter(Protocol):
    """A Hotkey that distinguishes the keys that our output presses from the user's."""

    def expect(self, keycode: int, down: bool | None) -> None:
        """Ignore the next event like this; call it on any thread before sending that.

        `down` is None if the user's own keyboard will release the key and press it again.
        """
        ...


class Lock(Protocol):
    """Knows whether the user's screen is locked."""

    def is_locked(self) -> bool:
        """Return whether the screen is locked now, within milliseconds; raises nothing."""
        ...


class Capture(Protocol):
    """One recording."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the microphone; yields chunks (PCM16 little-endian mono) until `stop`.

        Raises CaptureError, also from the iterator when the microphone goes away: what was
        captured until then has been yielded.
        """
        ...

    def pace(self, seconds: float) -> None:
        """Yield chunks of about this length from now on; 0: sound as soon as it is recorded."""
        ...

    def stop(self) -> None:
        """End the iterator after what was recorded until now; idempotent, also before `open`."""
        ...


class Microphone(Protocol):
    """Where captures come from."""

    def capture(self, rate: int) -> Capture:
        """Return a recording at `rate` samples per second; opening it ends earlier ones."""
        ...

    async def warm_up(self, rate: int) -> None:
        """Prepare for a fast first recording; open the device if it is to stay open always.

        Raises CaptureError.
        """
        ...

    @property
    def is_open(self) -> bool:
        """Whether the device is open now, for a recording or between two."""
        ...

    @property
    def open_changed(self) -> Signal[()]:
        """Emitted on the loop whenever `is_open` has changed."""
        ...

    async def after_resume(self) -> None:
        """Reopen an open device: the machine has been suspended."""
        ...

    async def close(self) -> None:
        """Close the device."""
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
        """Complete the segments that are owed: no more chunks will come."""
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
        """Close idle connections: they do not survive a suspend of the machine."""
        ...

    async def close(self) -> None:
        """Free the model or the connection."""
        ...


class CloudQuota(Protocol):
    """Counts the sound sent to cloud engines in a month; `cap` is in minutes, 0 for no limit."""

    async def check(self, cap: float) -> None:
        """Raise EngineError if the cap is used up."""
        ...

    def consume(self, engine: str, seconds: float, cap: float) -> None:
        """Count sound that is about to be sent. Raises EngineError if it must not be sent."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a delivery: `confirmed` if the target itself fetched the text.

    `after` is what a rule for the application appended to the text.
    """

    confirmed: bool
    method: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A window that can receive text, and its application.

    `window` identifies it for as long as it exists; `application` is its class (X11), empty if
    unknown, and `process` the id of the process that shows it, 0 if unknown.
    """

    window: str
    application: str = ""
    process: int = field(default=0, compare=False)


class Output(Protocol):
    """Inserts text into windows.

    A `target` names the window that the text is for: it goes there or nowhere. If that window does
    not have the focus, or loses it meanwhile, FocusMovedError says how many characters were done.
    Without a target the focused window gets the text. An output that cannot distinguish windows
    ignores the target.
    """

    async def target(self) -> Target | None:
        """Return the window that has the focus now, None if no window has it."""
        ...

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing.

        `onward`: the user has pressed and clicked nothing there since the text before.
        """
        ...

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Press a chord such as "enter" or "shift+enter" once. Raises DeliveryError."""
        ...

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Remove this many characters before the caret. Raises DeliveryError."""
        ...

    async def activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""
        ...

    async def is_gone(self, target: Target) -> bool:
        """Return whether a window has been closed or hidden."""
        ...

    async def copy_to_clipboard(self, text: str) -> None:
        """Put a text on the clipboard, for the user to paste. Raises DeliveryError."""
        ...

    async def close(self) -> None:
        """Release all keys, and restore the clipboard."""
        ...


@runtime_checkable
class PreparedOutput(Protocol):
    """An Output that needs a moment before its first text."""

    def prepare(self) -> None:
        """Begin to open what the next text needs: a dictation has begun. Returns at once."""
        ...


@runtime_checkable
class PatientOutput(Protocol):
    """An Output whose texts may have to wait until the user has released the hotkey."""

    def drop(self) -> None:
        """Insert nothing of the present text if it still waits: its `deliver` ends in an error."""
        ...


@runtime_checkable
class FieldReader(Protocol):
    """An Output to which the text field with the focus reports its text."""

    async def around(self, target: Target | None) -> Around | None:
        """Return the text around the caret of this window; None if unknown, or not soon.

        An insertion waits for this. Raises nothing.
        """
        ...


class CaretReader(Protocol):
    """Reads the text around the caret, in programs that offer it to other programs."""

    def look(self) -> None:
        """Begin to find the caret in the background, so that `around` is fast."""
        ...

    async def around(self, target: Target | None) -> Around | None:
        """Return the text around the caret of the focused window; None if unknown, or not soon.

        An insertion waits for this. Raises nothing.
        """
        ...

    async def selected(self, target: Target | None) -> str:
        """Return the end of the selected text; empty if none is known to be selected.

        An insertion waits for this. Raises nothing.
        """
        ...

    async def close(self) -> None:
        """Stop reading, and close the connections to other programs."""
        ...


class BlindCaretReader:
    """A CaretReader that never knows anything: reading is off, or not possible here."""

    def look(self) -> None:
        """Find nothing."""

    async def around(self, target: Target | None) -> Around | None:  # noqa: ARG002
        """Return None: the text is unknown."""
        return None

    async def selected(self, target: Target | None) -> str:  # noqa: ARG002
        """Return "": no selection is known."""
        return ""

    async def close(self) -> None:
        """Do nothing."""


class Rewriter(Protocol):
    """Changes a text before it is inserted."""

    async def apply(self, text: str, application: str) -> str:
        """Return the new text, or `text` itself if there is none; raises nothing."""
        ...

    async def close(self) -> None:
        """Forget the API keys."""
        ...


# documents that the menu opens: the settings file, the result of the self-test, the log
Document = Literal["settings", "check", "log"]


class TrayCommands(Protocol):
    """The commands of the tray's menu and of the buttons in notifications; each returns at once."""

    def enable(self, on: bool) -> None:
        """Switch dictation on or off."""
        ...

    def toggle(self) -> None:
        """Start a dictation, or stop the one that is recording."""
        ...

    def redo(self) -> None:
        """Insert the last dictation again."""
        ...

    def undo(self) -> None:
        """Remove the last dictation from its window."""
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

    def get_model(self, model: str) -> None:
        """Download a model of the catalogue; the user has accepted its terms."""
        ...

    def cancel_download(self) -> None:
        """Stop the download of a model."""
        ...

    def set_autostart(self, on: bool) -> None:
        """Turn start at login on or off."""
        ...

    def open_document(self, document: Document) -> None:
        """Open a document for the user to read."""
        ...

    def note_click(self) -> None:
        """Note that the user's latest click was on the icon or its menu."""
        ...

    def refresh(self) -> None:
        """Update the menu, which is about to open; `Tray.offer` gets the result."""
        ...

    def quit(self) -> None:
        """End the daemon."""
        ...


class Urgency(IntEnum):
    """The urgency of a message, in the numbers of the desktop's notifications."""

    NORMAL = 1
    CRITICAL = 2


class Tray(Protocol):
    """The icon, its menu, and messages to the user; its failures never affect a dictation."""

    def run(self) -> None:
        """Block the main thread until `stop`."""
        ...

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Show a status, and whether the microphone is open; `detail` goes to the tooltip.

        From any thread.
        """
        ...

    def offer(self, choices: MenuState) -> None:
        """Show these choices in the menu, and the names in the tooltip. From any thread."""
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
        """Show a message in place of the last of the same cause; an empty one withdraws that.

        `buttons` name commands for the user, if the desktop shows buttons: "redo", "copy" (the
        last dictation), "settings" and "check" (the documents). From any thread.
        """
        ...

    def stop(self) -> None:
        """End `run`. From any thread; idempotent."""
        ...

    async def close(self) -> None:
        """Wait briefly until all messages are shown, also after `stop`."""
        ...
