"""Text into fields by zwp_input_method_v1, over a real socket; KWin 6.7 itself is in tests/desktop.

The compositor of these tests does what was seen of KWin (tests/rigs/field_compositor.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeFocus
from tests.rigs.field_compositor import PASSWORD, TERMINAL, Field, FieldCompositor
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.text.caret import Around
from tray_dictate.output.base import ANY_WINDOW, MovedError
from tray_dictate.output.user_keys import UNKNOWN_KEYS
from tray_dictate.output.wayland.input_method_v1 import StandingInputMethod
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.methods import InsertMethods
from tray_dictate.output.wayland.text_field import FieldTiming, SecretError

STOP = threading.Event()
PIECE = 3800


@pytest.fixture
def compositor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FieldCompositor]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with FieldCompositor(tmp_path / "wayland-0") as listening:
        yield listening


@pytest.fixture
def input_method(compositor: FieldCompositor) -> Iterator[StandingInputMethod]:
    bound = StandingInputMethod(FieldTiming(compositor=1.0))
    yield bound
    bound.close()


def test_what_is_committed_is_in_the_field_and_confirmed_by_its_program(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    field = Field(before="Sehr ", selected="geehrter", after=" Herr")
    compositor.focus(field)
    assert input_method.around() == Around("Sehr ", " Herr", selected="geehrter")
    assert input_method.before() == "Sehr geehrter"
    receipt = input_method.commit("größer 😀", STOP, ANY_WINDOW)
    assert (receipt.confirmed, receipt.method) == (True, "commit")
    assert field.text == "Sehr größer 😀 Herr"
    assert input_method.before() == "Sehr größer 😀"
    assert input_method.is_native()


def test_a_terminal_confirms_nothing_and_gets_no_new_line(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    field = Field(TERMINAL, reports=False)
    compositor.focus(field)
    assert not input_method.commit("ls", STOP, ANY_WINDOW).confirmed
    with pytest.raises(UnavailableError, match="act as keys"):
        input_method.commit("ls\n", STOP, ANY_WINDOW)
    with pytest.raises(UnavailableError, match="too long"):
        input_method.commit("x" * 40_000, STOP, ANY_WINDOW)
    assert field.text == "ls"
    assert input_method.around() is None


@pytest.mark.parametrize("nature", [PASSWORD, (0x40, 0), (0, 8)])
def test_a_password_gets_nothing_and_is_not_read(
    compositor: FieldCompositor, input_method: StandingInputMethod, nature: tuple[int, int]
) -> None:
    field = Field(nature, before="secret")
    compositor.focus(field)
    with pytest.raises(SecretError):
        input_method.commit("said", STOP, ANY_WINDOW)
    assert input_method.around() is None
    assert (field.text, compositor.commits) == ("secret", [])


def test_after_a_paste_the_text_is_not_known_until_it_is_reported_again(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    compositor.focus(field := Field(before="said"))
    assert input_method.before() == "said"
    input_method.disregard()
    compositor.describe()  # KWin repeats what GTK has reported, without the paste
    assert (input_method.before(), input_method.around()) == (None, None)
    field.before = "said and pasted"
    compositor.describe()
    assert input_method.before() == "said and pasted"


def test_nor_is_it_where_the_first_report_that_we_hear_is_of_before_the_paste(
    compositor: FieldCompositor,
) -> None:
    compositor.focus(field := Field(before="said"))
    late = StandingInputMethod()
    late.disregard()
    compositor.describe()
    assert late.before() is None
    field.before = "said and pasted"
    compositor.describe()
    assert late.before() == "said and pasted"
    late.close()


def test_without_a_text_field_nothing_is_committed(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    with pytest.raises(UnavailableError, match="No text field"):
        input_method.commit("said", STOP, ANY_WINDOW)
    compositor.focus(Field())
    compositor.focus(None)
    with pytest.raises(UnavailableError, match="No text field"):
        input_method.commit("said", STOP, ANY_WINDOW)
    assert (compositor.commits, input_method.before()) == ([], None)
    assert not input_method.is_native()


def test_a_field_that_had_the_focus_before_gets_nothing_until_it_is_described(
    compositor: FieldCompositor,
) -> None:
    compositor.focus(field := Field())
    late = StandingInputMethod()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="not known"):
            late.commit("said", STOP, ANY_WINDOW)
        compositor.acknowledge()  # which does not say what it is for
    assert compositor.commits == []
    compositor.describe()  # as the user types
    assert late.commit("said", STOP, ANY_WINDOW).confirmed
    assert field.text == "said"
    late.close()


@pytest.mark.parametrize("text", ["x" * 10_000, "ü" * 5000, "😀" * 3000], ids=["1", "2", "4"])
def test_a_long_text_is_whole_in_pieces_that_fit(
    compositor: FieldCompositor, input_method: StandingInputMethod, text: str
) -> None:
    compositor.focus(field := Field())
    assert input_method.commit(text, STOP, ANY_WINDOW).confirmed
    assert field.text == text
    assert len(compositor.commits) == -(-len(text.encode()) // PIECE)


def test_where_the_window_has_lost_the_focus_nothing_is_committed(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    compositor.focus(Field())
    with pytest.raises(MovedError):
        input_method.commit("said", STOP, FakeFocus(False))
    looks = iter([True, False])
    with pytest.raises(FocusMovedError) as moved:
        input_method.commit("x" * 5000, STOP, FakeFocus(lambda: next(looks)))
    assert moved.value.done == PIECE
    assert compositor.commits == ["x" * PIECE]


def test_a_focus_that_moves_between_the_look_and_the_commit_is_told(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    first, second = Field(), Field()
    compositor.focus(first)

    def stays() -> bool:
        compositor.on_commit = second  # right after a look that said yes
        return True

    with pytest.raises(DeliveryError, match="may or may not") as raised:
        input_method.commit("said", STOP, FakeFocus(stays))
    assert not isinstance(raised.value, FocusMovedError)  # which would be tried again
    assert (first.text, second.text) == ("", "")
    assert input_method.commit("later", STOP, ANY_WINDOW).confirmed
    assert second.text == "later"


def test_an_end_between_two_commits_leaves_the_rest(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    compositor.focus(field := Field())
    stop = threading.Event()

    def stays() -> bool:
        stop.set()
        return True

    with pytest.raises(DeliveryError, match="ended") as raised:
        input_method.commit("x" * 5000, stop, FakeFocus(stays))
    assert raised.value.done == PIECE
    assert field.text == "x" * PIECE


def test_a_compositor_that_hangs_is_told(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    compositor.focus(Field())

    def stays() -> bool:
        compositor.silent = True
        return True

    with pytest.raises(DeliveryError, match="does not answer"):
        input_method.commit("said", STOP, FakeFocus(stays))


def test_what_a_user_types_meanwhile_is_read_so_that_the_compositor_is_not_held_up(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    compositor.focus(field := Field(before="x" * 3000))
    for _ in range(300):  # more than a socket holds
        compositor.describe()
    assert input_method.commit("said", STOP, ANY_WINDOW).confirmed
    assert field.text.endswith("xsaid")


def test_two_input_methods_are_not_in_each_others_way(
    compositor: FieldCompositor, input_method: StandingInputMethod
) -> None:
    other = StandingInputMethod()
    compositor.focus(field := Field())
    input_method.commit("one ", STOP, ANY_WINDOW)
    other.commit("two ", STOP, ANY_WINDOW)
    assert field.text == "one two "
    assert input_method.before() == "one two "
    other.close()
    input_method.commit("three", STOP, ANY_WINDOW)
    assert field.text == "one two three"


def test_when_the_compositor_has_gone_that_is_told_and_the_next_one_is_used(
    compositor: FieldCompositor,
) -> None:
    methods = InsertMethods(KeyRelease(UNKNOWN_KEYS, threading.Event()))
    methods.permit("auto")  # as the daemon does at its start, so that it knows this field
    compositor.focus(Field())
    first = methods.input_method()
    assert first.is_native()
    compositor.disconnect()
    with pytest.raises(DeliveryError, match="could not be inserted"):
        first.commit("said", STOP, ANY_WINDOW)
    assert compositor.commits == []
    second = methods.input_method()
    assert second is not first
    compositor.focus(field := Field())
    wait_until(lambda: second.before() == "", 10, "it is described")
    second.commit("said", STOP, ANY_WINDOW)
    assert field.text == "said"
    methods.close()
