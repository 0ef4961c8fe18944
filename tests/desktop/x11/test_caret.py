"""No two words are joined, wherever the caret is: dictations into real windows, with real keys.

The microphone and the engine are fakes, so that a dictation takes no longer than its delivery.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes import (
    FakeCues,
    FakeEngine,
    FakeListener,
    FakeMicrophone,
    FakeNotices,
    FakeRewriter,
    FakeTray,
    TemporaryStore,
)
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import Kind, TextWindow
from tests.waiting import until, wait_until
from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.notices import Notices
from tray_dictate.config import load
from tray_dictate.core.dictation import Start, Status, Stop
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.ports import Target
from tray_dictate.core.text.caret import Around
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.output.atspi import AccessibleCaret
from tray_dictate.output.x11.output import X11Output

SAID = "Can you come?"
ALL, TEN = False, True
READ: list[tuple[Kind, bool]] = [("gtk", ALL), ("gtk4", TEN), ("qt", TEN)]
UNREAD: list[tuple[Kind, bool]] = [("tk", ALL), ("chromium", TEN)]
FIRST = {  # what is done, and what stands there where the text beside the caret can be read
    "an empty field": ("say", SAID),
    "a word": ("type Hello|say", "Hello can you come?"),
    "a comma": ("type Hello Margaret,|say", "Hello Margaret, can you come?"),
    "a full stop and a blank": ("type Done. |say", "Done. Can you come?"),
    "a new line": ("type Dear John,|key Return|say", "Dear John,\nCan you come?"),
    "a dictation": ("say One.|say", "One. Can you come?"),
    "a dictation and more": ("say One.|type  OK.|say", "One. OK. Can you come?"),
    "a dictation without its mark": ("say One.|key BackSpace|say", "One can you come?"),
    "a dictation in another window": ("say One.|elsewhere|say", "One. Can you come?"),
    "a dictation that is taken back": ("type So|say One.|undo|say", "So can you come?"),
    "a comma that a dictation ended with": ("say One,|say", "One. Can you come?"),
    "the beginning of a line": ("type is good.|key Home|say", "Can you come? is good."),
    "a click behind a dictation": ("say One.|click|say", "One. Can you come?"),
    "between two words": ("type that is good|key Home Right*4|say", "that can you come? is good"),
    "before a word": ("type that is|key Home Right*5|say", "that can you come? is"),
    "in a word": ("type word|key Home Right*2|say", "wo can you come? rd"),
    "behind a bracket": ("type see (|say", "see (can you come?"),
    "before a mark": ("type this!|key Left|say", "this can you come?!"),
    "what is selected": ("type Hello all|key shift+Left*3|say", "Hello can you come?"),
}
ELSE = {  # where it cannot: there is a blank on each side of the unknown
    "a click behind a dictation": "One. Can you come? ",
    "between two words": "that Can you come?  is good",
    "before a word": "that  Can you come? is",
    "in a word": "wo Can you come? rd",
    "behind a bracket": "see ( Can you come?",
    "before a mark": "this Can you come? !",
    "what is selected": "Hello  Can you come? ",
}
OTHERS = {  # not among the ten that every kind of window is tried in
    "a word", "a full stop and a blank", "a new line", "a dictation", "a dictation and more",
    "a dictation that is taken back", "a comma that a dictation ended with", "before a mark",
    "the beginning of a line",
}  # fmt: skip
TERMINAL = {
    "a prompt": ("click|say", SAID),
    "a word": ("type git commit|say", "git commit can you come?"),
    "a dictation": ("say One.|click|say", "One. Can you come?"),
    "a fresh prompt": ("say One.|key Return|click|say", f"One.\n{SAID}"),
    "a dictation in another window": ("say One.|elsewhere|say", "One. Can you come?"),
}


@pytest.fixture(scope="module")
def xserver() -> Iterator[Desktop]:
    with Desktop(accessible=True) as accessible:
        yield accessible


class Typist:
    """Does one thing after the other in a window, and dictates between."""

    def __init__(self, desktop: Desktop, window: TextWindow, parts: Components) -> None:
        self._desktop, self._window, self._parts = desktop, window, parts
        notices = Notices()
        notices.show_on(parts.tray)
        self.daemon = Daemon(parts, notices)
        self._edges = 0  # that the daemon has learnt of
        self._tray: FakeTray = parts.tray  # type: ignore[assignment]
        self._microphone: FakeMicrophone = parts.microphone  # type: ignore[assignment]

    def edge(self, edge: Edge) -> None:
        """Tell the daemon what the user does."""
        self._edges += 1
        self.daemon.edge(edge)

    async def do(self, steps: str) -> str:
        """Return what is in the window after steps such as "type Hello|key Home|say"."""
        for step in steps.split("|"):
            word, _, rest = step.partition(" ")
            await getattr(self, f"_{word}")(rest)
        return self._window.text()

    async def _say(self, words: str) -> None:
        before = self._window.text()
        await self._begin("")
        self._microphone.captures[-1].speak(words or SAID)
        await self._end("")
        wait_until(lambda: self._window.text() != before, 5, "the text")

    async def _begin(self, _: str) -> None:
        count = len(self._microphone.captures)
        self.daemon.post(Start())
        await until(lambda: self._microphone.captures[count:])
        await until(lambda: self._microphone.captures[-1].opened)

    async def _speak(self, words: str) -> None:
        before = self._window.text()
        self._microphone.captures[-1].speak(words)
        await until(lambda: self._window.text() != before, 10)

    async def _end(self, _: str) -> None:
        self.daemon.post(Stop())
        await until(lambda: self._tray.shown[-1] is Status.IDLE, 10)

    async def _selected(self, _: str) -> None:
        await until(lambda: self._window._source.ask("selected"), 10)  # type: ignore[attr-defined]

    async def _away(self, _: str) -> None:
        with self._desktop.text_window("tk"):
            pass
        await asyncio.to_thread(self._window.focus)

    async def _type(self, text: str) -> None:
        before = self._window.text()
        await self._keys("type", "--delay", "2", text)
        self._window.wait_for(before + text)

    async def _key(self, keys: str) -> None:
        for key in keys.split():
            name, _, times = key.partition("*")
            await self._keys("key", "--delay", "2", *[name] * int(times or 1))

    async def _keys(self, *words: str) -> None:
        before = self._edges
        await asyncio.to_thread(self._desktop.run, "xdotool", *words)
        await until(lambda: self._edges > before)
        self._desktop.run("xdotool", "getmouselocation")  # the server has sent all of them
        await asyncio.sleep(0)
        self._window.text()  # and the program has come to them

    async def _click(self, _: str) -> None:
        await self._keys("mousemove", "--window", self._window.id, "500", "250", "click", "1")

    async def _elsewhere(self, _: str) -> None:
        with self._desktop.text_window("tk") as other:
            mine, self._window = self._window, other
            await self._say("Two.")
            assert other.text() == "Two."
            self._window = mine
        await asyncio.to_thread(mine.focus)

    async def _undo(self, _: str) -> None:
        before = self._window.text()
        await self.daemon.delivery.undo()
        wait_until(lambda: self._window.text() != before, 5, "it is taken back")


class OneHotkey(FilteringHotkey):
    """Announces the output's keys to a back end of the hotkey's."""

    def __init__(self, hotkey: XInputHotkey) -> None:
        super().__init__()
        self.expect = hotkey.expect


@pytest.fixture
async def parts(environ: Desktop) -> AsyncIterator[Components]:
    hotkey = XInputHotkey((), (), FakeNotices())
    output = X11Output("auto", OneHotkey(hotkey))
    history = TemporaryStore()
    caret = AccessibleCaret(soon=5.0)  # programs answer late beside other tests
    yield Components(
        load.load(None, ["audio.tail_ms=50"], {}), hotkey, FakeMicrophone(), FakeEngine(),
        output, FakeTray(), FakeCues(), FakeRewriter(), history, caret,
    )  # fmt: skip
    hotkey.stop()
    for part in (output, history, caret):
        await part.close()


async def outcomes(
    desktop: Desktop, window: TextWindow, parts: Components, steps: dict[str, str]
) -> dict[str, str]:
    """Return what each of the steps leaves in the window."""
    typist: list[Typist] = []
    loop = asyncio.get_running_loop()

    class Listener(FakeListener):
        def edge(self, edge: Edge) -> None:
            loop.call_soon_threadsafe(typist[-1].edge, edge)

        def caught_up(self, mark: int) -> None:
            loop.call_soon_threadsafe(typist[-1].daemon.caught_up, mark)

    found: dict[str, str] = {}
    for name, what in steps.items():
        typist.append(Typist(desktop, window, parts))
        if not found:
            parts.hotkey.start(Listener())
        await typist[-1].daemon.start()
        found[name] = await typist[-1].do(what)
        await typist[-1].daemon.stop()
        await asyncio.to_thread(window.clear)
    return found


@pytest.mark.parametrize(("kind", "ten"), READ)
async def test_a_dictation_goes_on_from_what_stands_there(
    xserver, environ, parts, kind, ten
) -> None:
    rows = {name: row for name, row in FIRST.items() if not (ten and name in OTHERS)}
    with xserver.text_window(kind) as window:
        steps = {name: what for name, (what, _) in rows.items()}
        found = await outcomes(xserver, window, parts, steps)
    assert found == {name: wanted for name, (_, wanted) in rows.items()}


@pytest.mark.parametrize(("kind", "ten"), UNREAD)
async def test_no_two_words_are_joined_where_nothing_can_be_read(
    xserver, environ, parts, kind, ten
) -> None:
    rows = {name: text for name, (_, text) in FIRST.items() if not (ten and name in OTHERS)}
    wanted = {name: ELSE.get(name, text) for name, text in rows.items()}
    if kind == "tk":  # its windows keep what is selected
        del wanted["what is selected"]
    with xserver.text_window(kind) as window:
        found = await outcomes(xserver, window, parts, {name: FIRST[name][0] for name in wanted})
    assert found == wanted


async def test_no_blank_comes_first_at_a_terminals_prompt(xserver, environ, parts) -> None:
    steps = {name: what for name, (what, _) in TERMINAL.items()}
    with xserver.text_window("xterm") as window:
        found = await outcomes(xserver, window, parts, steps)
    assert found == {name: wanted for name, (_, wanted) in TERMINAL.items()}


SELECTING = {
    "a segment": "begin|speak One two.|selected|speak Three.|end",
    "the focus": "begin|speak One two.|away|selected|speak Three.|end",
    "a dictation": "say One two.|selected|say Three.",
}


async def test_a_field_that_selects_its_own_text_loses_none_of_it(xserver, environ, parts) -> None:
    with xserver.text_window("selecting") as window:
        found = await outcomes(xserver, window, parts, SELECTING)
    assert found == dict.fromkeys(SELECTING, "One two. Three.")


async def test_what_the_user_selects_is_replaced(xserver, environ, parts) -> None:
    steps = {"all": "say One two.|key ctrl+a|say Three."}
    with xserver.text_window("gtk") as window:
        assert await outcomes(xserver, window, parts, steps) == {"all": "Three."}


async def read(caret: AccessibleCaret) -> Around | None:
    """Return what is read when it has had the time of a short dictation to look."""
    caret.look()
    await caret._looking  # type: ignore[misc]
    return await caret.around(None)


@pytest.fixture
async def caret(environ: Desktop) -> AsyncIterator[AccessibleCaret]:
    reader = AccessibleCaret()
    yield reader
    await reader.close()


async def test_a_password_is_never_read(xserver, caret) -> None:
    with xserver.text_window("password") as window:
        xserver.run("xdotool", "type", "secret")
        window.wait_for("secret")
        assert await read(caret) is None


async def test_a_program_that_is_stopped_holds_no_text_up(xserver, caret) -> None:
    with xserver.text_window("gtk") as window:
        assert await read(caret) == Around("\n")
        os.kill(window.pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(5):  # far less, but a busy machine must not fail it
                assert await caret.around(None) is None
        finally:
            os.kill(window.pid, signal.SIGCONT)
        window.wait_for("")
        assert await read(caret) == Around("\n"), "and it is read again when it goes on"


async def test_a_window_of_another_program_is_not_taken_for_the_target(xserver, caret) -> None:
    with xserver.text_window("gtk") as window:
        assert await read(caret) == Around("\n")
        assert await caret.around(Target(window.id, process=window.pid)) == Around("\n")
        assert await caret.around(Target(window.id, process=1)) is None


async def test_without_an_accessibility_bus_nothing_is_read(caret, monkeypatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    assert await read(caret) is None
