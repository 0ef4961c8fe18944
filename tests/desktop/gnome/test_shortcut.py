"""GNOME's shortcut that `doctor --fix` has set up, pressed in a real gnome-shell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.gnome import Gnome
from tests.waiting import wait_until

pytestmark = pytest.mark.gnome
MEDIA_KEYS = "/usr/libexec/gsd-media-keys"  # it runs the commands


def test_the_key_runs_the_command_in_gnome_shell():
    desktop = Gnome()
    desktop.env["GSETTINGS_BACKEND"] = "keyfile"
    with desktop as gnome:
        programs, ran = gnome.folder / "bin", gnome.folder / "ran"
        ran.write_text("")
        (programs / "tray-dictate").write_text(f'#!/bin/sh\necho "$1" >> {ran}\n')
        (programs / "python").symlink_to(sys.executable)  # so that the one beside it is ours
        service = gnome.processes.start("media-keys", [MEDIA_KEYS])
        is_there = lambda: gnome.bus_has("org.gnome.SettingsDaemon.MediaKeys")  # noqa: E731
        gnome.processes.wait_for("media-keys", service, is_there, 30)
        done = subprocess.run(
            [str(programs / "python"), "-m", "tray_dictate", "doctor", "--fix", "--json",
             "--set", "hotkey.keys=f9"],
            env={**gnome.env, "PYTHONPATH": f"{ROOT}:{Path(pytest.__file__).parents[1]}"},
            cwd=gnome.env["HOME"], capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        [found] = json.loads(done.stdout)["checks"]
        assert found["state"] == "ok", found

        def pressed() -> list[str]:  # when the shell has grabbed it, nothing tells
            gnome.tap("f9")
            time.sleep(0.3)
            return ran.read_text().split()

        wait_until(pressed, 30, "the command was run")
        assert set(ran.read_text().split()) == {"toggle"}
