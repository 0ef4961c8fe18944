"""`tray-dictate doctor` in a real Wayland session: what is in use, and why not the better ways."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.sway import Sway
from tray_dictate.config.schema import HotkeySettings, OutputRule, OutputSettings
from tray_dictate.doctor import wayland
from tray_dictate.doctor.check import Finding
from tray_dictate.doctor.delivery import wayland as delivery_wayland
from tray_dictate.doctor.delivery.windows import CLASS, characters
from tray_dictate.hotkey.bindings import compositors
from tray_dictate.output.wayland.keymap import assign_keys, keymap

F9 = ("--set", "hotkey.keys=f9")


def examine(sway: Sway, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code, and what was found by its name."""
    done = subprocess.run(
        [sys.executable, "-m", "tray_dictate", "doctor", "--json", "--no-input", *words],
        env={**sway.env, "PYTHONPATH": str(ROOT)}, cwd=sway.env["HOME"], capture_output=True,
        text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)["checks"]}


def named(found: list[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in found}


def test_each_way_has_its_line_and_the_users_window_and_clipboard_are_left_alone(sway):
    sway.set_clipboard("copied before")
    with sway.text_window("gtk") as window:
        _, found = examine(sway, *F9)
        window.wait_for(lambda text: text == "")
        assert window.is_focused()
    assert found["display"]["state"] == "ok"
    assert found["display"]["words"].startswith("Wayland (wayland-")
    assert found["hotkey"]["state"] == "warning"
    lines = found["hotkey"]["remedy"].splitlines()
    assert lines[0].startswith("`tray-dictate doctor --write` adds these lines to")
    assert lines[1].startswith("bindsym --no-repeat F9 exec ")
    assert lines[2].startswith("bindsym --release --locked F9 exec ")
    assert found["key: commands"]["words"] == "in use"
    assert "no global shortcuts" in found["key: portal"]["words"]
    assert (found["commit"]["state"], found["typing"]["state"]) == ("ok", "ok")
    assert found["text: commit"]["words"] == "in use"
    assert sway.clipboard() == b"copied before"


def test_what_write_has_bound_is_known(sway, environ):
    before = sway.configuration.read_text()
    code, _ = examine(sway, "--write", *F9)
    assert code == 0
    found = wayland.check_compositor_file(compositors.find(), HotkeySettings(keys="f9"))
    assert found.state == "ok"
    assert str(sway.configuration) in found.words
    sway.configuration.write_text(before)
    sway.swaymsg("reload")


@pytest.mark.parametrize("method", ["clipboard", "off"])
async def test_where_nothing_is_to_be_inserted_nothing_is_tried(environ, method):
    rule = OutputRule(application=CLASS, method=method)
    found = named(await delivery_wayland.check_delivery(OutputSettings(rules=(rule,))))
    assert found["typing"].state == "unchecked"
    assert method in found["typing"].words


async def test_who_wants_it_typed_has_that_tried_alone(environ):
    found = named(await delivery_wayland.check_delivery(OutputSettings(method="type")))
    assert found["typing"].state == "ok"
    assert "commit" not in found
    assert found["text: type"].words == "in use"
    assert found["text: commit"].words == "not chosen by the settings"


async def test_who_chose_the_kernels_keys_hears_why_they_cannot_be_had(environ):
    found = named(await wayland.check_hotkey(HotkeySettings(keys="f9", source="evdev"), None))
    assert found["key: evdev"].state == "unchecked"
    assert "/dev/input" in found["key: evdev"].words
    assert found["key: commands"].words == "in use"


def test_each_character_of_a_keymap_of_ours_is_known():
    text = "aé€Ж你🚀 \n\t"
    codes = assign_keys(text)
    read = characters(keymap(codes))
    assert {character: read[codes[character]] for character in text} == {c: c for c in text}


def test_a_way_that_works_but_comes_later_is_told_from_one_that_does_not():
    explained = [("commit", "No such protocol."), ("paste", ""), ("type", "")]
    assert wayland.first_usable(explained, ("commit", "type")) == "type"
    assert wayland.first_usable(explained, ("commit",)) == ""
    words = [one.words for one in wayland.list_methods("text", explained, "paste")]
    assert words[0] == "not in use: No such protocol."
    assert words[1] == "in use"
    assert "if the ones above failed" in words[2]
