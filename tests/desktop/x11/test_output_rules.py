"""Rules by application, in real windows: another chord, another method, a tail, nothing at all."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import clipboard_manager
from tests.rigs.x11_output import rename
from tests.waiting import wait_until
from tray_dictate.config.schema import OutputRule, OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt
from tray_dictate.output import select
from tray_dictate.output.x11.output import X11Output

HINT = b"x-kde-passwordManagerHint"


@asynccontextmanager
async def output_with(*rules: OutputRule, method="auto", private=True):
    output = X11Output(method, FilteringHotkey(), rules, private=private)
    try:
        yield output
    finally:
        await output.close()


async def test_the_chord_of_the_rule_pastes_and_no_other_is_pressed(environ: Desktop) -> None:
    rule = OutputRule(application="^Tk$", chord="ctrl+v")
    async with output_with(rule) as output:
        with environ.text_window("tk") as window:
            assert (await output.deliver("Grüße")) == Receipt(confirmed=True, method="paste")
            window.wait_for("Grüße")
            pressed = [event.keysym for event in window.key_events() if event.down]
            assert pressed == ["Control_L", "v"]


@pytest.mark.parametrize("kind", ["gtk", "gtk4", "qt", "chromium"])
async def test_ctrl_v_is_a_chord_where_programs_know_it(environ: Desktop, kind) -> None:
    async with output_with(OutputRule(application="(?i)^odd$", chord="ctrl+v")) as output:
        with environ.text_window(kind) as window:
            rename(environ, window, "odd", "Odd")
            assert (await output.deliver("Grüße 你好")).confirmed
            window.wait_for("Grüße 你好")


async def test_a_chord_that_the_layout_lacks_is_typed_instead(environ: Desktop) -> None:
    environ.set_layout("ru")  # no Latin letter is on it
    async with output_with(OutputRule(application="^Tk$", chord="ctrl+v")) as output:
        with environ.text_window("tk") as window:
            assert (await output.deliver("Привет")).method == "type"
            window.wait_for("Привет")


async def test_a_chord_that_nothing_reads_for_is_named(environ: Desktop) -> None:
    rule = OutputRule(application="^Tk$", method="paste", chord="f7")
    async with output_with(rule) as output:
        with environ.text_window("tk") as window:
            with pytest.raises(DeliveryError, match="paste by f7"):
                await output.deliver("hello")
            assert window.text() == ""


async def test_what_the_rule_says_comes_after_every_segment(environ: Desktop) -> None:
    async with output_with(OutputRule(application="^Tk$", after=" \x1b\n")) as output:
        with environ.text_window("tk") as window:
            receipt = await output.deliver("one")
            assert receipt.after == " \n"  # without the escape
            await output.deliver("two")
            window.wait_for("one \ntwo \n")


async def test_a_remote_desktop_is_typed_into(environ: Desktop) -> None:
    async with output_with() as output:
        with environ.text_window("tk") as window:
            rename(environ, window, "xfreerdp", "xfreerdp")
            assert (await output.deliver("Grüße")).method == "type"
            window.wait_for("Grüße")
            assert "Insert" not in [event.keysym for event in window.key_events()]


async def test_a_password_prompt_gets_nothing_and_the_text_is_kept_from_managers(
    environ: Desktop,
) -> None:
    environ.set_clipboard("of the user")
    async with output_with() as output:
        with environ.text_window("tk") as window:
            rename(environ, window, "pinentry-gtk-2", "Pinentry-gtk-2")
            with pytest.raises(DeliveryError, match="asks for a password"):
                await output.deliver("correct horse")
            assert environ.clipboard() == b"of the user"  # not for a moment
            await output.copy_to_clipboard("correct horse")
            assert environ.clipboard() == b"correct horse"
            assert HINT in environ.clipboard(target="TARGETS")
            assert window.text() == ""
            assert window.key_events() == []
            rename(environ, window, "tk", "Tk")
            await output.deliver("hello")
            window.wait_for("hello")
            await output.copy_to_clipboard("next")
            assert HINT not in environ.clipboard(target="TARGETS")


async def test_off_by_the_users_rule_names_the_application(environ: Desktop) -> None:
    async with output_with(OutputRule(application="^Tk$", method="off")) as output:
        with environ.text_window("tk") as window:
            with pytest.raises(DeliveryError, match=r"Tk: output\.rules"):
                await output.deliver("hello")
            assert window.text() == ""


async def test_whatever_a_window_calls_itself_its_name_is_a_short_line(environ: Desktop) -> None:
    rule = OutputRule(application="^Evil", method="off")
    async with output_with(rule) as output:
        with environ.text_window("tk") as window:
            rename(environ, window, "\x1b]0;title\x07\nline", "Evil\x9b31m\n" + "W" * 200_000)
            with pytest.raises(DeliveryError) as refused:
                await output.deliver("hello")
            application = (await output.target()).application
    assert application.startswith("Evil")
    assert len(application) <= 100
    assert str(refused.value).isprintable()


async def test_clipboard_for_one_application_copies_and_inserts_nothing(environ: Desktop) -> None:
    async with output_with(OutputRule(application="^Tk$", method="clipboard")) as output:
        with environ.text_window("tk") as window:
            assert (await output.deliver("hello")).method == "clipboard"
            assert environ.clipboard() == b"hello"
            assert window.text() == ""


async def test_a_rule_can_insert_where_the_method_for_all_is_to_copy(environ: Desktop) -> None:
    rules = [OutputRule(application="^Tk$", method="auto")]
    output = select(OutputSettings(method="clipboard", rules=rules), FilteringHotkey())
    with environ.text_window("tk") as window:
        assert (await output.deliver("hello")).method == "paste"
        window.wait_for("hello")
    with environ.text_window("gtk") as window:
        assert (await output.deliver("copied")).method == "clipboard"
        assert environ.clipboard() == b"copied"
        assert window.text() == ""
    await output.close()


@pytest.mark.parametrize("private", [True, False])
async def test_clipboard_managers_are_told_as_the_setting_says(environ: Desktop, private) -> None:
    with (
        clipboard_manager(environ, "polite") as manager,
        environ.text_window("odd_tk", "twice") as window,
    ):
        async with output_with(private=private) as output:
            environ.set_clipboard("of the user")
            wait_until(lambda: "of the user" in manager.printed(), 10, "the manager reads")
            assert (await output.deliver("dictated")).confirmed
            window.wait_for("dictated")
            wait_until(
                lambda: manager.printed().count("of the user") >= 2, 10, "the clipboard comes back"
            )
            assert ("dictated" in manager.printed()) is not private
