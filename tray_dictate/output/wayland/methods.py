"""The insert methods of a Wayland session, each built on first use, and what they share."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Notifier, Receipt, Target
from tray_dictate.core.text.caret import Around
from tray_dictate.output.base import FocusCheck, MovedError, UnsavedError
from tray_dictate.output.clipboard import ClipboardOutput
from tray_dictate.output.paste_support import PasteSupport, Place
from tray_dictate.output.portal.paste import PortalPaste
from tray_dictate.output.rules import Method, Treatment
from tray_dictate.output.wayland.chain import Candidate, HarmfulError, ReleasedMethod
from tray_dictate.output.wayland.external import Wtype, Ydotool
from tray_dictate.output.wayland.ibus.method import IBusMethod
from tray_dictate.output.wayland.input_method import InputMethod
from tray_dictate.output.wayland.input_method_v1 import StandingInputMethod
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.keyboard import KeyTiming, VirtualKeyboard
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.output.wayland.selections import WaylandSelections
from tray_dictate.output.wayland.text_field import FieldInserter
from tray_dictate.system.desktop.wayland import Connection, WaylandError

log = logging.getLogger(__name__)
T = TypeVar("T")

AUTO: frozenset[Method] = frozenset({"auto"})
PASTE: frozenset[Method] = frozenset({"auto", "paste"})
TYPE: frozenset[Method] = frozenset({"auto", "type"})


class Paster(Protocol):
    """Pastes: a WaylandPaster, or the portal."""

    def paste(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt | None:
        """Return None where no program read the text. Raises MovedError, UnsavedError."""
        ...


class PasteTargets(Protocol):
    """Knows the windows that pastes are for."""

    paste_support: PasteSupport

    def place(self, chord: str) -> Place | None:
        """Return where a paste would be tried; None where windows cannot be told apart."""
        ...

    def was_read_late(self) -> bool:
        """Tell whether a target has asked for the last paste only after we gave up on it."""
        ...


class TypingProgram(Protocol):
    """A program that types."""

    def check(self) -> None:
        """Raise UnavailableError where it cannot type in this session."""
        ...

    def type(self, text: str, stop: threading.Event) -> int:
        """Return how many characters went out. Raises UnavailableError where none can."""
        ...


class InsertMethods:
    """Builds the methods and owns their connections; for one thread, except `stop`."""

    def __init__(
        self,
        release: KeyRelease,
        timing: KeyTiming | None = None,
        notices: Notifier | None = None,
    ) -> None:
        self._release, self._stop = release, release.stop
        self._timing, self._notices = timing, notices
        self.target: Target | None = (
            None  # of the next text; None where windows cannot be told apart
        )
        self.paste_support = PasteSupport()
        self._portal: PortalPaste | None = None
        self._connections: list[Connection] = []
        self._keyboard: VirtualKeyboard | None = None
        self._input_method: InputMethod | None = None
        self._standing: StandingInputMethod | None = None  # lives on: it knows the fields
        self._ibus: IBusMethod | None = None
        self._selections: WaylandSelections | None = None
        self._borrowed: WaylandSelections | None = None  # what the portal pastes with
        self._portal_first = False  # no better method works in this session

    def candidates(self) -> list[Candidate]:
        """Return the methods, best first."""
        return [
            Candidate("commit", AUTO, self._commit, lambda: self.input_method().check()),
            Candidate("ibus", AUTO, self.ibus, lambda: self.ibus().check()),
            Candidate("paste", PASTE, self._paste),
            Candidate("type", TYPE, lambda: TypeMethod(self, self._stop)),
            Candidate("wtype", TYPE, lambda: ProgramMethod(Wtype(), self._stop)),
            Candidate("portal", PASTE, lambda: PasteMethod(self, self.portal(), learns=False)),
            Candidate("ydotool", TYPE, self._ydotool),
        ]

    def keyboard(self) -> VirtualKeyboard:
        """Return our keyboard. Raises UnavailableError."""
        if self._keyboard is None:
            self._keyboard = self._connected(partial(VirtualKeyboard, timing=self._timing))
        return self._keyboard

    def input_method(self) -> FieldInserter:
        """Return our input method. Raises UnavailableError."""
        if self._standing and not self._standing.is_alive:
            self._standing.close()
            self._standing = None
        if self._standing is None and self._input_method is None:
            try:
                self._input_method = self._connected(InputMethod)
            except UnavailableError as refused:
                with suppress(UnavailableError):
                    self._standing = StandingInputMethod()
                if self._standing is None:
                    raise refused from None
        found = self._standing or self._input_method
        assert found
        return found

    def ibus(self) -> IBusMethod:
        """Return our engine of IBus. Raises UnavailableError."""
        if self._ibus is None:
            self._ibus = IBusMethod(self._stop)
        return self._ibus

    def selections(self) -> WaylandSelections:
        """Return the clipboard and PRIMARY. Raises UnavailableError."""
        if self._selections and not self._selections.is_alive:
            self._selections.close()
            self._selections = None
        if self._selections is None:
            self._selections = WaylandSelections()
        return self._selections

    def portal(self) -> PortalPaste:
        """Return the portal; the user is not asked yet. Raises UnavailableError."""
        if self._portal is None:
            self._borrowed = None
            with suppress(UnavailableError):
                self._borrowed = self.selections()
            self._portal = PortalPaste(self._release, self._borrowed, self._notices)
        return self._portal

    def permit(self, method: Method) -> None:
        """Have the desktop ask the user now for the permission that inserting will need, if any."""
        for candidate in self.candidates():
            if method in candidate.methods:
                with suppress(UnavailableError):
                    if candidate.name == "portal":
                        self._portal_first = True
                        self.portal().prepare(ask=True)
                    else:
                        candidate.make()
                        candidate.check()
                    return

    def prepare(self) -> None:
        """Begin to open what inserting needs, where that asks the user nothing."""
        if self._portal_first:
            with suppress(UnavailableError):
                self.portal().prepare(ask=False)

    def place(self, chord: str) -> Place | None:
        """Return where a paste would be tried; None where windows cannot be told apart."""
        target = self.target
        return Place(target.window, (target.application,), chord) if target else None

    def was_read_late(self) -> bool:
        """Tell whether a target has asked for the last paste only after we gave up on it."""
        selections = self._selections
        return bool(selections and selections.is_alive and selections.was_read_late())

    def chord(self, chord: str, check: FocusCheck) -> None:
        """Press a chord once. Raises UnavailableError, MovedError and DeliveryError."""
        try:
            keyboard = self.keyboard()
        except UnavailableError:
            self.portal().chord(chord, check)
        else:
            keyboard.chord(chord, check)

    def press(self, key: str, times: int, check: FocusCheck) -> int:
        """Press a key `times` times; return how often, less where `stop` or `check` ends it.

        Raises UnavailableError and DeliveryError, FocusMovedError where another window has got keys
        or may have got the last one.
        """
        try:
            return self.keyboard().press(key, times, self._stop, check)
        except UnavailableError:
            portal = self.portal()
        done = 0
        while done < times and not self._stop.is_set():
            try:
                portal.chord(key, check)
            except MovedError:
                break
            except DeliveryError as failed:
                raise DeliveryError(str(failed), done) from failed
            if not check.is_focused():
                raise FocusMovedError(done, astray=1)
            done += 1
        return done

    def around(self) -> Around | None:
        """Return the whole text around the caret of the target; None if no field reports it."""
        with suppress(UnavailableError):
            return self.input_method().around(self.target.window if self.target else "")
        with suppress(UnavailableError):
            return self.ibus().around()
        return None

    def before(self) -> str | None:
        """Return the text before the caret; None if it is unknown."""
        with suppress(UnavailableError):
            return self.input_method().before()
        with suppress(UnavailableError):
            return self.ibus().before()
        return None

    def disregard_reported_text(self) -> None:
        """Disregard what the field has reported: it was changed without the input method."""
        if self._standing:
            self._standing.disregard()

    def copy_to_clipboard(self, text: str, *, secret: bool) -> None:
        """Make the text the user's clipboard. Raises UnavailableError and DeliveryError."""
        with suppress(UnavailableError, WaylandError):
            self.selections().copy_to_clipboard(text, secret=secret)
            return
        # wl-copy, which cannot mark it as secret, asks the user nothing
        with suppress(UnavailableError):
            self.portal().copy_to_clipboard(text, secret=secret, ask=secret)
            return
        asyncio.run(ClipboardOutput().copy_to_clipboard(text))

    def reset(self) -> None:
        """Close all connections, which may be broken; new ones are made on the next use."""
        if self._keyboard:
            self._keyboard.close()
        self._keyboard = self._input_method = None
        while self._connections:
            self._connections.pop().close()
        if self._portal and self._borrowed and not self._borrowed.is_alive:
            self._portal.close()
            self._portal = None

    def close(self) -> None:
        """Leave nothing held down, and the clipboard as it was."""
        self.reset()
        for owned in (self._standing, self._ibus, self._portal, self._selections):
            if owned:
                owned.close()

    def _commit(self) -> CommitMethod:
        """Raises UnavailableError."""
        return CommitMethod(self.input_method(), self._stop, self)

    def _paste(self) -> PasteMethod:
        """Raises UnavailableError."""
        return PasteMethod(self, WaylandPaster(self.keyboard(), self.selections(), self._stop))

    def _ydotool(self) -> ReleasedMethod:
        """Raises UnavailableError."""
        return ReleasedMethod(ProgramMethod(Ydotool(), self._stop), self._release)

    def _connected(self, make: Callable[[Connection], T]) -> T:
        """Raises UnavailableError."""
        connection = Connection()
        try:
            built = make(connection)
        except UnavailableError:
            connection.close()
            raise
        self._connections.append(connection)
        return built


class CommitMethod:
    """Inserts by the input method."""

    def __init__(
        self, input_method: FieldInserter, stop: threading.Event, methods: InsertMethods
    ) -> None:
        self._input_method, self._stop, self._methods = input_method, stop, methods

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Raises SecretError, too."""
        del treatment
        target = self._methods.target
        return self._input_method.commit(text, self._stop, check, target.window if target else "")


class PasteMethod:
    """Pastes by a chord, unless the window is known not to accept that."""

    def __init__(self, targets: PasteTargets, paster: Paster, *, learns: bool = True) -> None:
        """Where nothing types instead, a window that does not accept pastes is better asked again.

        So then it `learns` of none.
        """
        self._targets, self._paster, self._learns = targets, paster, learns
        self._ignored: Place | None = None  # the last paste; its target may yet read it

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Paste; refuse where the window did not accept it, or the clipboard cannot be saved."""
        paste_support = self._targets.paste_support
        place = self._targets.place(treatment.chord) if self._learns else None
        receipt = None
        try:
            if self._ignored and self._targets.was_read_late():
                paste_support.accepted(self._ignored)
            if place is None or not paste_support.refuses(place, text):
                self._ignored = None
                receipt = self._paster.paste(text, treatment, check)
                self._learn(place, receipt)
        except UnsavedError:
            raise HarmfulError("What is on the clipboard could not be saved.") from None
        except WaylandError as gone:
            raise DeliveryError(f"The text could not be pasted: {gone}.") from gone
        if receipt is None:
            auto = 'Set output.method to "auto" to have the text typed instead.'
            raise UnavailableError(
                f"The window does not accept a paste by {treatment.chord}.",
                auto if treatment.method == "paste" else "",
            )
        return receipt

    def _learn(self, place: Place | None, receipt: Receipt | None) -> None:
        if place and receipt is None:
            log.info("a window has not read what was pasted; it is typed into from now on")
            self._targets.paste_support.ignored(place)
            self._ignored = place
        elif place and receipt and receipt.confirmed:
            self._targets.paste_support.accepted(place)


class TypeMethod:
    """Types on our virtual keyboard."""

    def __init__(self, methods: InsertMethods, stop: threading.Event) -> None:
        """Raises UnavailableError."""
        self._methods, self._stop = methods, stop
        self._keyboard = methods.keyboard()

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Type; `check` is asked before each burst."""
        del treatment
        done = self._keyboard.type(text, self._stop, check, xwayland=not self._is_native())
        return typed_receipt(done, len(text), self._stop)

    def _is_native(self) -> bool:
        """Tell whether a program of Wayland has the focus: those on Xwayland need more time."""
        try:
            return self._methods.input_method().is_native()
        except UnavailableError:
            return False


class ProgramMethod:
    """Types by another program."""

    def __init__(self, program: TypingProgram, stop: threading.Event) -> None:
        """Raises UnavailableError where it cannot type in this session."""
        program.check()
        self._program, self._stop = program, stop

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Type; `check` is asked before the first character only."""
        del treatment
        if not check.is_focused():
            raise MovedError
        return typed_receipt(self._program.type(text, self._stop), len(text), self._stop)


def typed_receipt(done: int, wanted: int, stop: threading.Event) -> Receipt:
    """Return the receipt for what was typed. Raises MovedError and DeliveryError."""
    if done >= wanted:
        return Receipt(confirmed=False, method="type")
    if stop.is_set():
        raise DeliveryError("Dictation ended while keys were being sent.", done)
    if not done:
        raise MovedError
    raise FocusMovedError(done)
