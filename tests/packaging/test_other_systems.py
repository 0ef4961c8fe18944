"""What Windows and macOS import: they have no fcntl, no Xlib, no D-Bus."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINUX_ONLY = re.compile(
    r"(\w+\.)+(x11|wayland|portals?|atspi|dbus|ibus|evdev)\w*|output\.(x11|wayland|portal)(\.\w+)+"
    r"|app\.sleep|system\.(screen_lock\.bus|programs\.processes)"
    r"|hotkey\.(kde|x11\.\w+|shortcut_service)|ui\.tray\.(linux|notifications|sni|xembed\w*)"
    r"|output\.secrecy|doctor\.delivery\.(clipboard\w*|sample|windows)"
)


@pytest.fixture(scope="module", params=["win32", "darwin"])
def system(request, tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "tests/packaging/another_system.py", request.param], cwd=ROOT, text=True,
        env={**kept, "HOME": home, "XDG_RUNTIME_DIR": home, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_only_what_is_for_linux_needs_what_only_linux_has(system):
    unexpected = {
        name: why for name, why in system["refused"].items() if not LINUX_ONLY.fullmatch(name)
    }
    assert unexpected == {}


def test_what_only_linux_has_is_really_gone(system):
    assert {"system.desktop.dbus", "hotkey.evdev", "output.x11.output"} <= system["refused"].keys()


def test_the_doctors_checks_come_to_an_answer(system):
    checks = system["checks"]
    assert len(checks) == 8
    assert [said for findings in checks.values() for said in findings if "failed:" in said] == []


def test_no_remedy_is_of_linux(system):
    linux = "PipeWire PulseAudio pulseaudio systemctl apt xclip wl-clipboard XDG_".split()
    assert len(system["remedies"]) == 6
    assert [words for words in system["remedies"] if any(word in words for word in linux)] == []
