"""The clipboard is the user's: it comes back whole, and a copy of theirs always wins."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bench.clipboard import paste_and_compare
from tests.rigs.daemon import ROOT
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import clipboard_manager, copying, disown, nobody_owns
from tests.rigs.x11_output import connected, keys_down
from tests.waiting import wait_until
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.clipboard import ClipboardOutput
from tray_dictate.output.x11.output import X11Output

PASTED, TYPED = Receipt(confirmed=True, method="paste"), Receipt(confirmed=False, method="type")
GIVEN_BACK = 0.3  # seconds after the read
LATE_XCLIP = """#!/bin/sh
case "$*" in *-o) exec /usr/bin/xclip "$@" ;; esac
cat >"$0.text"
{ sleep 0.3; exec /usr/bin/xclip "$@" "$0.text"; } &
"""


@pytest.fixture
async def output(environ: Desktop):
    made = X11Output("auto", FilteringHotkey())
    yield made
    await made.close()


async def test_every_format_comes_back_byte_for_byte(environ: Desktop, output, tmp_path) -> None:
    picture, page = tmp_path / "picture.png", tmp_path / "page.html"
    picture.write_bytes(random.Random(7).randbytes(3_000_000))  # large: comes and goes in pieces
    page.write_text("<b>Grüße</b>")
    small = tmp_path / "note"
    small.write_bytes(b"\x00\xff odd")
    formats = {"image/png": picture, "text/html": page, "application/x-odd": small}
    with copying(environ, formats), environ.text_window("gtk") as window:
        offered = set(environ.clipboard(target="TARGETS").split()) - {b"SAVE_TARGETS"}
        for round_ in range(3):
            assert await output.deliver(f"hello {round_}") == PASTED
        window.wait_for("hello 0hello 1hello 2")
        wait_until(
            lambda: b"image/png" in environ.clipboard(target="TARGETS"), 10, "the old clipboard"
        )
        for name, path in formats.items():
            assert environ.clipboard(target=name) == path.read_bytes()
        assert set(environ.clipboard(target="TARGETS").split()) >= offered


async def test_what_comes_in_pieces_comes_back_whole(environ: Desktop, output) -> None:
    picture = random.Random(8).randbytes(3_000_000)
    environ.set_clipboard(picture, target="image/png")  # xclip sends it by INCR
    with environ.text_window("gtk") as window:
        assert await output.deliver("hello") == PASTED
        window.wait_for("hello")
        wait_until(
            lambda: environ.clipboard(target="image/png") == picture, 10, "the old clipboard"
        )


async def test_where_nobody_owned_the_clipboard_nobody_does_afterwards(environ, output) -> None:
    with environ.text_window("tk") as window:
        disown(environ)
        assert nobody_owns(environ, "CLIPBOARD")
        assert await output.deliver("hello") == PASTED
        window.wait_for("hello")
        wait_until(lambda: nobody_owns(environ, "CLIPBOARD"), 10, "nobody owns the clipboard")
        wait_until(lambda: nobody_owns(environ, "PRIMARY"), 10, "nobody owns PRIMARY")


async def test_a_copy_made_during_a_delivery_stays(environ: Desktop, output) -> None:
    environ.set_clipboard("old")
    with environ.text_window("gtk") as window:
        assert await output.deliver("hello") == PASTED
        assert environ.clipboard() == b"old"  # what was dictated is the window's alone
        environ.set_clipboard("new")
        window.wait_for("hello")
        await asyncio.sleep(3 * GIVEN_BACK)
        assert environ.clipboard() == b"new"
        assert await output.deliver(" again") == PASTED
        wait_until(lambda: environ.clipboard() == b"new", 10, "the copy")


async def test_a_copy_made_while_the_clipboard_is_saved_stays(environ: Desktop, output) -> None:
    """The moments are many and small: copies at any time, for a while."""
    with environ.text_window("gtk") as window:
        for number in range(8):
            copied = f"copy {number}"
            delivery = asyncio.create_task(output.deliver("."))
            await asyncio.sleep(number * 0.001)
            await asyncio.to_thread(environ.set_clipboard, copied)
            await delivery
            await asyncio.sleep(GIVEN_BACK + 0.15)
            assert environ.clipboard() == copied.encode()
        assert "." in window.text()


async def test_dictated_text_is_never_taken_for_the_users_clipboard(environ, output) -> None:
    environ.set_clipboard("of the user")
    environ.set_clipboard("selected", "primary")
    with environ.text_window("tk") as window:
        for _ in range(30):
            await output.deliver("again ")
        window.wait_for("again " * 30)
        wait_until(lambda: environ.clipboard() == b"of the user", 10, "the old clipboard")
        wait_until(lambda: environ.clipboard("primary") == b"selected", 10, "the old PRIMARY")


async def test_a_clipboard_managers_read_is_no_receipt(environ: Desktop, output) -> None:
    with clipboard_manager(environ) as manager, environ.text_window("odd_tk", "deaf") as window:
        environ.set_clipboard("of the user")
        wait_until(lambda: "of the user" in manager.printed(), 10, "the manager reads")
        assert await output.deliver("hello") == TYPED
        window.wait_for("hello")
        assert manager.printed().count("of the user") > 1  # it did read, and was not believed
        assert "hello" not in manager.printed()
        wait_until(lambda: environ.clipboard() == b"of the user", 10, "the old clipboard")


async def test_a_polite_clipboard_manager_does_not_keep_what_was_dictated(
    environ: Desktop, output
) -> None:
    with clipboard_manager(environ, "polite") as manager, environ.text_window("gtk") as window:
        environ.set_clipboard("of the user")
        wait_until(lambda: "of the user" in manager.printed(), 10, "the manager reads")
        assert await output.deliver("dictated") == PASTED
        window.wait_for("dictated")
        wait_until(
            lambda: manager.printed().count("of the user") >= 2, 10, "the manager sees it come back"
        )
        assert "dictated" not in manager.printed()


@pytest.mark.parametrize("method", ["auto", "paste"])
async def test_an_owner_that_never_answers_does_not_keep_a_delivery_waiting(
    environ: Desktop, tmp_path, method: str
) -> None:
    (tmp_path / "note").write_text("frozen")
    output = X11Output(method, FilteringHotkey())
    with (
        copying(environ, {"text/plain": tmp_path / "note"}, "frozen"),
        environ.text_window("gtk") as window,
    ):
        receipt = await output.deliver("hello")
        window.wait_for("hello")
        assert receipt == TYPED, "a paste would destroy the clipboard"
    await output.close()


async def test_an_owner_that_makes_its_formats_slowly_is_waited_for(
    environ: Desktop, output: X11Output, tmp_path
) -> None:
    formats: dict[str, Path] = {}
    for number in range(4):  # each within a second, all of them not
        formats[f"application/x-format{number}"] = path = tmp_path / str(number)
        path.write_bytes(bytes([number] * 100))
    with copying(environ, formats, "slow"), environ.text_window("gtk") as window:
        assert await output.deliver("hello") == PASTED
        window.wait_for("hello")
        for name, path in formats.items():
            wait_until(
                lambda name=name, path=path: environ.clipboard(target=name) == path.read_bytes(),
                10,
                f"{name} comes back",
            )


async def test_a_large_text_arrives_whole_and_is_confirmed_at_its_end(environ, output) -> None:
    text = "Grüße 你好. " * 60_000  # a megabyte: in pieces
    with environ.text_window("tk") as window:
        environ.set_clipboard("of the user")
        assert await output.deliver(text) == PASTED
        window.wait_for(text, 30)
        wait_until(lambda: environ.clipboard() == b"of the user", 10, "the old clipboard")


async def test_kept_text_is_the_users_clipboard_and_survives_deliveries(environ, output) -> None:
    environ.set_clipboard("old")
    await output.copy_to_clipboard("kept")
    assert environ.clipboard() == b"kept"
    assert b"x-kde-passwordManagerHint" not in environ.clipboard(target="TARGETS")
    with environ.text_window("gtk") as window:
        await output.deliver("hello")
        window.wait_for("hello")
        wait_until(lambda: environ.clipboard() == b"kept", 10, "the kept text")


async def test_closing_hands_the_users_clipboard_to_its_manager(environ: Desktop, caplog) -> None:
    caplog.set_level(logging.INFO)
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey())
    with clipboard_manager(environ, "keeper") as manager, environ.text_window("gtk"):
        wait_until(lambda: "keeping" in manager.printed(), 10, "the manager is there")
        await output.deliver("hello")
        await output.close()  # in the middle: the clipboard is not given back yet
        assert "clipboard" not in caplog.text  # each of its waits had an answer
        assert environ.clipboard() == b"of the user"


async def test_closing_without_a_manager_leaves_the_users_clipboard(environ: Desktop) -> None:
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window("gtk"):
        await output.deliver("hello")
        await output.close()
        assert environ.clipboard() == b"of the user"
        await output.close()  # idempotent


DELIVER = """
import asyncio, sys
from tests.rigs.user_keys import FilteringHotkey
from tray_dictate.output.x11.output import X11Output
asyncio.run(X11Output("auto", FilteringHotkey()).deliver("dictated"))
"""


@pytest.mark.parametrize("manager", [None, "restorer"], ids=["no manager", "a manager"])
async def test_kill_9_during_a_paste_leaves_no_key_down_and_the_users_clipboard(
    environ: Desktop, manager: str | None
) -> None:
    with ExitStack() as stack:
        watcher = stack.enter_context(clipboard_manager(environ, manager)) if manager else None
        window = stack.enter_context(environ.text_window("odd_tk", "deaf"))
        environ.set_clipboard("of the user")
        if watcher:
            wait_until(lambda: "of the user" in watcher.printed(), 10, "the manager reads")
        with connected(environ) as display:
            clipboard = display.intern_atom("CLIPBOARD")
            before = display.get_selection_owner(clipboard)
            killed = environ.processes.start("killed", [sys.executable, "-c", DELIVER], cwd=ROOT)
            wait_until(lambda: display.get_selection_owner(clipboard) != before, 10, "the paste")
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait(5)
            assert environ.clipboard() == b"of the user"
            wait_until(lambda: not keys_down(display), 10, "no key is down")
        assert window.text() == ""
        assert watcher is None or "dictated" not in watcher.printed()
    disown(environ)  # what keeps it ends


async def test_text_picture_and_page_are_the_same_after_20_pastes(environ: Desktop) -> None:
    await paste_and_compare(environ, 20)  # `python -m tests.bench.clipboard` does it 500 times


async def test_the_last_link_leaves_the_text_on_the_clipboard(environ: Desktop) -> None:
    output = ClipboardOutput()
    assert await output.deliver("Grüße\x1b 你好") == Receipt(confirmed=False, method="clipboard")
    assert environ.clipboard() == "Grüße 你好".encode()
    await output.close()


async def test_the_last_link_waits_for_an_xclip_that_returns_too_early(
    environ: Desktop, tmp_path: Path, monkeypatch
) -> None:
    """It sends its request from a child, which a busy machine may run late."""
    program = tmp_path / "xclip"
    program.write_text(LATE_XCLIP)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    environ.set_clipboard("of the user")
    await ClipboardOutput().copy_to_clipboard("dictated")
    assert environ.clipboard() == b"dictated"


def test_the_last_link_says_what_is_missing(environ: Desktop, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnavailableError, match="clipboard") as raised:
        ClipboardOutput()
    assert "xclip" in raised.value.remedy
