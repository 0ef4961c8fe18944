"""The rig itself: what the other desktop tests may take for granted."""

from __future__ import annotations

import os
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.processes import MARKER, RigError, environ_of, marked
from tests.rigs.session import Session
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import KINDS, Kind
from tests.waiting import wait_until


def write_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype(np.int16).tobytes())
    return path


def test_two_desktops_at_once_are_apart_and_leave_nothing_running_nor_lying_about() -> None:
    with Desktop(tray="trayer", notifications=True, sound=True) as one, Desktop(sound=True) as two:
        assert one.display != two.display
        marks = [one.env[MARKER], two.env[MARKER]]
        assert all(marked(mark) for mark in marks)
        one.set_clipboard("of the first")
        two.set_clipboard("of the second")
        assert (one.clipboard(), two.clipboard()) == (b"of the first", b"of the second")
        folders = [one.folder, two.folder]
    assert [marked(mark) for mark in marks] == [[], []]
    assert not any(folder.exists() for folder in folders)
    assert not {one, two}.intersection(Session.live)


def test_a_start_that_fails_half_way_ends_what_it_started_and_shows_its_log() -> None:
    desktop = Desktop(layout="no-such-layout")
    with pytest.raises(AssertionError) as failure:
        desktop.__enter__()
    assert marked(desktop.env[MARKER]) == []
    assert not desktop.folder.exists()
    assert "setxkbmap" in str(failure.value)


def test_a_missing_program_is_an_error_that_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Desktop, "PROGRAMS", ["no-such-program"])
    with pytest.raises(RigError, match=r"no-such-program\. install_scripts/test\.sh"):
        Desktop()


def test_a_program_that_dies_at_its_start_is_an_error_with_its_last_words(
    xserver: Desktop,
) -> None:
    process = xserver.processes.start("ls", ["ls", "/no-such-folder"])
    with pytest.raises(RigError, match="no-such-folder"):
        xserver.processes.wait_for("ls", process, lambda: False, 5)
    xserver.processes.end(process)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_typed_reaches_the_window(xserver: Desktop, kind: Kind) -> None:
    with xserver.text_window(kind) as window:
        xserver.keyboard.type("Hello there")
        window.wait_for("Hello there")
        window.clear()
        xserver.tap("x")
        window.wait_for(lambda text: text.endswith("x"))
        assert window.text() == "x"


def test_the_keys_go_to_the_window_that_has_the_focus(xserver: Desktop) -> None:
    with xserver.text_window("tk") as first, xserver.text_window("gtk") as second:
        xserver.tap("b")
        second.wait_for("b")
        first.focus()
        xserver.tap("a")
        first.wait_for("a")
        assert second.text() == "b"


def test_the_tk_window_logs_each_key_with_the_modifiers_held(xserver: Desktop) -> None:
    with xserver.text_window("tk") as window:
        xserver.tap("Control_R", "b")
        wait_until(lambda: len(window.key_events()) == 4, 5, "four events")
        assert [(key.keysym, key.down) for key in window.key_events()] == [
            ("Control_R", True), ("b", True), ("b", False), ("Control_R", False)]  # fmt: skip
        assert window.key_events()[1].state & 4  # Control


def test_keys_left_down_can_all_be_let_go(xserver: Desktop) -> None:
    with xserver.text_window("tk") as window:
        xserver.keydown("Shift_L")
        xserver.keyboard.let_go()
        xserver.tap("a")
        window.wait_for("a")


def test_a_layout_can_be_set_with_its_second_group_active(xserver: Desktop) -> None:
    with xserver.text_window("gtk") as window:
        xserver.set_layout("us,ru", group=1)
        xserver.tap("38")  # the key right of Caps Lock
        window.wait_for("ф")


def test_hardware_keys_and_synthetic_keys_both_reach_a_window(hardware_xserver: Desktop) -> None:
    with hardware_xserver.text_window("tk") as window:
        hardware_xserver.tap("h")
        window.wait_for("h")
        hardware_xserver.synthetic.tap("s")
        window.wait_for("hs")
        hardware_xserver.keydown("Shift_L")
        hardware_xserver.synthetic.tap("s")
        hardware_xserver.keyup("Shift_L")
        window.wait_for("hsS")


def test_what_is_played_is_what_the_microphone_hears_bit_for_bit(
    desktop: Desktop, tmp_path: Path
) -> None:
    noise = np.random.default_rng(7).integers(1, 20_000, 24_000)
    wav = write_wav(tmp_path / "noise.wav", noise, 48_000)
    with desktop.sound.recording() as heard:
        desktop.play_whole(wav)
    start = np.flatnonzero(heard.samples)[0]
    assert np.array_equal(heard.samples[start : start + len(noise)], noise)


def test_what_goes_to_the_speaker_can_be_heard_but_not_by_the_microphone(
    desktop: Desktop, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "tone.wav", np.full(9600, 5000), 48_000)
    with (
        desktop.sound.recording("speaker.monitor") as heard,
        desktop.sound.recording() as microphone,
    ):
        desktop.sound.play_whole(wav, device="speaker")
    assert np.abs(heard.samples).max() > 4000
    assert not microphone.samples.any()


def test_a_sound_server_that_was_stopped_stays_away_until_it_is_started() -> None:
    with Desktop(sound=True) as desktop:
        desktop.sound.stop()
        with pytest.raises(subprocess.CalledProcessError):
            desktop.sound.pactl("info")
        desktop.sound.start()
        assert "Default Source: virtmic" in desktop.sound.pactl("info")


def test_notifications_are_written_down(desktop: Desktop) -> None:
    desktop.run("notify-send", "No microphone", "Plug it in")
    wait_until(lambda: "No microphone" in desktop.notifications(), 5, "the notification")


def test_the_tray_can_be_restarted_and_seen(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start_tray("trayer")
    assert not desktop.bus_has("org.kde.StatusNotifierWatcher")
    desktop.stop_tray()
    desktop.start_tray("xfce")
    picture = desktop.screenshot(tmp_path / "screen.png")
    assert picture.size == (1280, 800)
    assert (tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")


def test_a_click_moves_the_focus_as_a_person_would(xserver: Desktop) -> None:
    with xserver.text_window("tk") as lower, xserver.text_window("gtk") as upper:
        xserver.run("xdotool", "windowmove", "--sync", lower.id, "20", "400")
        xserver.run("xdotool", "windowmove", "--sync", upper.id, "20", "40")
        xserver.click(200, 550)
        xserver.tap("a")
        lower.wait_for("a")


def test_this_process_can_join_the_desktop(environ: Desktop, xserver: Desktop) -> None:
    assert environ is xserver
    assert os.environ["DISPLAY"] == xserver.display


def test_a_process_shows_its_mark_from_its_first_moment() -> None:
    """The kernel shows an empty environment until a program is quite loaded: one in seven."""
    for _ in range(100):
        with subprocess.Popen(["sleep", "60"], env={MARKER: "it"}) as process:
            try:
                assert environ_of(Path(f"/proc/{process.pid}")) == f"{MARKER}=it\0".encode()
            finally:
                process.kill()


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(CODE))
CHILD
print("INFO ready:", sys.argv, file=sys.stderr)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("code", "child", "complaint"),
    [
        pytest.param("0", "", None, id="a clean end passes"),
        pytest.param("3", "", "exited with 3", id="an exit code fails"),
        pytest.param(
            "0",
            "subprocess.Popen(['sleep', '60'], start_new_session=True)",
            "left running: .*sleep 60",
            id="a child left behind fails",
        ),
    ],
)
def test_a_daemon_must_end_cleanly(
    xserver: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    code: str, child: str, complaint: str | None,
) -> None:  # fmt: skip
    stand_in = tmp_path / "tray_dictate" / "__main__.py"
    stand_in.parent.mkdir()
    (stand_in.parent / "__init__.py").touch()  # or the installed package would be preferred
    stand_in.write_text(STUBBORN.replace("CODE", code).replace("CHILD", child))
    monkeypatch.setattr("tests.rigs.daemon.ROOT", tmp_path)
    daemon = xserver.daemon(hotkey__keys="f9")
    assert isinstance(daemon, Daemon)
    assert "hotkey.keys=" in daemon.wait_log("ready")
    if complaint is None:
        daemon.stop()
    else:
        with pytest.raises(AssertionError, match=complaint):
            daemon.stop()
    assert marked(daemon._mark) == []
