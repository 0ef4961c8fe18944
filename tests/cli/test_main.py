"""The command line as a user runs it: a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests import speech
from tests.rigs import commands
from tray_dictate import __version__
from tray_dictate.config import template
from tray_dictate.history import entries

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "run start stop toggle cancel redo undo copy status reload quit transcribe history stats "
    "doctor devices models config key autostart completion help"
).split()
SENTENCE = "Please send the invoice to accounting before noon."


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def cli(home):
    def run(
        *args: str, stdin: Any = None, stdout: Any = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        others = "XDG_", "TRAY_", "DISPLAY", "WAYLAND", "PULSE", "DBUS", "PYTHON"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        own = {"HOME": str(home), "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(home),
               "PULSE_RUNTIME_PATH": str(home)}  # fmt: skip
        done = commands.run([*args], {**kept, **own, **env}, cwd=home, stdin=stdin, stdout=stdout)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


def test_help_has_every_command_by_what_it_is_for(cli):
    done = cli("--help")
    assert (done.returncode, done.stderr) == (0, "")
    listed = re.findall(r"^  ([a-z]+) {2,}\S", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    assert re.findall(r"^[a-z ]+:$", done.stdout, re.MULTILINE) == [
        "dictating:", "what you said:", "setting up:", "options:", "examples:",
    ]  # fmt: skip
    for word in ("--set", "--config", "--version", "right Ctrl"):
        assert word in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100


def test_the_version_is_told(cli):
    assert cli("--version").stdout == f"tray-dictate {__version__}\n"


def test_an_unknown_command_is_wrongly_asked(cli):
    done = cli("dictate")
    assert done.returncode == 2
    assert "'dictate' is not known; see tray-dictate --help." in done.stderr


def test_the_defaults_are_a_settings_file(cli):
    assert cli("config", "--defaults").stdout == template.render()


def test_the_path_of_the_settings_is_told(cli, home):
    path = Path(cli("config", "--path").stdout.strip())
    assert path.name == "config.toml"
    assert home in path.parents


def test_right_settings_are_right(cli):
    done = cli("config", "--check")
    assert (done.returncode, done.stdout) == (0, "No problems found in the settings.\n")


def test_an_older_name_of_a_setting_is_pointed_out(cli):
    done = cli("config", "--check", "--set", "text.vocabulary=['Ximena']")
    assert done.stdout == (
        "text.vocabulary is an older name of text.words, and still works. Move its terms to "
        "text.words.\nNo problems found in the settings.\n"
    )


def test_three_mistakes_are_three_lines(cli, home):
    path = home / "wrong.toml"
    path.write_text('[hotkey]\nkeys = "cntrl"\nmode = "hodl"\n[audoi]\ndevice = "x"\n')
    for args in (("config", "--check", "--config", str(path)), ("run", "--config", str(path))):
        done = cli(*args)
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert lines[0] == f"tray-dictate: {path}:"
        assert len(lines) == 4
        assert "did you mean 'ctrl'?" in lines[1]


def test_every_server_that_can_never_answer_is_listed_with_the_other_mistakes(cli, home):
    path = home / "wrong.toml"
    path.write_text(
        "[audio]\ntail_ms = -1\n"
        '[engine]\nname = "localai"\nendpoint = "http://box.example:8080"\nauth = "entra"\n'
        '[rewrite]\nendpoint = "ftp://x"\nmodel = "m"\n'
        '[[rewrite.profiles]]\napplication = "mail"\nendpoint = "https://me:hush@h"\n'
    )
    for args in (("config", "--check", "--config", str(path)), ("run", "--config", str(path))):
        done = cli(*args)
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert [line.partition(": ")[0] for line in lines[1:]] == [
            "audio.tail_ms", "engine.endpoint", "engine.model", "engine.auth",
            "rewrite.profiles[0].endpoint", "rewrite.endpoint",
        ]  # fmt: skip
        assert "box.example:8080 is another machine" in lines[2]
        assert "hush" not in done.stderr


def test_a_server_may_be_in_the_environment_and_is_not_asked(cli):
    azure = ("config", "--check", "--set", "engine.name=azure")
    assert "engine.endpoint: Azure OpenAI needs the address" in cli(*azure).stderr
    done = cli(*azure, AZURE_OPENAI_STT_TTS_ENDPOINT="https://no-such-host.invalid")
    assert done.stdout == "No problems found in the settings.\n"


def test_a_server_that_is_not_used_is_not_checked(cli):
    done = cli("config", "--check", "--set", "engine.endpoint=ftp://x")
    assert done.stdout == "No problems found in the settings.\n"


@pytest.mark.parametrize(
    "command",
    [
        ("run",), ("config", "--check"), ("transcribe", "talk.wav"), ("history",), ("stats",),
        ("key", "test"), ("doctor", "engine"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_settings_file_that_is_not_there_is_named_also_the_default_one(cli, command):
    default = cli("config", "--path").stdout.strip()
    for path in ("nowhere.toml", default):
        done = cli("--config", path, *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert path in done.stderr
        assert "there is no such file; name another with --config" in done.stderr


@pytest.mark.parametrize("option", ["--write", "--fix"])
def test_the_doctor_names_it_as_well_and_sets_nothing_up(cli, option):
    default = cli("config", "--path").stdout.strip()
    done = cli("--config", default, "doctor", option)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{default}: there is no such file." in done.stdout
    assert "Name another with --config." in done.stdout


def test_an_unknown_hotkey_is_explained(cli):
    done = cli("--set", "hotkey.keys=ctlr_r", "run")
    assert done.returncode == 2
    assert "did you mean 'ctrl_r'?" in done.stderr


def test_without_a_display_it_says_so_and_fails(cli):
    done = cli("run")
    assert done.returncode == 1
    assert "The X server cannot be reached" in done.stderr
    assert "graphical" in done.stderr


def test_without_a_sound_server_devices_says_so(cli):
    done = cli("devices")
    assert done.returncode == 1
    assert "No microphone was found" in done.stderr


def test_transcribe_prints_what_is_said(cli, home):
    path = speech.write_wav(home / "said.wav", SENTENCE)
    done = cli("transcribe", str(path))
    assert (done.returncode, done.stdout) == (0, f"{SENTENCE}\n")


def test_any_wav_works(cli, home):
    samples, rate = speech.say(SENTENCE)
    stereo = np.stack([samples, samples], axis=1)
    soundfile.write(home / "stereo44.wav", speech.resampled(stereo, rate, 44100), 44100)
    soundfile.write(home / "eight.wav", samples, rate, subtype="PCM_U8")
    done = cli("transcribe", "--json", "stereo44.wav", "eight.wav")
    assert done.returncode == 0, done.stderr
    texts = [json.loads(line)["text"] for line in done.stdout.splitlines()]
    assert texts[0] == SENTENCE
    assert "invoice" in texts[1]


def test_a_name_that_no_file_can_have_is_one_sentence(cli):
    done = cli("transcribe", "x" * 300)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.count("\n") == 1
    assert "cannot be read: File name too long." in done.stderr


def test_files_that_are_no_speech_are_named_and_the_rest_is_done(cli, home):
    (home / "text.wav").write_text("not sound")
    soundfile.write(home / "empty.wav", np.zeros(0, np.float32), 16000)
    speech.write_wav(home / "said.wav", SENTENCE)
    done = cli("transcribe", "text.wav", "empty.wav", "nowhere.wav", "said.wav")
    assert done.returncode == 1
    assert done.stdout == f"{SENTENCE}\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(name in line for name, line in zip(["text", "empty", "nowhere"], lines, strict=True))


def test_a_pipe_is_transcribed_and_a_full_disk_is_one_sentence(cli, home):
    path = speech.write_wav(home / "said.wav", SENTENCE)
    with path.open("rb") as file, Path("/dev/full").open("wb") as full:
        done = cli("transcribe", "-", stdin=file)
        assert (done.stdout, done.stderr, done.returncode) == (f"{SENTENCE}\n", "", 0)
        done = cli("transcribe", "said.wav", stdout=full)
    assert done.stderr.count("\n") == done.returncode == 1
    assert "The output cannot be written: No space left on device." in done.stderr


@pytest.mark.parametrize("words", ["--version", "--help", "config --defaults", "stats --json"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_every_command_tells_a_full_disk_behind_its_output(cli, words, unbuffered):
    with Path("/dev/full").open("wb") as full:
        done = cli(*words.split(), stdout=full, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr == (
        "tray-dictate: The output cannot be written: No space left on device. Send it somewhere "
        "else.\n"
    )


OTHER_ENCODINGS = [
    {"PYTHONIOENCODING": name} for name in ("ascii", "latin-1", "cp1252:strict", "koi8-r", "cp437")
] + [{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}]  # fmt: skip
RARE = "今天 € «naïve» Łódź 😀 \x9b31m\u202e\x1b[2J"


@pytest.mark.parametrize("env", OTHER_ENCODINGS, ids=str)
def test_no_character_ends_a_command_whatever_the_encoding(cli, home, env):
    data = home / "data"
    kept = entries.History(data / "tray_dictate" / "history.sqlite")
    kept.add(entries.Entry(0, time.time(), RARE, RARE, "delivered", RARE))
    kept.close()
    env = {**env, "XDG_DATA_HOME": str(data), "HOME": str(home / "Łódź")}
    shown = cli("history", **env)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "delivered" in shown.stdout
    raw = cli("history", "--json", **env)
    assert (raw.returncode, raw.stderr) == (0, "")
    line = json.loads(raw.stdout)
    assert line["text"] == RARE
    assert line["window"].isprintable()
    assert not set(raw.stdout) & set("\x9b\u202e\x1b")
    assert cli("config", "--path", **env).returncode == 0
    assert cli("config", "--set", "engine.name=今", "--check", **env).returncode == 2
    missing = cli("transcribe", "😀.wav", **env)
    assert missing.returncode == 1
    assert "does not exist" in missing.stderr


def test_a_reader_that_has_seen_enough_is_no_error(home):
    done = subprocess.run(
        f"{sys.executable} -m tray_dictate config --defaults | head -1", shell=True, check=False,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == ""


def test_without_any_terminal_the_exit_code_still_tells(home):
    """As on Windows under pythonw.exe, which starts the daemon at login."""
    command = f'exec "{sys.executable}" -m tray_dictate --config {home}/none <&- >&- 2>&-'
    assert subprocess.run(["bash", "-c", command], cwd=ROOT, check=False).returncode == 2
