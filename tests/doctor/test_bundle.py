"""The archive for a report: no key, no name, nothing that was said, nothing private."""

from __future__ import annotations

import io
import json
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.rigs import as_user
from tray_dictate.doctor.redaction import HIDDEN
from tray_dictate.history.entries import Entry, History

KEY = as_user.KEY  # run() itself sees to it that it is not printed
SAID = "the kestrel flies over the northern harbour"
CONFIG = """
api_key = "hunter2hunter2"
[engine]
name = "openai"
endpoint = "wss://jane:pa55word@proxy.invalid/v1?sig=hiddensignature"
key_command = ["pass", "show", "secretplace"]
keywords = ["Zyxographer"]
prompt = "about my divorce"
api_keyy = "sk-written-into-the-wrong-place"
patience_seconds = 7
[text]
vocabulary = ["Quuxinator"]
words = ["Wuxterine"]
replacements = {"my street" = "Privet Drive 4"}
[rewrite]
command = ["sh", "-c", "curl -H tokenvalue"]
[hotkey]
keys = "f9"
"""
PRIVATE = [
    "hunter2", "pa55word", "jane", "hiddensignature", "secretplace", "Zyxographer", "divorce",
    "wrong-place", "Quuxinator", "Wuxterine", "my street", "Privet", "tokenvalue", "kestrel",
    "northern harbour", KEY, "another-secret-value",
]  # fmt: skip


def unpacked(path: Path) -> dict[str, str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), mode="r:gz") as archive:
        members = archive.getmembers()
        assert {(one.uid, one.gid, one.uname, one.mode) for one in members} == {(0, 0, "", 0o600)}
        return {one.name: archive.extractfile(one).read().decode() for one in members}


@pytest.fixture
def home(tmp_path):
    """A user who has said something, and whose settings and log are full of private things."""
    home = tmp_path / "margarethe"
    settings = home / ".config/tray_dictate/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(CONFIG)
    history = History(home / ".local/share/tray_dictate/history.sqlite")
    history.add(Entry(0, 1.0, SAID, SAID.upper(), "delivered", "editor"))
    history.close()
    log = home / ".local/state/tray_dictate/log/tray_dictate.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        f"INFO 1 reading {settings}\nINFO 2 the key is {KEY}\nINFO 3 said {SAID}\n"
        "INFO 4 Authorization: Bearer abc.def\nINFO 5 Quuxinator and QUUXINATOR\n"
        "INFO 6 3 segments, 212 characters\nINFO 7 margarethe@host another-secret-value\n"
    )
    return home


@pytest.mark.parametrize("end", [".zip", ".tar.gz"])
def test_no_secret_and_nothing_private_is_in_it(home, end):
    path = home / f"report{end}"
    env = {"SOME_TOKEN": "another-secret-value"}
    done = as_user.run(home, "doctor", "--no-input", "--bundle", str(path), **env)
    assert done.returncode == 1, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    files = unpacked(path)
    assert list(files) == [
        "report.json", "config.toml", "versions.txt", "environment.txt", "log.txt"
    ]  # fmt: skip
    for name, text in files.items():
        assert f"{name} " in done.stdout, "the user sees what is sent"
        found = [word for word in [*PRIVATE, str(home), home.name] if word.lower() in text.lower()]
        assert not found, f"{name}: {text}"
    assert "INFO 6 3 segments, 212 characters" in files["log.txt"]
    assert "reading ~/.config/tray_dictate/config.toml" in files["log.txt"]
    assert "TRAY_DICTATE_KEY\n" in files["environment.txt"]
    assert "pydantic " in files["versions.txt"]
    settings = tomllib.loads(files["config.toml"])
    assert settings["hotkey"] == {"keys": "f9"}
    assert settings["engine"]["endpoint"] == "wss://proxy.invalid/v1"
    assert settings["engine"]["patience_seconds"] == 7
    assert settings["text"] == dict.fromkeys(("vocabulary", "words", "replacements"), HIDDEN)


def test_the_report_in_it_is_the_report_that_is_printed(home):
    (home / ".config/tray_dictate/config.toml").unlink()
    path = home / "report.zip"
    done = as_user.run(home, "doctor", "--no-input", "--json", "--bundle", str(path))
    printed, sent = json.loads(done.stdout), json.loads(unpacked(path)["report.json"])
    assert list(printed.pop("bundle")["contents"]) == list(unpacked(path))
    assert [(one["name"], one["state"]) for one in printed["checks"]] == [
        (one["name"], one["state"]) for one in sent["checks"]
    ]
    assert {"settings", "display", "typing", "history"} <= {one["name"] for one in sent["checks"]}


@pytest.mark.parametrize("name", ["report.doc", "there-is-none/report.zip", "taken.zip"])
def test_a_file_that_cannot_be_used_is_named_before_anything_is_checked(tmp_path, name):
    (tmp_path / "taken.zip").touch()
    done = as_user.run(tmp_path, "doctor", "--bundle", str(tmp_path / name))
    assert (done.returncode, done.stdout) == (2, "")
    assert str(tmp_path) in done.stderr
    assert (tmp_path / "taken.zip").read_bytes() == b""
