"""Settings: read, overridden, and every mistake named at once."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tray_dictate.config import load
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.toml"

    def write(text: str):
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(*args, **kwargs) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load.load(*args, **kwargs)
    return error.value.problems


def test_nothing_configured_is_the_defaults(tmp_path):
    loaded = load.load(tmp_path / "none.toml", env={})
    assert loaded == Config()
    assert (loaded.hotkey.keys, loaded.hotkey.mode, loaded.engine.name) == (
        "ctrl_r", "hold", "offline",
    )  # fmt: skip


def test_the_file_the_environment_and_set_in_this_order(file):
    path = file('[audio]\ndevice = "file"\ntail_ms = 1\n[hotkey]\nkeys = "f9"\n')
    env = {"TRAY_DICTATE_AUDIO_DEVICE": "env", "TRAY_DICTATE_AUDIO_TAIL_MS": "2"}
    loaded = load.load(path, ["audio.tail_ms=3"], env)
    assert (loaded.hotkey.keys, loaded.audio.device, loaded.audio.tail_ms) == ("f9", "env", 3)


def test_a_device_that_looks_like_a_number_stays_a_name():
    assert load.load(None, ['audio.device="42"'], {}).audio.device == "42"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["hotkey.keys=a"], "hotkey.keys: got 'a', as a hotkey it could no longer be typed"),
        (
            ["hotkey.redo=space"],
            "hotkey.redo: got 'space', as a hotkey it could no longer be typed",
        ),
        (["hotkey.keys=mouse1"], "every click needs it"),
        (
            ["hotkey.keys=f9", "hotkey.cancel=f9"],
            "hotkey.cancel is 'f9', which is part of the hotkey",
        ),
    ],
)
def test_a_hotkey_that_would_be_in_the_way_is_refused(overrides, words):
    [problem] = problems(None, overrides, {})
    assert words in problem


def test_a_hotkey_that_has_a_drawback_is_doubtful():
    assert "begins most shortcuts" in load.load(None, ["hotkey.keys=ctrl"], {}).hotkey.warnings[0]
    assert load.load(None, ["hotkey.keys=mouse8"], {}).hotkey.warnings == []


def test_every_mistake_is_named_at_once(file):
    path = file('[hotkey]\nkeyz = "f9"\nmode = "hodl"\n[audio]\ntail_ms = -3\n')
    assert problems(path, env={}) == [
        "hotkey.mode: got 'hodl', expected 'hold' or 'toggle'",
        "hotkey.keyz: unknown setting; did you mean hotkey.keys?",
        "audio.tail_ms: got -3, expected greater than or equal to 0",
    ]


WRONG = [
    ("an unknown section", "[audoi]\ndevice = 'x'", "audoi: unknown setting; did you mean audio?"),
    ("nothing like it", "[audio]\nqqq = 1", "audio.qqq: unknown setting; known here: device,"),
    (
        "an unknown key",
        "[hotkey]\nkeys = 'cntrl'",
        "hotkey.keys: got 'cntrl', unknown key 'cntrl'; did you",
    ),
    ("an unknown cancel key", "[hotkey]\ncancel = 'esk'", "unknown key 'esk'; did you mean 'esc'?"),
    ("a section that is a value", "audio = 3", "audio: got 3, expected a valid dictionary"),
    (
        "neither of two kinds",
        "[audio]\nwarm = 'soon'",
        "audio.warm: got 'soon', expected a valid number; or expected 'always'",
    ),
    ("not TOML", "[audio\n", "is not valid TOML"),
    (
        "a text without quotation marks",
        "[hotkey]\nkeys = f9  # mine\n",
        '(at line 2, column 8). The line is: keys = f9  # mine - write: keys = "f9"',
    ),
    ("a chord without them", "[hotkey]\nkeys = ctrl+alt+d", 'write: keys = "ctrl+alt+d"'),
    ("Python's truth", "[tray]\nicon = True", "write: icon = true"),
    (
        "one where many may be",
        '[engine]\nlanguages = "de"',
        'expected a valid list; write languages = ["de"]',
    ),
]


@pytest.mark.parametrize(("text", "message"), [r[1:] for r in WRONG], ids=[r[0] for r in WRONG])
def test_a_mistake_is_explained(file, text, message):
    assert message in problems(file(text), env={})[0]


@pytest.mark.parametrize("line", ["key_command = sk-5309", "endpoint = sk-5309", "sk = sk-5309"])
def test_a_line_that_may_hold_a_key_is_not_shown(file, line):
    (said,) = problems(file(f"[engine]\n{line}\n"), env={})
    assert "line 2" in said
    assert "5309" not in said


def test_a_setting_with_two_kinds_is_one_problem(file):
    assert len(problems(file("[audio]\nwarm = 'soon'"), env={})) == 1


def test_set_needs_a_section_a_name_and_a_value():
    assert problems(None, ["tail_ms"], {}) == ["--set tail_ms: expected section.name=value"]


def test_a_value_of_a_broken_section_does_not_hide_the_breakage(file):
    assert "audio: got 3, expected" in problems(file("audio = 3"), ["audio.device=x"], {})[0]


def test_a_file_that_is_not_text_is_named(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8 text") as error:
        load.load(path, env={})
    assert str(path) in str(error.value)


def test_a_folder_in_the_files_place_is_named(tmp_path):
    assert problems(tmp_path, env={}) == ["cannot be read: Is a directory"]


@pytest.mark.parametrize("name", ["key_command", "endpoint"])
def test_what_may_be_a_misplaced_key_is_not_shown(name):
    with pytest.raises(ConfigError) as error:
        load.load(None, [f"engine.{name}=5309"], {})
    assert f"engine.{name}: got something" in str(error.value)
    assert "5309" not in str(error.value)


def test_a_shortcut_of_modifiers_only_is_refused():
    with pytest.raises(ConfigError, match="has only modifiers"):
        load.load(None, ["hotkey.redo=ctrl+alt"], {})


# --- tables in a list


NESTED = [
    (
        "output.rules", '{application = "x", chrod = "ctrl+v"}',
        ["output.rules[0].chrod: unknown setting; did you mean output.rules[0].chord?"],
    ),
    (
        "rewrite.profiles", '{application = "x"}, {application = "y", promt = "z"}',
        ["rewrite.profiles[1].promt: unknown setting; did you mean rewrite.profiles[1].prompt?"],
    ),
    ("rewrite.profiles", "{off = true}", ["rewrite.profiles[0].application: it is missing"]),
    (
        "rewrite.profiles", '{application = "x", applications = "y"}',
        ["rewrite.profiles[0].applications: unknown setting; did you mean "
         "rewrite.profiles[0].application?"],
    ),
    (
        "rewrite.profiles", '{application = "("}',
        ["rewrite.profiles[0].application: got '(', not a regular expression: missing ), "
         "unterminated subpattern at position 0"],
    ),
    (
        "rewrite.profiles", '{application = "x", timeout_seconds = 0}',
        ["rewrite.profiles[0].timeout_seconds: got 0, expected greater than 0"],
    ),
    (
        "rewrite.profiles", '{application = "x", key_command = "sk-secret", endpoint = 5309}',
        ["rewrite.profiles[0].endpoint: got something (it is not shown), expected a valid string",
         "rewrite.profiles[0].key_command: got something (it is not shown), expected a valid list"],
    ),
    (
        "rewrite.profiles", '"sk-secret"',
        ["rewrite.profiles[0]: got something (it is not shown), expected a valid dictionary or "
         "instance of RewriteProfile"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tables", "said"), NESTED, ids=[row[1] for row in NESTED])
def test_a_mistake_in_a_table_of_a_list_is_named_with_its_place(name, tables, said):
    assert sorted(problems(None, [f"{name}=[{tables}]"], {})) == said


def test_a_profile_shows_neither_its_commands_nor_its_server():
    secret = 'key_command = ["s3cret"], command = ["s3cret"], endpoint = "s3cret"'
    loaded = load.load(None, [f'rewrite.profiles=[{{application = "x", {secret}}}]'], {})
    assert "s3cret" not in repr(loaded) + repr(loaded.rewrite.profiles)


# --- what was a setting once


def test_what_has_another_name_now_is_explained_with_the_line_to_write(file):
    (said,) = problems(file("[rewrite]\napplications = 'mail|\\bx\"'\n"), env={})
    assert said.startswith("rewrite.applications: replaced by rewrite.profiles; write ")
    line = said.partition("write instead ")[2]
    rules = load.load(file(f"[rewrite]\n{line}\n"), env={}).rewrite.profiles
    assert [(rule.application, rule.off) for rule in rules] == [
        ('(?i)mail|\\bx"', False), ("", True),
    ]  # fmt: skip


def test_it_is_found_in_the_environment_too_lest_a_rewrite_sees_more_than_it_should():
    env = {"TRAY_DICTATE_REWRITE_APPLICATIONS": "mail"}
    assert 'profiles = [{application = "(?i)mail"}' in problems(None, None, env)[0]


def test_where_it_said_nothing_it_can_go(file):
    assert problems(file('[rewrite]\napplications = ""'), env={}) == [
        "rewrite.applications: it no longer exists; remove it"
    ]


# --- what the parts say


def test_the_sections_that_are_right_are_checked_beside_those_that_are_not(file):
    path = file('[audio]\ntail_ms = -1\n[hotkey]\nkeys = "f9"\n')

    def check(config: Config) -> list[str]:
        return [f"{config.hotkey.keys} {config.audio.tail_ms}"]

    assert problems(path, env={}, check=check) == [
        "audio.tail_ms: got -1, expected greater than or equal to 0", "f9 200",
    ]  # fmt: skip
    assert load.load(None, [], {}, lambda _: []) == Config()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_powershell_writes_is_read(tmp_path, encoding):
    path = tmp_path / "config.toml"
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    path.write_bytes(f'{mark}[audio]\r\ndevice = "Mikrofon für 今"\r\n'.encode(encoding))
    assert load.load(path, env={}).audio.device == "Mikrofon für 今"


@pytest.mark.skipif(os.name != "posix", reason="modes")
@pytest.mark.parametrize("mode", [0o602, 0o622, 0o666, 0o777])
def test_a_file_that_anybody_can_write_is_refused_with_the_remedy(file, mode):
    path = file('[rewrite]\ncommand = ["sh", "-c", "evil"]\n')
    path.chmod(mode)
    [problem] = problems(path, env={})
    assert problem.endswith(f"chmod go-w {path}")
    path.chmod(mode & ~0o022)
    assert load.load(path, env={}).rewrite.command


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs other users")
def test_a_file_that_a_group_can_write_is_refused_unless_the_group_is_the_users_own(tmp_path):
    games = pwd.getpwnam("games")
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    path = folder / "config.toml"
    path.write_text("[log]\n")
    try:
        path.chmod(0o664)
        assert "other users can write it" in problems(path, env={})[0], "root's group"
        os.chown(path, games.pw_uid, games.pw_gid)
        assert "belongs to another user" in problems(path, env={})[0]
        code = f"from pathlib import Path; config_load.read(Path({str(path)!r}))"
        code = f"from tray_dictate.config import load as config_load; {code}"
        become = ["setpriv", f"--reuid={games.pw_uid}", f"--regid={games.pw_gid}", "--clear-groups"]
        subprocess.run([*become, sys.executable, "-c", code], check=True, cwd=ROOT)
    finally:
        shutil.rmtree(folder)
