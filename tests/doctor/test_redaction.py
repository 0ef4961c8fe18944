"""Nothing private is left in a text or in the settings of a report."""

from __future__ import annotations

import tomllib

import pytest

from tray_dictate.doctor.redaction import HIDDEN, Redactor, redact_settings


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ('[hotkey]\nkeys = "f9"', 'keys = "f9"'),
        ('[engine]\nturns = "release"', 'turns = "release"'),
        ('[engine]\nturns = "a key?"', f'turns = "{HIDDEN}"'),
        ("[engine]\nwarm_seconds = 3", "warm_seconds = 3"),
        ('[engine]\nwarm_seconds = "a key?"', f'warm_seconds = "{HIDDEN}"'),
        ('[engine]\nprompt = ""', 'prompt = ""'),
        ("[text]\nwords = []", "words = []"),
        ('[engine]\nendpoint = "a key?"', f'endpoint = "{HIDDEN}"'),
        ('[nowhere]\nkey = "a key?"', "# nowhere: an unknown section"),
    ],
)
def test_a_setting_is_shown_where_its_kind_is_known_to_be_harmless(setting, shown):
    written, private = redact_settings(tomllib.loads(setting))
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
    assert Redactor([]).text(f"the {secret} of") == f"the {HIDDEN} of"


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
    once = Redactor([]).text(text)
    assert once == shown
    assert Redactor([]).text(once) == once


def test_a_device_that_is_set_is_removed_wherever_it_stands():
    written, private = redact_settings({"audio": {"device": "Blue Yeti"}})
    assert "Yeti" not in written
    assert Redactor(private).text("blue yeti, 12 ms") == f"{HIDDEN}, 12 ms"
