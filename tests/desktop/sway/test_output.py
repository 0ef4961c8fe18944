"""Text into real windows of a real compositor, by every method and setting, and what it refuses."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from tests.rigs.sway import Sway
from tests.rigs.wayland_output import MIXED, TEXTS, delivering
from tests.rigs.wayland_windows import KINDS, Kind
from tests.waiting import wait_until
from tray_dictate.config.schema import OutputRule, OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.output import select
from tray_dictate.output.wayland.input_method import MANAGER
from tray_dictate.output.wayland.keyboard import SETTLE_X
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.system.desktop.wayland import Connection

PASSWORD = """
import gi
gi.require_version("Gtk", "4.0")
from gi.repository import GLib, Gtk
Gtk.init()
window = Gtk.Window(title="secret")
entry = Gtk.PasswordEntry()
window.set_child(entry)
entry.grab_focus()
entry.connect("changed", lambda entry: print(len(entry.get_text()), "characters", flush=True))
window.connect("notify::is-active", lambda *_: print("it is active", flush=True))
window.present()
GLib.MainLoop().run()
"""
COMMITS = ("foot", "gtk", "gtk4")  # Debian's Qt speaks a protocol for text fields that sway lacks


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
async def output(environ: Sway) -> AsyncIterator[WaylandOutput]:
    async with delivering() as one:
        yield one


def test_a_wayland_session_gets_the_wayland_output_also_where_there_is_an_x_server(
    environ: Sway,
) -> None:
    assert environ.env["DISPLAY"]
    output = select(OutputSettings())
    assert isinstance(output, WaylandOutput)
    asyncio.run(output.close())


@pytest.mark.parametrize("kind", KINDS)
async def test_every_text_arrives_as_it_is_in_every_kind_of_window(
    output: WaylandOutput, environ: Sway, kind: Kind
) -> None:
    with environ.text_window(kind) as window:
        target = await output.target()
        for name, text in TEXTS.items():
            window.clear()
            receipt = await output.deliver(text, target)
            window.wait_for(text)
            if kind in COMMITS and (kind, name) != ("foot", "lines"):
                assert receipt.method == "commit"
            assert receipt.confirmed or receipt.method != "commit" or kind != "gtk4"


@pytest.mark.parametrize("kind", KINDS)
async def test_typed_text_arrives_as_it_is_in_every_kind_of_window(
    environ: Sway, kind: Kind
) -> None:
    async with delivering("type") as output:
        with environ.text_window(kind) as window:
            receipt = await output.deliver(MIXED, await output.target())
            window.wait_for(MIXED)
            assert (receipt.method, receipt.confirmed) == ("type", False)


async def test_typing_into_a_program_on_xwayland_leaves_it_the_time_for_a_keymap(
    environ: Sway,
) -> None:
    async with delivering("type") as output:
        with environ.text_window("xwayland") as window:
            target, began = await output.target(), time.monotonic()
            await output.deliver("你", target)
            assert time.monotonic() - began >= SETTLE_X
            window.wait_for("你")


async def test_what_is_kept_is_the_clipboard_and_secret_where_it_may_be_a_password(
    environ: Sway,
) -> None:
    secret = "x-kde-passwordManagerHint"
    async with delivering("clipboard", OutputRule(application="foot", method="off")) as output:
        with environ.text_window("gtk"):
            receipt = await output.deliver("copied", await output.target())
            assert (receipt.method, environ.clipboard()) == ("clipboard", b"copied")
            await output.copy_to_clipboard("kept")
            assert environ.clipboard() == b"kept"
            assert secret not in environ.clipboard_types()
        with environ.text_window("foot"):
            with pytest.raises(DeliveryError):
                await output.deliver("a password", await output.target())
            await output.copy_to_clipboard("a password")
            assert environ.clipboard() == b"a password"
            assert secret in environ.clipboard_types()


async def test_a_new_line_is_not_committed_into_a_terminal(
    output: WaylandOutput, environ: Sway
) -> None:
    with environ.text_window("foot") as window:
        receipt = await output.deliver("first\nsecond", await output.target())
        assert receipt.method != "commit"  # it would run a command, where a paste waits for Enter
        window.wait_for("first\nsecond")


async def test_a_new_line_may_be_a_chord_of_its_own(output: WaylandOutput, environ: Sway) -> None:
    with environ.text_window("gtk4") as window:
        target = await output.target()
        await output.deliver("first", target)
        await output.press("shift+enter", target)
        await output.deliver("second", target)
        window.wait_for("first\nsecond")


async def test_a_rule_knows_the_application_by_its_app_id(environ: Sway) -> None:
    rules = (
        OutputRule(application="^foot$", method="off"),
        OutputRule(application="gtk_window", method="type", after=" "),
    )
    async with delivering("auto", *rules) as output:
        with environ.text_window("gtk") as window:
            receipt = await output.deliver("typed", await output.target())
            window.wait_for("typed ")
            assert (receipt.method, receipt.after) == ("type", " ")
        with environ.text_window("foot") as window:
            with pytest.raises(DeliveryError, match="Nothing is inserted into foot"):
                await output.deliver("no", await output.target())
            assert window.text() == ""


@pytest.fixture
def asking(environ: Sway, tmp_path: Path) -> Iterator[Popen[bytes]]:
    """A window that asks for a password, and gets none."""
    name, argv = tmp_path.name, ["/usr/bin/python3", "-c", PASSWORD]
    process = environ.processes.start(name, argv, env={**environ.env, "GDK_BACKEND": "wayland"})
    wait_until(lambda: "it is active" in environ.processes.tail(name), 20, "it has the focus")
    yield process
    assert "characters" not in environ.processes.tail(name)
    environ.processes.end(process)


async def test_a_field_that_shows_dots_gets_nothing_and_is_not_read(
    output: WaylandOutput, asking
) -> None:
    target = await output.target()
    assert await output.around(target) is None
    with pytest.raises(DeliveryError, match="asks for a password"):
        await output.deliver("my words", target)


async def test_nor_does_it_where_a_busy_machine_lets_it_answer_late(
    output: WaylandOutput, asking, monkeypatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1000.0, 0.0, 0.0))
    target = await output.target()
    asking.send_signal(signal.SIGSTOP)
    late = threading.Timer(0.2, asking.send_signal, [signal.SIGCONT])
    late.start()
    with pytest.raises(DeliveryError, match="asks for a password"):
        await output.deliver("my words", target)
    late.join()


async def test_where_no_window_has_the_focus_nothing_is_inserted(output: WaylandOutput) -> None:
    assert await output.target() is None
    with pytest.raises(DeliveryError, match="No window has the focus"):
        await output.deliver("lost")


async def test_beside_another_input_method_text_arrives_by_another_method(environ: Sway) -> None:
    other = Connection()
    method = other.create()
    other.request(other.bind(MANAGER), 0, other.bind("wl_seat"), method)
    other.roundtrip()
    try:
        async with delivering() as output:
            assert "Another input method" in dict(output.explain())["commit"]
            with environ.text_window("gtk") as window:
                receipt = await output.deliver("all the same", await output.target())
                window.wait_for("all the same")
                assert receipt.method != "commit"
    finally:
        other.close()


async def test_it_explains_which_methods_there_are(output: WaylandOutput) -> None:
    methods = dict(output.explain())
    assert next(iter(methods)) == "commit"
    assert methods["commit"] == methods["type"] == ""


@pytest.mark.parametrize("kind", ["gtk4", "foot"])
async def test_a_very_long_text_arrives_and_harms_nobody(
    output: WaylandOutput, environ: Sway, kind: Kind
) -> None:
    text = "Straße 你好 é, " * 700
    with environ.text_window(kind) as window:
        target = await output.target()
        await output.deliver(text, target)
        window.wait_for(text)
        window.clear()
        await output.deliver("and more", target)
        window.wait_for("and more")


async def test_what_was_inserted_is_taken_back(output: WaylandOutput, environ: Sway) -> None:
    for kind in KINDS:
        with environ.text_window(kind) as window:
            target = await output.target()
            await output.deliver("before after", target)
            await output.erase(6, target)
            wanted = "before after" + "\x7f" * 6 if kind == "foot" else "before"
            window.wait_for(wanted)


async def test_nothing_is_taken_back_from_where_the_user_has_typed_since(
    output: WaylandOutput, environ: Sway
) -> None:
    with environ.text_window("gtk") as window:
        target = await output.target()
        await output.deliver("said", target)
        environ.tap("x")
        window.wait_for("saidx")
        with pytest.raises(DeliveryError, match="something else is in front of the caret"):
            await output.erase(4, target)
        assert window.text() == "saidx"


async def test_text_after_the_end_of_the_compositor_is_an_error_and_no_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Sway() as own:
        own.join(monkeypatch)
        async with delivering() as output:
            own.text_window("gtk")
            target = await output.target()
            await output.deliver("still there", target)
            own.run("swaymsg", "exit", check=False)
            await asyncio.sleep(0.5)
            with pytest.raises(DeliveryError):
                await asyncio.wait_for(output.deliver("gone", target), 20)
            assert await output.target() is None


async def test_two_outputs_in_a_row_leave_no_thread_and_no_file_behind(environ: Sway) -> None:
    async with delivering():
        pass
    before = open_files()
    for _ in range(3):
        async with delivering() as output:
            await output.target()
    assert open_files() <= before
