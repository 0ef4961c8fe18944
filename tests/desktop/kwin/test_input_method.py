"""Text into fields by KDE 6.7's own zwp_input_method_v1; each test is skipped by an older KWin.

KWin 6.3 and before do not offer it, so on Debian 12 and 13 these tests run nothing: the protocol's
side of ours is tested in tests/output/wayland/test_input_method_v1.py.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes import FakeFocus
from tests.rigs.kwin import KWin
from tests.rigs.wayland_output import MIXED, delivering
from tests.waiting import wait_until
from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.doctor.delivery.wayland import check_delivery
from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.wayland.input_method_v1 import INTERFACE, StandingInputMethod
from tray_dictate.output.wayland.kwin import KWinWindows
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.output.wayland.text_field import FieldTiming, SecretError
from tray_dictate.system.desktop.wayland import offered

pytestmark = pytest.mark.kwin

STOP = threading.Event()


@pytest.fixture(autouse=True)
def offering(environ: KWin, kwin: KWin) -> None:
    if INTERFACE not in offered():
        pytest.skip(f"this KWin does not offer {INTERFACE} to every program: it is before 6.7")


@pytest.fixture
def input_method(offering: None) -> Iterator[StandingInputMethod]:
    bound = StandingInputMethod()
    yield bound
    bound.close()


@pytest.fixture
async def output(offering: None) -> AsyncIterator[WaylandOutput]:
    async with delivering() as prepared:
        prepared.permit()
        assert dict(prepared.explain())["commit"] == ""
        yield prepared


@pytest.mark.parametrize("kind", ["gtk4", "gtk", "qt"])
async def test_text_is_committed_and_the_clipboard_is_left_alone(
    output: WaylandOutput, kwin: KWin, kind
) -> None:
    await output.copy_to_clipboard("of the user")
    with kwin.text_window(kind) as window:
        for expected in (MIXED, MIXED * 2):
            assert (await output.deliver(MIXED)).method == "commit"
            window.wait_for(expected)
    assert kwin.run("wl-paste", "-n", "-t", "text/plain") == "of the user"


@pytest.mark.parametrize("kind", ["gtk4", "gtk", "qt"])
def test_the_program_confirms_each_text(offering: None, kwin: KWin, kind) -> None:
    input_method = StandingInputMethod(FieldTiming(answer=10))
    with kwin.text_window(kind) as window:
        for text in (MIXED, "and more", "x" * 100):
            assert input_method.commit(text, STOP, ANY_WINDOW).confirmed
        assert window.text() == f"{MIXED}and more{'x' * 100}"
    input_method.close()


def test_a_password_gets_nothing(input_method: StandingInputMethod, kwin: KWin) -> None:
    with kwin.text_window("gtk4", "password") as window:
        with pytest.raises(SecretError):
            input_method.commit("said", STOP, ANY_WINDOW)
        assert window.text() == ""


async def test_a_long_text_is_whole(output: WaylandOutput, kwin: KWin) -> None:
    text = "Größe 你好 😀 " * 2000
    with kwin.text_window("gtk4") as window:
        assert (await output.deliver(text)).method == "commit"
        window.wait_for(text, 60)


@pytest.mark.parametrize("kind", ["gtk4", "gtk", "qt"])
def test_the_text_around_the_caret_is_known(
    input_method: StandingInputMethod, kwin: KWin, kind
) -> None:
    with kwin.text_window(kind):
        input_method.commit("Before the caret", STOP, ANY_WINDOW)
        wait_until(lambda: input_method.before() == "Before the caret", 10, "it is told")
        kwin.tap("left")
        wait_until(lambda: input_method.before() == "Before the care", 10, "it is told")
        around = input_method.around()
        assert around
        assert (around.before, around.after, around.selected) == ("Before the care", "t", "")
        kwin.tap("shift_l", "left")
        if kind != "gtk":  # GTK 3 reports no selection
            wait_until(lambda: (input_method.around() or around).selected == "e", 10, "it is told")


@pytest.mark.parametrize("kind", ["gtk4", "gtk", "qt"])
async def test_what_is_selected_is_replaced_as_by_a_paste(
    output: WaylandOutput, kwin: KWin, kind
) -> None:
    with kwin.text_window(kind) as window:
        await output.deliver("old")
        window.wait_for("old")
        kwin.tap("ctrl_l", "a")
        assert window.text() == "old"
        assert (await output.deliver("new")).method == "commit"
        window.wait_for("new")


async def test_a_field_that_had_the_focus_before_is_not_committed_into(kwin: KWin) -> None:
    with kwin.text_window("gtk4") as window:
        late = StandingInputMethod()
        with pytest.raises(UnavailableError, match="not known"):
            late.commit("said", STOP, ANY_WINDOW)
        assert window.text() == ""
        with kwin.text_window("gtk"):
            pass
        wait_until(window.is_focused, 10, "the first has the focus again")
        wait_until(late.is_native, 10, "its field is told of")
        late.commit("said", STOP, ANY_WINDOW)
        window.wait_for("said")
        late.close()


def test_a_focus_that_moves_between_the_look_and_the_commit_is_told(
    input_method: StandingInputMethod, kwin: KWin
) -> None:
    windows = KWinWindows()
    first = kwin.text_window("gtk4")
    target = windows.focus()
    second = kwin.text_window("gtk")
    other = windows.focus()
    assert target
    assert other
    windows.activate(target)
    wait_until(first.is_focused, 10, "the first has the focus")
    wait_until(input_method.is_native, 10, "its field is told of")

    def stays() -> bool:
        windows.activate(other)  # right after a look that said yes
        return True

    with pytest.raises(DeliveryError, match="may or may not") as raised:
        input_method.commit("said", STOP, FakeFocus(stays))
    assert not isinstance(raised.value, FocusMovedError)
    wait_until(second.is_focused, 10, "the second has the focus")
    assert (first.text(), second.text()) == ("", "")
    windows.close()


def test_keys_go_on_beside_us(input_method: StandingInputMethod, kwin: KWin) -> None:
    with kwin.text_window("gtk4") as window:
        kwin.tap("a")
        window.wait_for("a")
        input_method.commit("X", STOP, ANY_WINDOW)
        kwin.tap("b")
        window.wait_for("aXb")
        other = StandingInputMethod()
        kwin.tap("c")
        window.wait_for("aXbc")
        other.close()
        kwin.tap("d")
        window.wait_for("aXbcd")


async def test_doctor_sees_its_text_arrive_in_its_own_window(offering: None) -> None:
    found = {finding.name: finding for finding in await check_delivery(OutputSettings())}
    assert (found["commit"].state, found["text: commit"].words) == ("ok", "in use")
