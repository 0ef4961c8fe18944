"""Text arrives exactly, in real windows: pasted and typed, whatever the layout."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import disown
from tests.rigs.x11_output import TEXTS, connected, keymap, keys_down
from tests.rigs.x11_windows import KINDS, Kind
from tests.waiting import wait_until
from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Receipt
from tray_dictate.output import select
from tray_dictate.output.x11.output import X11Output

PASTED, TYPED = Receipt(confirmed=True, method="paste"), Receipt(confirmed=False, method="type")
LAYOUTS = [("us", 0), ("de", 0), ("fr", 0), ("ru", 0), ("jp", 0), ("us,ru", 1)]


async def deliver(method, text):
    output = X11Output(method, FilteringHotkey())
    try:
        return await output.deliver(text)
    finally:
        await output.close()


@pytest.mark.parametrize("method", ["auto", "paste", "type"])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_text_arrives_exactly(environ: Desktop, kind: Kind, method: str) -> None:
    output = X11Output(method, FilteringHotkey())
    with environ.text_window(kind) as window, connected(environ) as display:
        before = keymap(display)
        for text in TEXTS.values():
            leaves = kind == "chromium" and method == "type"  # the Tab key does
            said = text.replace("\t", " ") if leaves else text
            window.clear()
            receipt = await output.deliver(said)
            window.wait_for(said)
            assert receipt == (TYPED if method == "type" else PASTED)
        await output.close()
        assert keys_down(display) == []
        assert keymap(display) == before


async def test_an_output_ends_though_who_ends_it_is_cancelled_while_it_is_busy(
    environ: Desktop,
) -> None:
    def files() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    gc.collect()
    before, busy = files(), threading.Event()
    output = X11Output("type", FilteringHotkey())
    output._worker.submit(busy.wait, 20)
    closing = asyncio.create_task(output.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert files() > before
    busy.set()
    await asyncio.to_thread(wait_until, lambda: files() <= before, 10, "its connections are closed")


@pytest.mark.parametrize("method", ["auto", "type"])
@pytest.mark.parametrize(("layout", "group"), LAYOUTS)
async def test_no_layout_changes_a_letter(
    environ: Desktop, layout: str, group: int, method: str
) -> None:
    environ.set_layout(layout, group)
    for kind in ("gtk", "xterm"):
        with environ.text_window(kind) as window:
            output = X11Output(method, FilteringHotkey())
            for text in TEXTS.values():
                window.clear()
                await output.deliver(text)
                window.wait_for(text)
            await output.close()


@pytest.mark.parametrize("layout", ["us", "de", "fr"])
async def test_caps_lock_changes_no_letter_and_stays_on(environ: Desktop, layout: str) -> None:
    environ.set_layout(layout)
    with environ.text_window("gtk") as window, connected(environ) as display:
        environ.tap("Caps_Lock")
        try:
            await deliver("type", TEXTS["ascii"] + TEXTS["accents"])
            window.wait_for(TEXTS["ascii"] + TEXTS["accents"])
            assert display.screen().root.query_pointer().mask & 2  # Lock
            window.clear()
            await deliver("auto", "abc")
            window.wait_for("abc")
        finally:
            environ.tap("Caps_Lock")


@pytest.mark.parametrize("kind", KINDS)
async def test_5000_characters_are_pasted_without_a_mistake_on_every_layout(
    environ: Desktop, kind: Kind
) -> None:
    text = ("".join(TEXTS.values()) * 20)[:5000]
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window(kind) as window:
        for layout, group in LAYOUTS:
            environ.set_layout(layout, group)
            window.clear()
            assert await output.deliver(text) == PASTED
            window.wait_for(text)
    await output.close()


async def test_more_new_characters_than_there_are_keycodes_are_typed(environ: Desktop) -> None:
    text = "".join(chr(0x4E00 + i) for i in range(120))
    for kind in ("gtk", "tk"):
        with environ.text_window(kind) as window:
            await deliver("type", text)
            window.wait_for(text)


@pytest.mark.parametrize("kind", ["gtk", "qt"])  # a Tk text never replaces what is marked
async def test_marked_text_is_replaced(environ: Desktop, kind: Kind) -> None:
    with environ.text_window(kind) as window:
        environ.keyboard.type("old")
        window.wait_for("old")
        environ.tap("Shift_L", "Home")
        await asyncio.sleep(0.3)  # for the window to own what is marked
        assert await deliver("auto", "new") == PASTED
        window.wait_for("new")


async def test_a_terminal_gets_the_text_and_not_what_is_marked_in_it(
    environ: Desktop, tmp_path: Path
) -> None:
    received = tmp_path / "received"
    program = f"printf 'marked words'; stty raw -echo; exec cat > {received}"
    terminal = environ.processes.start(
        "marked", ["xterm", "-T", "marked", "-e", "sh", "-c", program]
    )
    find = ["xdotool", "search", "--onlyvisible", "--name", "^marked$"]
    wait_until(lambda: received.exists() and environ.run(*find, check=False), 10, "the terminal")
    window = environ.run(*find).split()[0]
    environ.run("xdotool", "windowactivate", "--sync", window)
    click = ["xdotool", "mousemove", "--window", window, "20", "10", "click", "--repeat", "3", "1"]
    environ.run(*click)
    wait_until(lambda: b"marked words" in environ.clipboard("primary"), 5, "the mark")
    assert await deliver("auto", "hello") == PASTED
    wait_until(lambda: received.read_text() == "hello", 5, "the text")
    environ.processes.end(terminal)


@pytest.mark.parametrize("kind", ["gtk", "chromium"])  # Chromium wants its clipboard unchanged
async def test_segments_follow_each_other_in_order(environ: Desktop, kind: Kind) -> None:
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window(kind) as window:
        said = [f"Segment {i} ü 你. " for i in range(20)]
        for segment in said:
            assert await output.deliver(segment) == PASTED
        window.wait_for("".join(said))
    await output.close()


async def test_typed_segments_follow_each_other_without_remapping_too_early(
    environ: Desktop,
) -> None:
    output = X11Output("type", FilteringHotkey())
    with environ.text_window("tk") as window:
        said = [TEXTS["emoji"], TEXTS["cjk"], TEXTS["accents"]]
        for segment in said:
            await output.deliver(segment)
        window.wait_for("".join(said))
    await output.close()


@pytest.mark.parametrize("method", ["auto", "type"])
async def test_control_characters_never_arrive(environ: Desktop, method: str) -> None:
    evil = "a\x1b[31mb\x00c\x03d\x7fe\x9bf\u202eg\x08h"
    with environ.text_window("xterm") as window:
        await deliver(method, evil)
        window.wait_for("a[31mbcdefgh")


async def test_a_window_that_never_reads_gets_the_text_typed_once(environ: Desktop) -> None:
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window("odd_tk", "deaf") as window:
        assert await output.deliver("Grüße 你好") == TYPED
        window.wait_for("Grüße 你好")
    assert environ.clipboard() == b"of the user"
    await output.close()


async def test_a_window_that_never_reads_is_an_error_where_typing_is_not_wanted(
    environ: Desktop,
) -> None:
    with environ.text_window("odd_tk", "deaf") as window:
        with pytest.raises(DeliveryError, match=r"output\.method"):
            await deliver("paste", "hello")
        assert window.text() == ""


async def test_a_window_that_reads_late_gets_the_text_once_and_not_the_users_clipboard(
    environ: Desktop,
) -> None:
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window("odd_tk", "late") as window:
        assert await output.deliver("hello") == TYPED
        window.wait_for("hello")
        assert window.pastes() == 1  # it did wake up to the paste
    await output.close()


@pytest.mark.parametrize("copied", [True, False], ids=["clipboard", "no clipboard"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_window_that_was_asleep_gets_the_text_once(
    environ: Desktop, kind: Kind, copied: bool
) -> None:
    # an xterm falls back on what an xterm marked last, ever, where a paste gives it nothing
    cut = ["xprop", "-root", "-f", "CUT_BUFFER0", "8s"]
    environ.run(*cut, "-set", "CUT_BUFFER0", "marked long ago")
    if copied:
        environ.set_clipboard("of the user")
        environ.set_clipboard("marked", "primary")
    else:
        disown(environ)
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window(kind) as window:
        os.kill(window.pid, signal.SIGSTOP)
        try:
            assert await output.deliver("hello") == TYPED
        finally:
            os.kill(window.pid, signal.SIGCONT)
        window.wait_for("hello")
        await asyncio.sleep(0.3)
        assert window.text() == "hello"
    await output.close()
    assert "marked long ago" in environ.run(*cut, "CUT_BUFFER0")


async def test_a_window_that_reads_twice_gets_the_text_both_times(environ: Desktop) -> None:
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window("odd_tk", "twice") as window:
        assert await output.deliver("hello") == PASTED
        window.wait_for("hello")
    await output.close()


async def test_where_another_program_reads_for_the_window_nothing_is_typed(
    environ: Desktop,
) -> None:
    with environ.text_window("odd_tk", "by_another") as window:
        assert await deliver("auto", "hello") == Receipt(confirmed=False, method="paste")
        window.wait_for("hello")


@pytest.mark.parametrize("method", ["auto", "type"])
async def test_no_focus_is_an_error_that_says_what_to_do(environ: Desktop, method: str) -> None:
    output = X11Output(method, FilteringHotkey())
    with environ.text_window("tk") as window:
        target = await output.target()
        assert target is not None
        assert target.window == f"{int(window.id):#x}"
        assert target.application
    environ.run("xdotool", "search", "--name", "nothing", check=False)  # the window is gone by now
    assert await output.target() is None
    with pytest.raises(DeliveryError, match="No window has the focus"):
        await output.deliver("hello")
    with connected(environ) as display:
        for nowhere in (0, 1):  # None, PointerRoot
            display.set_input_focus(nowhere, 1, 0)
            display.sync()
            with pytest.raises(DeliveryError, match="No window has the focus"):
                await output.deliver("hello")
    await output.close()


async def test_a_process_killed_while_it_typed_leaves_a_map_that_the_next_one_repairs(
    environ: Desktop,
) -> None:
    with environ.text_window("gtk") as window, connected(environ) as display:
        before = keymap(display)
        killed = X11Output("type", FilteringHotkey())
        await killed.deliver("你好")
        window.wait_for("你好")
        assert keymap(display) != before
        # its end without close(): the connection is closed, and nothing more is done
        killed._display.close()
        await X11Output("type", FilteringHotkey()).close()
        assert keymap(display) == before
        await killed.close()


async def test_a_server_that_is_gone_is_an_error_not_a_hang() -> None:
    with pytest.MonkeyPatch.context() as patch:
        with Desktop() as desktop:
            patch.setenv("DISPLAY", desktop.display)
            output = select(OutputSettings(), FilteringHotkey())
        with pytest.raises(DeliveryError, match="X server"):
            await output.deliver("hello")
        await output.close()


# python-xlib leaves the sockets open that it could not connect
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("display", "reason"), [("", "DISPLAY is not set"), (":987", "answer")])
def test_no_server_is_an_error_that_says_why(
    monkeypatch: pytest.MonkeyPatch, display: str, reason: str
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(UnavailableError, match=reason) as raised:
        X11Output()
    assert raised.value.remedy
    del raised
    gc.collect()


async def test_after_its_end_it_delivers_nothing(environ: Desktop) -> None:
    output = X11Output("auto", FilteringHotkey())
    await output.close()
    with environ.text_window("tk"):
        assert await output.target() is None
        with pytest.raises(DeliveryError, match="ended"):
            await output.deliver("hello")
    await output.close()


async def test_select_takes_x11_where_there_is_a_display(environ: Desktop) -> None:
    for method in ("auto", "paste", "type"):
        output = select(OutputSettings(method=method))
        assert isinstance(output, X11Output)
        await output.close()
