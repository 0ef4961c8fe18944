"""KDE's windows: which has the focus, text for one of them, and what we leave in KWin."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes import PlainText
from tests.rigs.daemon import ROOT
from tests.rigs.kwin import KWin
from tests.rigs.wayland_output import delivering
from tests.waiting import wait_until
from tray_dictate.app.placement import Placement, Policy
from tray_dictate.config.schema import OutputRule
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Target
from tray_dictate.output.wayland.kwin import KWinWindows
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.system import files

pytestmark = pytest.mark.kwin

GTK4, GTK3 = "GTK Application", "gtk_window.py"  # the names that the windows give themselves
LISTENER = """
from tray_dictate.output.wayland.kwin import KWinWindows
windows = KWinWindows()
print("listening", flush=True)
input()
"""


@pytest.fixture
def windows(environ: KWin) -> Iterator[KWinWindows]:
    found = KWinWindows()
    yield found
    found.close()


@pytest.fixture
async def output(environ: KWin) -> AsyncIterator[WaylandOutput]:
    async with delivering() as found:
        yield found


def scripts() -> list[str]:
    """Return the programs for which KWin runs scripts, as far as their files say."""
    return [path.stem for path in files.kwin_scripts().glob("*.js")]


def test_the_window_with_the_focus_is_known_and_whose_it_is(
    windows: KWinWindows, kwin: KWin
) -> None:
    assert windows.focus() is None
    first = kwin.text_window("gtk4")
    target = windows.focus()
    assert target
    assert (target.application, target.process) == (GTK4, first.pid)
    with kwin.text_window("gtk") as second:
        other = windows.focus()
        assert other
        assert (other.application, other.process) == (GTK3, second.pid)
    wait_until(lambda: windows.focus() == target, 10, "the first has the focus again")
    first.close()
    wait_until(lambda: windows.focus() is None, 10, "no window has the focus")


def test_a_window_gets_the_focus_also_from_another_virtual_desktop(
    windows: KWinWindows, kwin: KWin
) -> None:
    first = kwin.text_window("gtk4")
    target = windows.focus()
    second = kwin.text_window("gtk")
    assert target
    windows.activate(target)
    wait_until(first.is_focused, 10, "the first has the focus")
    wait_until(lambda: not second.is_focused(), 10, "the second has heard of it")
    kwin.show_second_desktop()
    wait_until(lambda: windows.focus() is None, 10, "the desktop is another")
    windows.activate(target)
    assert windows.focus() == target
    wait_until(first.is_focused, 10, "the first has the focus again")


def test_a_closed_window_is_gone_and_gets_no_focus(windows: KWinWindows, kwin: KWin) -> None:
    with kwin.text_window("gtk4"):
        target = windows.focus()
        assert target
        assert not windows.is_gone(target)
        late = KWinWindows()  # which has never seen it get the focus
        assert not late.is_gone(target)
    wait_until(lambda: windows.is_gone(target), 10, "it is gone")
    wait_until(lambda: late.is_gone(target), 10, "it is gone for the other, too")
    late.close()
    with pytest.raises(DeliveryError, match="has been closed"):
        windows.activate(target)


async def test_a_rule_for_an_application_applies_to_its_windows_alone(
    environ: KWin, kwin: KWin
) -> None:
    rules = [
        OutputRule(application=f"^{GTK4}$", after="!"),
        OutputRule(application="gtk_window", method="off"),
    ]
    async with delivering("auto", *rules) as output:
        with kwin.text_window("gtk4") as window:
            receipt = await output.deliver("said")
            assert receipt.after == "!"
            window.wait_for("said!")
        with kwin.text_window("gtk") as refusing:
            with pytest.raises(DeliveryError, match=f"Nothing is inserted into {GTK3}"):
                await output.deliver("said")
            assert refusing.text() == ""


async def test_what_a_shipped_rule_types_elsewhere_is_pasted_where_nothing_can_type(
    environ: KWin, kwin: KWin
) -> None:
    with kwin.text_window("gtk", "libreoffice-calc") as window:
        async with delivering() as output:
            target = await output.target()
            assert target
            assert target.application == "libreoffice-calc"
            assert (await output.deliver("said", target)).method == "paste"
            window.wait_for("said")


async def test_text_for_a_window_without_the_focus_goes_nowhere(
    output: WaylandOutput, kwin: KWin
) -> None:
    first = kwin.text_window("gtk4")
    target = await output.target()
    second = kwin.text_window("gtk")
    for act in (
        output.deliver("meant for the first", target),
        output.press("enter", target),
        output.erase(3, target),
    ):
        with pytest.raises(FocusMovedError) as raised:
            await act
        assert raised.value.done == 0
    assert (first.text(), second.text()) == ("", "")


@pytest.mark.parametrize("policy", ["hold", "return", "follow"])
async def test_each_policy_brings_the_text_where_it_says(
    output: WaylandOutput, windows: KWinWindows, kwin: KWin, policy: Policy
) -> None:
    first = kwin.text_window("gtk4")
    placing = Placement(output, policy, 30)
    origin = placing.origin()
    target = await output.target()
    assert target
    second = kwin.text_window("gtk")
    inserting = asyncio.create_task(placing.insert(PlainText("said", origin)))
    if policy == "hold":
        await asyncio.sleep(0.3)
        assert (first.text(), second.text()) == ("", "")
        await asyncio.to_thread(windows.activate, target)
    async with asyncio.timeout(20):
        await inserting
    there, elsewhere = (second, first) if policy == "follow" else (first, second)
    there.wait_for("said")
    assert elsewhere.text() == ""


async def test_without_a_window_nothing_is_pressed(output: WaylandOutput, kwin: KWin) -> None:
    kwin.text_window("gtk4").close()
    await asyncio.to_thread(
        wait_until, lambda: output._find_target() is None, 10, "no window has the focus"
    )
    with pytest.raises(DeliveryError, match="No window has the focus"):
        await output.deliver("said")
    with pytest.raises(FocusMovedError):
        await output.press("enter")


async def test_what_was_inserted_is_erased_by_keys_of_the_portal(
    output: WaylandOutput, kwin: KWin
) -> None:
    with kwin.text_window("gtk4") as window:
        target = await output.target()
        await output.deliver("kept, scratched", target)
        window.wait_for("kept, scratched")
        await output.erase(len(", scratched"), target)
        window.wait_for("kept")


def test_on_a_locked_screen_no_window_has_the_focus(monkeypatch: pytest.MonkeyPatch) -> None:
    with KWin(locker=True) as own:
        own.join(monkeypatch)
        windows = KWinWindows()
        own.text_window("gtk4")
        assert windows.focus()
        own.lock()
        assert windows.focus() is None
        windows.close()


def test_the_script_and_its_file_go_with_the_program(environ: KWin, kwin: KWin) -> None:
    windows, beside = KWinWindows(), KWinWindows()
    names = scripts()
    assert len(names) == 2
    assert all(kwin.has_script(name) for name in names)
    folder = files.kwin_scripts()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    windows.close()
    [left] = scripts()
    assert [name for name in names if kwin.has_script(name)] == [left]
    with kwin.text_window("gtk4"):
        assert beside.focus()
    beside.close()
    assert not kwin.has_script(left)
    assert list(folder.iterdir()) == []


def test_the_script_of_a_killed_program_is_removed_by_the_next(environ: KWin, kwin: KWin) -> None:
    env = {**kwin.env, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", LISTENER]
    killed = kwin.processes.start("listener", argv, env=env, stdin=-1)
    log = kwin.processes.log_path("listener")
    kwin.processes.wait_for("listener", killed, lambda: "listening" in log.read_text(), 20)
    [orphan] = scripts()
    killed.kill()
    killed.wait()
    assert kwin.has_script(orphan)
    windows = KWinWindows()
    assert not kwin.has_script(orphan)
    assert orphan not in scripts()
    windows.close()


def test_a_script_that_was_removed_is_started_again(windows: KWinWindows, kwin: KWin) -> None:
    [name] = scripts()
    with kwin.text_window("gtk4") as first:
        target = windows.focus()
        kwin.remove_script(name)
        second = kwin.text_window("gtk")
        other = windows.focus()
        assert target
        assert other
        assert (target.process, other.process) == (first.pid, second.pid)
        assert not windows.is_gone(target)


def test_only_kwin_is_believed(windows: KWinWindows, kwin: KWin) -> None:
    [name] = scripts()
    with kwin.text_window("gtk4"):
        target = windows.focus()
        forged = ["sss", "{forged}", "forged", "1"]
        where = ["/org/tray_dictate/Windows", "org.tray_dictate.Windows", "Focused"]
        kwin.run("busctl", "--user", "call", name, *where, *forged, check=False)
        assert windows.focus() == target
        assert windows.is_gone(Target("{forged}"))


def test_a_compositor_that_hangs_is_told_and_holds_nothing_up(
    windows: KWinWindows, kwin: KWin
) -> None:
    with kwin.text_window("gtk4"):
        target = windows.focus()
        with kwin.stopped(), pytest.raises(DeliveryError, match="list of windows cannot be read"):
            windows.focus()
        assert windows.focus() == target


def test_scripts_are_where_no_other_user_can_write(environ: KWin, kwin: KWin) -> None:
    assert files.kwin_scripts().is_relative_to(kwin.runtime)
