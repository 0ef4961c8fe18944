"""Programs in which a paste is something else: each segment of a dictation is there, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.rigs.applications import Application, Calc, Emacs, Gnumeric, Remote, Vim, Writer
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected
from tests.rigs.x11_windows import Kind
from tests.waiting import wait_until
from tray_dictate.output.x11.output import X11Output

SAID = ["Hello there. ", "This is (only) a Test, ", "äöü ß is it."]


@pytest.fixture
async def output(environ: Desktop) -> AsyncIterator[X11Output]:
    made = X11Output("auto", FilteringHotkey())
    yield made
    await made.close()


@pytest.mark.timeout(240)  # the office suite takes its time to start
@pytest.mark.parametrize("program", [Calc, Gnumeric, Vim, Emacs])
async def test_every_segment_stays(
    environ: Desktop, output: X11Output, program: type[Application]
) -> None:
    with program(environ) as window:
        for said in SAID:
            await output.deliver(said)
        assert window.wait_for("".join(SAID)) == "".join(SAID)


@pytest.mark.timeout(240)
async def test_a_cell_holds_what_was_said_whatever_the_office_suite_corrects(
    environ: Desktop, output: X11Output
) -> None:
    said = [
        "Margaret Thatcher\n",  # a column's entries are completed by what stands above
        "Really! it's teh", " YOu and teh", ' "quoted" 1/2 -- teh (c)\n',
        "Margaret", " i.\n",
        "Margaret\n",
    ]  # fmt: skip
    with Calc(environ) as window:
        for text in said:
            await output.deliver(text, onward=True)
        assert window.all_cells() == "".join(said)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("program", [Calc, Writer])
async def test_an_office_suite_does_not_insert_what_it_has_copied_instead(
    environ: Desktop, output: X11Output, program: type[Calc]
) -> None:
    with program(environ) as window:
        for said in SAID:
            window.clear()
            assert await pasted(output, said)
            assert window.text() == said  # which copies it


async def pasted(output: X11Output, text: str) -> bool:
    receipt = await output.deliver(text)
    return receipt.method == "paste" and receipt.confirmed


async def test_another_machine_gets_letters_that_its_keys_lack(
    environ: Desktop, output: X11Output
) -> None:
    environ.set_layout("de")
    said = ["ßä", "Y äöüß é ñ € end", "Ünï ЖК"]
    with Remote(environ) as window:
        for text in said:
            await output.deliver(text)
        assert window.wait_for("".join(said)) == "".join(said)


async def test_another_machine_gets_more_letters_than_it_has_free_keys(
    environ: Desktop, output: X11Output
) -> None:
    said = ["Żółć, Łódź, Śnieg śnieg Ćma żubr. ", "Жук жук Яма яма Кум"]
    assert len({c for text in said for c in text if not c.isascii()}) > 18
    with Remote(environ) as window:
        for text in said:
            await output.deliver(text)
        assert window.wait_for("".join(said)) == "".join(said)


async def test_a_window_that_ignores_a_paste_is_asked_once_and_so_is_its_application(
    environ: Desktop, output: X11Output
) -> None:
    with environ.text_window("odd_tk", "deaf") as window:
        for said in SAID:
            assert (await output.deliver(said)).method == "type"
        window.wait_for("".join(SAID))
        assert window.pastes() == 1
    with environ.text_window("odd_tk", "deaf") as window:
        await output.deliver("hello")
        window.wait_for("hello")
        assert window.pastes() == 0


async def test_a_terminal_that_inserts_something_for_the_chord_gets_it_once(
    environ: Desktop, output: X11Output
) -> None:
    with environ.text_window("xterm") as window:
        assert (await output.deliver("hello")).method == "paste"  # others of its kind do
        window.wait_for("hello")
    rule = 'XTerm*VT100.translations: #override Shift <KeyPress> Insert: string("#")\n'
    (environ.folder / "resources").write_text(rule)
    environ.run("xrdb", "-merge", str(environ.folder / "resources"))
    try:
        with environ.text_window("xterm") as window:
            for said in SAID:
                await output.deliver(said)
            window.wait_for("#" + "".join(SAID))
    finally:
        environ.run("xrdb", "-remove")


async def test_a_window_that_was_only_late_is_pasted_into_again(
    environ: Desktop, output: X11Output
) -> None:
    with environ.text_window("odd_tk", "late") as window:
        assert (await output.deliver("hello")).method == "type"
        window.wait_for("hello")  # it is awake
        assert (await output.deliver("more")).method == "type"  # it sleeps at the chord again
        window.wait_for("hellomore")
        assert window.pastes() == 2


@pytest.fixture
async def typing(environ: Desktop) -> AsyncIterator[X11Output]:
    made = X11Output("type", FilteringHotkey())
    yield made
    await made.close()


@pytest.fixture
def telex(environ: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An input method that makes Vietnamese of what is typed, in every window opened now."""
    for name, module in (("XMODIFIERS", "@im=ibus"), ("GTK_IM_MODULE", "ibus"),
                         ("QT_IM_MODULE", "ibus")):  # fmt: skip
        monkeypatch.setitem(environ.env, name, module)
    argv = ["ibus-daemon", "--xim", "--panel", "disable", "--config", "disable"]
    daemon = environ.processes.start("ibus", argv)

    def is_on() -> bool:
        environ.run("ibus", "engine", "m17n:vi:telex", check=False)
        with connected(environ) as display:  # Tk and xterm look for it when they open
            there = display.get_selection_owner(display.intern_atom("@server=ibus"))
        return there and "telex" in environ.run("ibus", "engine", check=False)

    wait_until(is_on, 30, "the input method is on")
    yield
    environ.processes.end(daemon)


@pytest.mark.parametrize("kind", ["xterm", "tk", "gtk", "qt"])
async def test_an_input_method_makes_nothing_else_of_what_is_typed(
    environ: Desktop, typing: X11Output, telex: None, kind: Kind
) -> None:
    text = "Turn off the lights in the living room. Grüße: aa, dd, ow! 你好 (yes)?\nEnd"
    with environ.text_window(kind) as window:
        environ.keyboard.type("aa ")
        window.wait_for(lambda held: "â" in held and " " in held)  # it does read along
        window.clear()
        await typing.deliver(text)
        window.wait_for(text)
