"""The network or the server fails in the middle of a dictation: what was said lands all the same.

The embedded engine finishes it, and one notification says so; where it cannot, the sound is kept.
"""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.rigs.daemon import ROOT
from tests.rigs.dictation import SENTENCE, errors, settled
from tests.rigs.person import WRONG, assert_private, daemon_of, fake, transcripts, words
from tray_dictate.engine.catalogue import models
from tray_dictate.engine.local_model import suitable

RETRY = "`tray-dictate history retry` transcribes it."
FINISHED = "The offline engine finishes this dictation."
NOBODY = "ws://127.0.0.1:9"  # the port of a service that nobody runs


@pytest.mark.parametrize("moment", ["in mid-sentence", "at the release"])
def test_a_server_that_dies_costs_no_word_and_the_user_is_told_once(desktop, person, moment):
    with fake() as server, daemon_of(desktop, server, engine__patience_seconds=1) as daemon:
        early = person.begin()
        assert words(early) == words(transcripts(server))
        player = person.go_on(server, end=0)
        if moment == "in mid-sentence":
            server.kill()
        assert player.wait(60) == 0
        person.release()
        server.kill()
        settled(daemon)
        text = person.reads()
        assert text.startswith(early), "what has landed stays"
        told = person.news.only(daemon)
        where = f"127.0.0.1:{server.port}"
        assert told == f"OpenAI cannot be reached at {where}: Connection refused. {FINISHED}"
        assert_private(desktop, daemon)
    assert person.news.shown() == [told]


def test_a_server_that_comes_back_within_patience_finishes_it_unnoticed(desktop, person):
    with fake() as server, daemon_of(desktop, server, engine__patience_seconds=60) as daemon:
        person.begin()
        before = transcripts(server)
        player = person.go_on(server)
        server.kill()
        daemon.wait_log("of sound will be sent again")
        server.restart()
        assert player.wait(60) == 0
        person.release()
        settled(daemon)
        text = person.reads()
        assert words(text) == words(f"{before} {transcripts(server)}")
    assert person.news.shown() == []


def test_with_a_wrong_key_the_text_lands_and_one_message_names_the_remedy(desktop, person):
    wrong = "sk-wren-0815-neither-this-one"
    with fake() as server, daemon_of(desktop, server, {"OPENAI_API_KEY": wrong}) as daemon:
        person.take()
        settled(daemon)
        person.reads(SENTENCE)
        told = person.news.only(daemon)
        assert told.startswith("OpenAI refused the key from OPENAI_API_KEY.")
        assert told.endswith(f"with `tray-dictate key set`. {FINISHED}")
        assert [record["status"] for record in server.report()["connections"]] == [401]
        assert_private(desktop, daemon, wrong)
    assert person.news.shown() == [told]


def test_where_nothing_can_transcribe_it_the_sound_is_kept_and_can_be_later(desktop, person):
    settings = {"engine__name": "mlx-audio", "engine__endpoint": NOBODY, "engine__auth": "none"}
    with desktop.daemon(
        engine__languages=["de"], engine__patience_seconds=1, log__level="debug", **settings
    ) as daemon:
        person.take()
        settled(daemon)
        told = person.news.only(daemon)
    folder = Path(desktop.env["XDG_DATA_HOME"]) / "tray_dictate" / "kept"
    [wav], [record] = folder.glob("*.wav"), folder.glob("*.json")
    reason = "mlx-audio cannot be reached at 127.0.0.1:9: Connection refused. "
    reason += "The offline engine has no model that knows German. `tray-dictate models "
    reason += f"get {suitable(models(), ('de',))[0].id}` gets one."
    assert told == f"{reason} The recording is saved: {RETRY}"
    assert record.stem == wav.stem
    assert {stat.S_IMODE(path.stat().st_mode) for path in (wav, record)} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    written = json.loads(record.read_text())
    assert (written["reason"], written["text_done"]) == (reason, [])
    assert written["seconds"] == round(soundfile.info(wav).duration, 3)
    assert person.window.text() == ""
    assert errors(SENTENCE, _transcribed(desktop, wav)) <= WRONG


def _transcribed(desktop, wav):
    command = [sys.executable, "-m", "tray_dictate", "transcribe", str(wav)]
    env = {**desktop.env, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, env=env, capture_output=True, text=True, check=True, timeout=60
    ).stdout
