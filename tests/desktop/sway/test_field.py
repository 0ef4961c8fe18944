"""A dictation fits what the text field with the focus reports: no program here offers AT-SPI."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes import (
    FakeCues,
    FakeEngine,
    FakeMicrophone,
    FakeRewriter,
    FakeTray,
    TemporaryStore,
)
from tests.rigs.sway import Sway
from tests.rigs.wayland_output import delivering
from tests.rigs.wayland_windows import Kind
from tests.waiting import until, wait_until
from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.notices import Notices
from tray_dictate.config import load
from tray_dictate.config.schema import OutputRule
from tray_dictate.core.dictation import Start, Status, Stop
from tray_dictate.core.ports import Target
from tray_dictate.core.text.caret import Around
from tray_dictate.doctor.delivery.windows import WaylandWindow
from tray_dictate.hotkey.switchable import CommandsHotkey
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.system.desktop.wayland import Arguments

_ENTER, _ENABLE, _SURROUNDING_TEXT, _SEND = 0, 1, 3, 7  # of zwp_text_input_v3

SAID = "Can you come?"
STANDS = {  # what the user has typed, the keys pressed then, and what stands there afterwards
    "an empty field": ("", "", SAID),
    "a word": ("Hello", "", "Hello can you come?"),
    "a full stop": ("Done.", "", "Done. Can you come?"),
    "a full stop and a blank": ("Done. ", "", "Done. Can you come?"),
    "a new line": ("Dear John,\n", "", "Dear John,\nCan you come?"),
    "the beginning of a line": ("is good.", "home", "Can you come? is good."),
    "between two words": ("é is good", "home right right right right", "é is can you come? good"),
    "before a mark": ("this!", "left", "this can you come?!"),
    "what is selected": ("Hello all", "shift+left shift+left shift+left", "Hello can you come?"),
}


@pytest.fixture
async def output(environ: Sway) -> AsyncIterator[WaylandOutput]:
    async with delivering() as one:
        yield one


@pytest.fixture
async def user(environ: Sway) -> AsyncIterator[WaylandOutput]:
    """Another program, which types and presses keys that we do not see."""
    async with delivering() as one:
        yield one


class Dictations:
    """A daemon whose microphone and engine are fakes."""

    def __init__(self, output: WaylandOutput, store: TemporaryStore, *settings: str) -> None:
        self._microphone, self._tray = FakeMicrophone(), FakeTray()
        notices = Notices()
        notices.show_on(self._tray)
        config = load.load(None, ["audio.tail_ms=50", *settings], {})
        self.daemon = Daemon(
            Components(
                config, CommandsHotkey(), self._microphone, FakeEngine(), output, self._tray,
                FakeCues(), FakeRewriter(), store,
            ),
            notices,
        )  # fmt: skip

    async def say(self, words: str) -> None:
        """Dictate these words, to the end."""
        count = len(self._microphone.captures)
        self.daemon.post(Start())
        await until(lambda: self._microphone.captures[count:])
        await until(lambda: self._microphone.captures[-1].opened)
        self._microphone.captures[-1].speak(words)
        self.daemon.post(Stop())
        await until(lambda: self._tray.shown[-1] is Status.IDLE, 20)


@pytest.fixture
async def store() -> AsyncIterator[TemporaryStore]:
    made = TemporaryStore()
    yield made
    await made.close()


async def dictated(
    sway: Sway, kind: Kind, parts: tuple[WaylandOutput, WaylandOutput, TemporaryStore],
    rows: dict[str, tuple[str, str, str]], *settings: str,
) -> dict[str, str]:  # fmt: skip
    """Return what a dictation leaves in a window of each row's text."""
    found = dict[str, str]()
    output, user, store = parts
    with sway.text_window(kind) as window:
        for name, (text, keys, _) in rows.items():
            dictations = Dictations(output, store, *settings)
            await dictations.daemon.start()
            window.clear()
            if text:
                await user.deliver(text)
                window.wait_for(text)
            for key in keys.split():
                await user.press(key)
            await dictations.say(SAID)
            wait_until(lambda text=text: window.text() != text, 10, "the text")
            found[name] = window.text()
            await dictations.daemon.stop()
    return found


@pytest.mark.parametrize("kind", ["gtk", "gtk4"])
async def test_a_dictation_goes_on_from_what_the_field_reports(
    environ: Sway, output, user, store, kind: Kind
) -> None:
    found = await dictated(environ, kind, (output, user, store), STANDS)
    wanted = {name: wanted for name, (_, _, wanted) in STANDS.items()}
    if kind == "gtk":  # GTK 3 reports what is selected as text that stays
        wanted["what is selected"] += " "
    assert found == wanted


async def test_a_field_is_not_read_if_the_user_wants_no_text_read(
    environ: Sway, output, user, store
) -> None:
    rows = {"a word": ("Hello", "", "")}
    parts = (output, user, store)
    found = await dictated(environ, "gtk4", parts, rows, "text.read_caret=false")
    assert found["a word"].strip() == f"Hello {SAID}"  # as the beginning of a sentence


async def test_what_a_terminal_shows_is_no_text_that_goes_on(environ: Sway, output) -> None:
    with environ.text_window("foot"):
        assert await output.around(await output.target()) is None


async def test_a_window_without_a_text_field_is_not_known(environ: Sway, output) -> None:
    with environ.text_window("xwayland"):
        assert await output.around(await output.target()) is None


async def test_another_window_than_the_target_is_not_read(environ: Sway, output) -> None:
    with environ.text_window("gtk4"):
        assert await output.around(await output.target()) is not None
        assert await output.around(Target("another")) is None
        assert await output.around(None) is None


async def test_an_application_that_gets_no_text_is_not_read(environ: Sway) -> None:
    with environ.text_window("gtk4"):
        rule = OutputRule(application=".*", method="off")
        async with delivering("auto", rule) as output:
            assert await output.around(await output.target()) is None


class EmptyField(WaylandWindow):
    """A program that reports an empty text field, whatever is in it, as some editors do."""

    def _on_input(self, opcode: int, event: Arguments) -> None:
        if opcode == _ENTER:
            self._connection.request(self._input, _ENABLE)
            self._connection.request(self._input, _SURROUNDING_TEXT, "", 0, 0)
            self._connection.request(self._input, _SEND)
        else:
            super()._on_input(opcode, event)


async def test_a_field_is_empty_only_if_it_does_not_say_so_of_our_own_text(
    environ: Sway, output
) -> None:
    window = EmptyField()
    try:
        assert window.focused.wait(10)
        target = await output.target()
        assert await output.around(target) == Around("\n")
        receipt = await output.deliver("Once.", target)
        assert (receipt.method, receipt.confirmed) == ("commit", False)
        assert await output.around(target) is None
    finally:
        window.close()
