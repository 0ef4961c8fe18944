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
from tray_dictate.doctor import bundle
from tray_dictate.doctor.personal import HIDDEN
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
replacements = {"my street" = "Privet Drive 4"}
[rewrite]
command = ["sh", "-c", "curl -H tokenvalue"]
[hotkey]
keys = "f9"
"""
PRIVATE = [
    "hunter2", "pa55word", "jane", "hiddensignature", "secretplace", "Zyxographer", "divorce",
    "wrong-place", "Quuxinator", "my street", "Privet", "tokenvalue", "kestrel", "northern harbour",
    KEY, "another-secret-value",
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
    assert settings["text"] == {"vocabulary": bundle.HIDDEN, "replacements": bundle.HIDDEN}


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


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ('[hotkey]\nkeys = "f9"', 'keys = "f9"'),
        ('[engine]\nturns = "release"', 'turns = "release"'),
        ('[engine]\nturns = "a key?"', f'turns = "{bundle.HIDDEN}"'),
        ("[engine]\nwarm_seconds = 3", "warm_seconds = 3"),
        ('[engine]\nwarm_seconds = "a key?"', f'warm_seconds = "{bundle.HIDDEN}"'),
        ('[engine]\nprompt = ""', 'prompt = ""'),
        ("[text]\nvocabulary = []", "vocabulary = []"),
        ('[engine]\nendpoint = "a key?"', f'endpoint = "{bundle.HIDDEN}"'),
        ('[nowhere]\nkey = "a key?"', "# nowhere: an unknown section"),
    ],
)
def test_a_setting_is_shown_where_its_kind_is_known_to_be_harmless(setting, shown):
    written, private = bundle.settings(tomllib.loads(setting))
    assert shown in written
    assert ("a key?" in private) == ("a key?" in setting)
    assert "a key?" not in written


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678", "eyJhbGciOi.eyJzdWIiOiIx.c2ln", "Bearer abcdef",
        "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_what_looks_like_a_key_is_removed_wherever_it_stands(secret):
    assert bundle.Redactor([]).text(f"the {secret} of") == f"the {bundle.HIDDEN} of"


HARMLESS = [
    "wss://api.openai.com/v1/realtime",
    "ws://127.0.0.1:8000, ws://[::1]:9 and http://localhost/v1",
    "12:34:56,123 after 0.5.1",
    "the user's own file",
    "IsStatusNotifierHostRegistered org.freedesktop.DBus.Properties",
    "gpt-4o-transcribe whisper-large-v3-turbo libportaudio2",
]
PERSONAL = [
    ('https://acme-merger.openai.azure.com/openai?api-key=abc',
     'https://HOST.openai.azure.com/openai?(removed)'),
    ('acme-merger.openai.azure.com of wss://acme-merger.openai.azure.com',
     '(removed).openai.azure.com of wss://HOST.openai.azure.com'),
    ('http://user:pw@10.0.0.5:11434/v1/teamX?token=zzz',
     'http://HOST:11434/v1/PATH?(removed)'),
    ('no route to nas.fritz.box: ws://nas.fritz.box:8000/v1',
     'no route to (removed): ws://HOST:8000/v1'),
    ('192.168.1.7:80, fe80::1%eth0, 2001:db8::7',
     '(removed):80, (removed), (removed)'),
    ('bluez.AA_BB_CC_DD_EE_FF and 00:11:22:33:44:55',
     'bluez.(removed) and (removed)'),
    ('alice@example.org wrote',
     '(removed) wrote'),
    ('/home/other/x and /Users/Bob/y',
     '/home/USER/x and /Users/USER/y'),
    ("Alice's AirPods", HIDDEN),
    ('Bob Smith’s Headset', HIDDEN),  # noqa: RUF001
    ('AbCdEfGhIjKlMnOpQrStUvWxYz', HIDDEN),
    ('abcdefghijklmnopqrstuvwxyzabcd', HIDDEN),
    ('gsk_abcdEFGH1234567890', HIDDEN),
    ('xai-ABCDEF123456', HIDDEN),
    ('AIzaSyA-1234567890abcdefghijklmnopqrstuv', HIDDEN),
    ('9fJ2kQ/aB+z3dE5gH7iJ9kL1mN3oP5qR7sT9uV1wX3yZ5AACDBlueberry==', HIDDEN),
    *zip(HARMLESS, HARMLESS, strict=True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), PERSONAL, ids=[row[0][:30] for row in PERSONAL])
def test_what_tells_who_somebody_is_is_removed_by_its_kind(text, shown):
    once = bundle.Redactor([]).text(text)
    assert once == shown
    assert bundle.Redactor([]).text(once) == once


def test_a_device_that_is_set_is_removed_wherever_it_stands():
    written, private = bundle.settings({"audio": {"device": "Blue Yeti"}})
    assert "Yeti" not in written
    assert bundle.Redactor(private).text("blue yeti, 12 ms") == f"{bundle.HIDDEN}, 12 ms"
