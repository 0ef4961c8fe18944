"""The Wayland rig itself: what the other tests may take for granted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.processes import MARKER, RigError, marked
from tests.rigs.session import Session
from tests.rigs.sway import Sway
from tests.rigs.wayland_windows import KINDS, Kind
from tests.waiting import wait_until


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_typed_reaches_the_window_from_its_first_character(sway: Sway, kind: Kind) -> None:
    with sway.text_window(kind) as window:
        sway.keyboard.type("Hello There, You!")
        window.wait_for("Hello There, You!")
        window.clear()
        sway.tap("x")
        window.wait_for("x")


def test_the_keys_go_to_the_window_that_has_the_focus(sway: Sway) -> None:
    with sway.text_window("foot") as first, sway.text_window("gtk") as second:
        sway.tap("b")
        second.wait_for("b")
        first.focus()
        sway.tap("a")
        first.wait_for("a")
        assert second.text() == "b"


def test_a_click_moves_the_focus_as_a_person_would(sway: Sway) -> None:
    with sway.text_window("foot") as left, sway.text_window("gtk") as right:
        assert right.is_focused()
        rect = left.node()["rect"]
        sway.click(rect["x"] + 50, rect["y"] + 50)
        wait_until(left.is_focused, 5, "the click moves the focus")


def test_both_selections_hold_what_was_copied(sway: Sway) -> None:
    sway.set_clipboard("of the clipboard")
    sway.set_clipboard("of the primary", primary=True)
    assert (sway.clipboard(), sway.clipboard(primary=True)) == (
        b"of the clipboard", b"of the primary")  # fmt: skip
    assert "text/plain;charset=utf-8" in sway.clipboard_types()


def test_bindings_of_press_and_of_release_spawn_commands(sway: Sway, tmp_path: Path) -> None:
    log = tmp_path / "log"
    sway.configure(
        f"bindcode --no-repeat 105 exec echo down >> {log}",
        f"bindcode --release 105 exec echo up >> {log}",
    )
    sway.keydown("ctrl_r")
    wait_until(lambda: log.exists() and log.read_text() == "down\n", 5, "the press")
    sway.keyup("ctrl_r")
    wait_until(lambda: log.read_text() == "down\nup\n", 5, "the release")
    sway.configure()


def test_notifications_and_the_bar_are_seen_and_everything_ends() -> None:
    with Sway(tray=True, notifications=True) as session:
        session.run("notify-send", "-a", "somebody", "No microphone", "Plug it in")
        wait_until(lambda: "Plug it in" in session.notifications(), 5, "the notification")
        [note] = session.shown()
        assert (note["app-name"], note["summary"]) == ("somebody", "No microphone")
        wait_until(lambda: session.screenshot().getpixel((20, 18)) == (34, 34, 34), 10, "the bar")
        mark, folder = session.env[MARKER], session.folder
    assert marked(mark) == []
    assert not folder.exists()
    assert session not in Session.live


def test_a_missing_program_is_an_error_that_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sway, "PROGRAMS", ["no-such-program"])
    with pytest.raises(RigError, match=r"no-such-program\. install_scripts/test\.sh"):
        Sway()


def test_ci_installs_every_program_of_the_rigs() -> None:
    script = (ROOT / "install_scripts" / "test.sh").read_text()
    listed = script.partition("packages=(")[2].partition("\n)")[0].splitlines()
    packages = {name for line in listed for name in line.partition("#")[0].split()}
    for program in ("dbus-send", "setpriv", "unshare", "wtype", "kwin_wayland", *Sway.PROGRAMS):
        path = shutil.which(program)
        assert path, f"{program} is not installed"
        names = [path, str(Path(path).resolve()), path.removeprefix("/usr")]
        done = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True, check=False)
        owners = {line.partition(":")[0] for line in done.stdout.splitlines()}
        assert owners & packages, f"{program} is of {owners}, which test.sh does not install"
