"""A command that only reads the settings loads no library that computes."""

from __future__ import annotations

import os
import subprocess

import pytest

from tray_dictate.system.programs import own_python


@pytest.mark.parametrize(
    "settings", ["engine.languages=['de']", "engine.local_model='whisper-base'"]
)
def test_the_check_of_the_settings_loads_no_model_and_nothing_that_runs_one(settings, tmp_path):
    code = (
        "import sys\n"
        "from tray_dictate.cli.main import main\n"
        f"main(['config', '--check', '--set', {settings!r}])\n"
        "heavy = {'numpy', 'onnxruntime', 'transcribe_cpp', 'websockets'} & sys.modules.keys()\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        own_python.script(code), capture_output=True, text=True, env=env, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "`tray-dictate models get " in done.stdout
