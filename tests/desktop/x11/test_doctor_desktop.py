"""`tray-dictate doctor` on real desktops: whole ones, and some that lack this or that."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.fakes import FakePrompter
from tests.rigs import hostile
from tests.rigs.daemon import ROOT
from tests.rigs.keepers import keepers
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings, OutputRule, OutputSettings
from tray_dictate.doctor import hotkey
from tray_dictate.doctor.delivery import clipboard
from tray_dictate.doctor.delivery import x11 as delivery_x11
from tray_dictate.system.programs import own_python

NAMES = [
    "version", "display", "settings", "hotkey", "microphone", "level", "engine model",
    "engine load", "engine text", "paste", "typing", "clipboard", "tray", "notifications",
    "autostart", "folders", "disk", "history", "daemon",
]  # fmt: skip
MARKS = "✓!✗–"  # noqa: RUF001
RICH = b"<b>" + bytes(range(32, 127)) * 5000 + b"</b>"  # more than goes in one piece


def start(desktop: Desktop, *words: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        own_python.module("tray_dictate", "doctor", *words),  # as the installed command does
        env={**desktop.env, "PYTHONPATH": str(ROOT), **env},
        cwd=hostile.plant(Path(desktop.env["HOME"], "downloaded")),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def examine(desktop: Desktop, *words: str, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code, and what was found by its name."""
    process = start(desktop, "--json", "--no-input", *words, **env)
    printed, errors = process.communicate(timeout=100)
    assert errors == ""
    found = json.loads(printed)["checks"]
    assert all(one["remedy"] for one in found if one["state"] == "failed")
    return process.returncode, {one["name"]: one for one in found}


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Half a minute of a quiet room."""
    path = tmp_path / "noise.wav"
    room = np.random.default_rng(1).normal(0, 0.01, 30 * 48000)
    soundfile.write(path, room.astype(np.float32), 48000)
    return path


def test_where_all_is_well_every_check_says_so_and_a_running_daemon_goes_on(desktop, noise):
    desktop.set_clipboard(RICH, target="text/html")
    desktop.set_clipboard("marked with the mouse", "primary")
    player = desktop.play(noise)
    with desktop.daemon(hotkey__keys="f9") as daemon, desktop.text_window("tk") as window:
        process = start(desktop, "--set", "hotkey.keys=f9")
        assert process.stdout is not None
        printed = []
        while "Press the hotkey, f9" not in (line := process.stdout.readline()):
            assert line, process.communicate()
            printed.append(line)
        desktop.tap("F9")
        rest, errors = process.communicate(timeout=100)
        window.wait_for(lambda text: text == "")
        assert daemon.process.poll() is None
        limits = Path(f"/proc/{daemon.process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 ", limits, re.MULTILINE)
    desktop.processes.end(player)
    lines = [line for line in [*printed, *rest.splitlines()] if line[:1] in MARKS and line.strip()]
    assert [line[2:17].strip() for line in lines] == NAMES, rest
    assert [line[0] for line in lines] == ["✓"] * len(NAMES), rest
    assert (process.returncode, errors, rest.splitlines()[-1]) == (0, "", "No problems found.")
    assert desktop.clipboard(target="text/html") == RICH
    assert desktop.clipboard("primary") == b"marked with the mouse"
    assert hostile.ran(Path(desktop.env["HOME"], "downloaded")) == []


def test_what_keeps_the_clipboard_ends_when_something_else_is_copied(
    xserver, environ, tmp_path, monkeypatch
):
    monkeypatch.chdir(hostile.plant(tmp_path))
    others = keepers(xserver)
    xserver.set_clipboard("before")
    assert clipboard.keep("CLIPBOARD")
    wait_until(lambda: xserver.clipboard() == b"before", 5, "the same clipboard")
    [keeper] = keepers(xserver) - others
    xserver.set_clipboard("something else")
    wait_until(lambda: keeper not in keepers(xserver), 5, "the end of the keeper")
    assert xserver.clipboard() == b"something else"
    assert hostile.ran(tmp_path) == []


async def test_what_is_copied_meanwhile_is_not_emptied_away(xserver, environ):
    clipboard.clear()
    async with AsyncExitStack() as stack:
        trial = delivery_x11.DeliveryCheck(OutputSettings(method="paste"), ["paste"], stack)
        before = await trial._read_clipboard()
        assert before.sample
        xserver.set_clipboard("copied meanwhile")
        await trial._is_restored(before)
    assert xserver.clipboard() == b"copied meanwhile"


def test_where_nothing_is_there_each_lack_has_its_line_and_its_remedy(xserver, environ):
    clipboard.clear()
    settings = Path(xserver.env["XDG_CONFIG_HOME"], "tray_dictate", "config.toml")
    settings.parent.mkdir(exist_ok=True)
    settings.write_text('[hotkey]\nkeys = "f99"\n')
    state = Path(xserver.env["XDG_DATA_HOME"], "tray_dictate")
    state.write_text("not a folder")
    try:
        code, found = examine(xserver)
    finally:
        settings.unlink()
        state.unlink()
    assert code == 1
    assert list(found) == [name for name in NAMES if name != "level"]
    assert (found["microphone"]["state"], found["tray"]["state"]) == ("failed", "warning")
    assert "No microphone was found" in found["microphone"]["words"]
    assert "panel" in found["tray"]["remedy"]
    assert found["settings"]["state"] == "failed"
    assert "hotkey.keys" in found["settings"]["words"]
    assert str(settings) in found["settings"]["remedy"]
    assert "is not a folder" in found["folders"]["words"]
    assert str(state) in found["folders"]["remedy"]
    assert found["hotkey"]["state"] == "unchecked"
    assert "no press was asked for" in found["hotkey"]["words"]
    assert found["clipboard"]["state"] == "ok"
    assert xserver.clipboard() == b"", "it was empty"


def test_a_dead_display_is_named_and_the_rest_is_looked_at_and_gnome_gets_its_own_remedy(xserver):
    code, found = examine(xserver, DISPLAY=":4711", XDG_CURRENT_DESKTOP="GNOME")
    assert code == 1
    assert "AppIndicator" in found["tray"]["remedy"]
    failed = [name for name, one in found.items() if one["state"] == "failed"]
    assert failed == ["display", "hotkey", "microphone", "typing"]
    assert ":4711 does not answer" in found["display"]["words"]
    assert found["engine text"]["state"] == "ok"


def test_a_muted_microphone_fails(desktop):
    desktop.sound.pactl("set-source-mute", "virtmic", "1")
    try:
        code, found = examine(desktop)
    finally:
        desktop.sound.pactl("set-source-mute", "virtmic", "0")
    assert (code, found["microphone"]["state"]) == (1, "failed")
    assert "virtmic is muted" in found["microphone"]["words"]
    assert "Unmute it" in found["microphone"]["remedy"]
    assert found["level"]["state"] == "warning"


@pytest.mark.parametrize(
    ("pressed", "state", "words"),
    [
        (["Control_L", "Alt_L", "space"], "ok", "was seen, by XInput"),
        (["Alt_L", "space"], "failed", "nor was any other key"),
        (["q"], "failed", "presses of other keys: 1"),
    ],
)
async def test_the_hotkey_is_seen_when_all_of_it_is_down(xserver, environ, pressed, state, words):
    def press(_request: str) -> None:
        xserver.keydown(*pressed)
        xserver.keyup(*pressed)

    settings, user = HotkeySettings(keys="ctrl+alt+space"), FakePrompter(press)
    [found] = await hotkey.check_hotkey(settings, user, 10 if state == "ok" else 0.5)
    assert (found.name, found.state) == ("hotkey", state)
    assert words in found.words
    assert "Press the hotkey, ctrl+alt+space" in user.requests[0]
    assert bool(found.remedy) == (state == "failed")


async def test_a_hotkey_that_no_key_gives_is_told_with_the_key_that_was_seen(xserver, environ):
    xserver.run("setxkbmap", "us", "-option", "compose:rctrl")
    try:
        user = FakePrompter(lambda _request: xserver.tap("105"))
        found = await hotkey.check_hotkey(HotkeySettings(), user, 0.5)
    finally:
        xserver.run("setxkbmap", "us", "-option", "")
    assert [one.name for one in found] == ["hotkey", "keys"]
    assert "presses of other keys: 1, the last of Compose" in found[0].words
    assert "right Ctrl: the key in its place gives Compose" in found[1].words


async def states(settings: OutputSettings) -> dict[str, str]:
    return {one.name: one.state for one in await delivery_x11.check_delivery(settings)}


ALL = {"paste": "ok", "typing": "ok", "clipboard": "ok"}


@pytest.mark.parametrize(("layout", "group"), [("us", 0), ("us,ru", 1), ("de", 0)])
async def test_the_text_is_read_back_in_every_layout(xserver, environ, layout, group):
    xserver.set_layout(layout, group)
    xserver.set_clipboard("mine")
    assert await states(OutputSettings()) == ALL
    assert xserver.clipboard() == b"mine"


async def test_caps_lock_changes_nothing(xserver, environ):
    xserver.tap("Caps_Lock")
    try:
        assert await states(OutputSettings()) == ALL
    finally:
        xserver.tap("Caps_Lock")


async def test_only_the_configured_way_is_tried(xserver, environ):
    xserver.set_clipboard("mine")
    assert await states(OutputSettings(method="type")) == {"typing": "ok"}
    assert await states(OutputSettings(method="clipboard")) == {"typing": "unchecked"}
    off = OutputSettings(rules=[OutputRule(application=".", method="off")])
    assert await states(off) == {"typing": "unchecked"}
    assert xserver.clipboard() == b"mine"


async def test_what_a_rule_appends_is_expected(xserver, environ):
    rules = [OutputRule(application=".", after=" ", chord="ctrl+v")]
    assert (await states(OutputSettings(rules=rules)))["paste"] == "ok"


async def test_a_clipboard_that_cannot_be_read_is_left_alone(xserver, environ, tmp_path):
    (tmp_path / "text").write_text("mine")
    owner = xserver.processes.start(
        "frozen",
        ["/usr/bin/python3", str(ROOT / "tests/rigs/targets/copying.py"),
         f"text/plain={tmp_path / 'text'}", "frozen"],
    )  # fmt: skip
    try:
        wait_until(lambda: "ready" in xserver.processes.tail("frozen"), 20, "the owner")
        before = clipboard.owners()
        found = await delivery_x11.check_delivery(OutputSettings())
        assert [(one.name, one.state) for one in found] == [("paste", "warning"), ("typing", "ok")]
        assert clipboard.owners() == before
    finally:
        xserver.processes.end(owner)


async def test_the_focus_is_where_it_was(xserver, environ):
    with xserver.text_window("tk") as window:
        await states(OutputSettings())
        wait_until(window.is_focused, 5, "the window manager has seen our window go")
        xserver.tap("x")
        window.wait_for(lambda text: text == "x")


async def test_a_paste_that_does_not_arrive_fails_and_the_clipboard_is_kept(xserver, environ):
    xserver.set_clipboard("mine")
    deaf = [OutputRule(application=".", chord="f5")]  # our window pastes for other chords
    found = await states(OutputSettings(method="paste", rules=deaf))
    assert found == {"paste": "failed", "clipboard": "ok"}
    assert await states(OutputSettings(rules=deaf)) == {**ALL, "paste": "warning"}
    assert xserver.clipboard() == b"mine"


def test_ctrl_c_in_mid_paste_leaves_the_clipboard_as_it_was(xserver):
    xserver.set_clipboard("mine")
    process = start(xserver, "--no-input")
    assert process.stdout is not None
    while "engine text" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    time.sleep(0.5)  # it pastes, or gives back, or has done so
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) in [(130, ""), (1, "")]
    assert xserver.clipboard() == b"mine"
