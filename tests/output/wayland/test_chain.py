"""Which method inserts, and that no second method does what the first has begun."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.fakes import SetClock
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import FocusCheck, MovedError, UnsavedError
from tray_dictate.output.paste_support import PasteSupport, Place
from tray_dictate.output.rules import Method, Treatment
from tray_dictate.output.wayland.chain import AGAIN, Candidate, MethodChain
from tray_dictate.output.wayland.methods import (
    AUTO,
    PASTE,
    TYPE,
    PasteMethod,
    ProgramMethod,
    typed_receipt,
)


class Window:
    """What the methods of a test insert into."""

    def __init__(self) -> None:
        self.text = ""
        self.focused = True

    def is_focused(self) -> bool:
        return self.focused


class Inserting:
    """A method that inserts; or raises, having inserted `first` characters."""

    def __init__(
        self, window: Window, name: str, fails: Exception | None = None, first: int = 0
    ) -> None:
        self._window, self._name, self._fails, self._first = window, name, fails, first

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        del treatment
        if not check.is_focused():
            raise MovedError
        self._window.text += text[: self._first] if self._fails else text
        if self._fails:
            raise self._fails
        return Receipt(confirmed=False, method=self._name)


class Offers:
    """Makes a method; or says why this session does not offer it, as long as it has a reason."""

    def __init__(self, method: Inserting, reason: str = "") -> None:
        self._method, self.reason = method, reason
        self.asked = 0

    def __call__(self) -> Inserting:
        self.asked += 1
        if self.reason:
            raise UnavailableError(self.reason, "Do this.")
        return self._method


class Session:
    """Offers these methods."""

    def __init__(self, *offered: Candidate) -> None:
        self._offered = offered
        self.resets = 0

    def candidates(self) -> Sequence[Candidate]:
        return self._offered

    def reset(self) -> None:
        self.resets += 1


NO_FIELD = UnavailableError("No text field here.")


def chain(window: Window, **fails: Exception | None) -> MethodChain:
    """Return the usual three methods, of which some refuse or fail."""
    kinds = {"commit": AUTO, "paste": PASTE, "type": TYPE}
    methods = {name: Inserting(window, name, fails.get(name)) for name in kinds}
    offered = [Candidate(name, kinds[name], Offers(method)) for name, method in methods.items()]
    return MethodChain(Session(*offered))


@pytest.mark.parametrize(
    ("method", "refusing", "used"),
    [
        ("auto", [], "commit"),
        ("auto", ["commit"], "paste"),
        ("auto", ["commit", "paste"], "type"),
        ("paste", [], "paste"),
        ("type", [], "type"),
        ("type", ["commit", "paste"], "type"),
    ],
)
def test_the_first_method_that_does_not_refuse_inserts_and_no_other(
    method: Method, refusing: list[str], used: str
) -> None:
    window = Window()
    methods = chain(window, **dict.fromkeys(refusing, NO_FIELD))
    assert methods.insert("said", Treatment(method), window).method == used
    assert window.text == "said"


def test_where_every_method_refuses_each_reason_and_remedy_is_told() -> None:
    window = Window()
    reasons = {name: UnavailableError(f"Not by {name}.", "Do this.") for name in ("paste", "type")}
    with pytest.raises(DeliveryError) as raised:
        chain(window, commit=NO_FIELD, **reasons).insert("said", Treatment(), window)
    assert str(raised.value) == (
        "No method of inserting text works here. No text field here. Not by paste. Not by type. "
        "Do this."
    )
    assert raised.value.done == 0


def test_where_nothing_types_only_what_a_shipped_rule_would_type_is_pasted() -> None:
    window = Window()
    methods = chain(window, commit=NO_FIELD, type=UnavailableError("No keyboard."))
    with pytest.raises(DeliveryError, match="No keyboard"):
        methods.insert("said", Treatment("type"), window)
    assert window.text == ""
    assert methods.insert("said", Treatment("type", optional=True), window).method == "paste"
    assert window.text == "said"


def test_what_a_setting_excludes_is_not_even_tried() -> None:
    window = Window()
    with pytest.raises(DeliveryError, match="Not by paste"):
        chain(window, paste=UnavailableError("Not by paste.")).insert(
            "said", Treatment("paste"), window
        )
    assert not window.text


@pytest.mark.parametrize("failure", [DeliveryError("broken", 2), FocusMovedError(2)])
def test_a_method_that_has_begun_is_followed_by_no_other(failure: DeliveryError) -> None:
    window = Window()
    begun = Inserting(window, "commit", failure, first=2)
    methods = MethodChain(
        Session(
            Candidate("commit", AUTO, Offers(begun)),
            Candidate("type", TYPE, Offers(Inserting(window, "type"))),
        )
    )
    with pytest.raises(type(failure)) as raised:
        methods.insert("said", Treatment(), window)
    assert (window.text, raised.value.done) == ("sa", 2)


def test_a_focus_that_moved_stops_the_chain_before_anything_is_inserted() -> None:
    window = Window()
    window.focused = False
    with pytest.raises(MovedError):
        chain(window).insert("said", Treatment(), window)
    assert not window.text


def test_only_what_is_asked_for_is_tried() -> None:
    window = Window()
    with pytest.raises(DeliveryError, match="No text field here"):
        chain(window, commit=NO_FIELD).insert("said", Treatment(), window, ["commit"])
    assert not window.text


def test_a_method_that_is_not_offered_is_asked_for_again_after_a_while() -> None:
    window, clock = Window(), SetClock(100.0)
    offers = Offers(Inserting(window, "commit"), "The portal is not there.")
    other = Candidate("type", TYPE, Offers(Inserting(window, "type")))
    methods = MethodChain(Session(Candidate("commit", AUTO, offers), other), clock)
    methods.insert("a", Treatment(), window)
    offers.reason = ""  # it has started meanwhile
    assert methods.insert("b", Treatment(), window).method == "type"
    clock.at += AGAIN
    assert methods.insert("c", Treatment(), window).method == "commit"
    assert (window.text, offers.asked) == ("abc", 2)


def test_after_a_failure_the_methods_are_made_again() -> None:
    window = Window()
    offers = Offers(Inserting(window, "commit", DeliveryError("the compositor is gone")))
    session = Session(Candidate("commit", AUTO, offers))
    methods = MethodChain(session)
    for _ in range(2):
        with pytest.raises(DeliveryError, match="gone"):
            methods.insert("said", Treatment(), window)
    assert (offers.asked, session.resets) == (2, 2)


def test_it_explains_every_method_in_order() -> None:
    window = Window()
    methods = MethodChain(
        Session(
            Candidate("commit", AUTO, Offers(Inserting(window, "commit"), "Not here.")),
            Candidate("paste", PASTE, Offers(Inserting(window, "paste"))),
        )
    )
    assert methods.explain() == [("commit", "Not here. Do this."), ("paste", "")]


class Pasting:
    """Pastes as it is told to: taken, not taken, or the clipboard cannot be saved."""

    def __init__(self, outcome: Receipt | Exception | None) -> None:
        self._outcome, self.asked = outcome, 0

    def paste(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt | None:
        del text, treatment, check
        self.asked += 1
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


class OneWindow:
    """Windows, of which one has the focus, or is not told from others."""

    def __init__(self, name: str = "") -> None:
        self.paste_support = PasteSupport()
        self.name, self.late = name, False

    def place(self, chord: str) -> Place | None:
        return Place(self.name, ("app",), chord) if self.name else None

    def was_read_late(self) -> bool:
        return self.late


def test_a_window_that_took_no_paste_is_not_asked_again_unless_it_was_only_late() -> None:
    windows, pasting, check = OneWindow("1"), Pasting(None), Window()
    paste = PasteMethod(windows, pasting)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            paste.insert("said", Treatment(), check)
    assert pasting.asked == 1
    windows.late = True
    with pytest.raises(UnavailableError):
        paste.insert("said", Treatment(), check)
    assert pasting.asked == 2


def test_where_windows_are_not_told_apart_each_paste_is_tried() -> None:
    pasting, check = Pasting(None), Window()
    for _ in range(2):
        with pytest.raises(UnavailableError):
            PasteMethod(OneWindow(), pasting).insert("said", Treatment(), check)
    assert pasting.asked == 2


def test_a_paste_that_nobody_takes_and_a_clipboard_that_cannot_be_saved_are_refusals() -> None:
    window = Window()
    receipt = Receipt(confirmed=True, method="paste")
    assert PasteMethod(OneWindow(), Pasting(receipt)).insert("said", Treatment(), window) == receipt
    with pytest.raises(UnavailableError, match=r"does not accept a paste by shift\+insert\.$"):
        PasteMethod(OneWindow(), Pasting(None)).insert("said", Treatment(), window)
    with pytest.raises(UnavailableError, match=r"output\.method"):
        PasteMethod(OneWindow(), Pasting(None)).insert("said", Treatment("paste"), window)
    with pytest.raises(UnavailableError, match="could not be saved"):
        PasteMethod(OneWindow(), Pasting(UnsavedError())).insert("said", Treatment(), window)


class Typing:
    """A program that types so many characters."""

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def check(self) -> None:
        if not self._characters:
            raise UnavailableError("It is not installed.")

    def type(self, text: str, stop: threading.Event) -> int:
        del stop
        return min(self._characters, len(text))


def test_a_program_types_only_into_the_window_that_has_the_focus() -> None:
    window, stop = Window(), threading.Event()
    assert ProgramMethod(Typing(9), stop).insert("said", Treatment(), window).method == "type"
    with pytest.raises(FocusMovedError) as raised:
        ProgramMethod(Typing(2), stop).insert("said", Treatment(), window)
    assert raised.value.done == 2
    with pytest.raises(UnavailableError, match="not installed"):
        ProgramMethod(Typing(0), stop)
    window.focused = False
    with pytest.raises(MovedError):
        ProgramMethod(Typing(9), stop).insert("said", Treatment(), window)


def test_an_end_of_the_program_is_not_taken_for_a_moved_focus() -> None:
    stop = threading.Event()
    with pytest.raises(MovedError):
        typed_receipt(0, 4, stop)
    stop.set()
    with pytest.raises(DeliveryError, match="ended") as raised:
        typed_receipt(1, 4, stop)
    assert not isinstance(raised.value, FocusMovedError)
