"""The main job with a realtime server: the first words are in the window while the key is held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.desktop.dictating import SENTENCE, errors, hold, landed, settled, spoken
from tests.desktop.rig import wait_until
from tests.desktop.serving import (
    HOTKEY,
    KEY,
    SECOND,
    TWO,
    WRONG,
    News,
    assert_private,
    begin,
    daemon_of,
    fake,
    transcripts,
    wait_heard,
    words,
)
from tests.realtime.peer import Peer

AZURE = ("AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_STT_TTS_ENDPOINT")


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with Peer() as running:
        yield running


def test_words_land_while_the_key_is_held_and_each_transcript_once(desktop, wavs):
    with fake("openai") as server, daemon_of(desktop, server) as daemon:
        _held(desktop, wavs, daemon, server)


def test_so_they_do_through_the_official_package(desktop, wavs):
    with fake("openai") as server, daemon_of(desktop, server, engine__transport="sdk") as daemon:
        _held(desktop, wavs, daemon, server)


def test_so_they_do_on_azure_over_tls_with_the_variables_of_the_original(desktop, wavs):
    with fake("azure", tls=True) as server:
        env = dict(zip(AZURE, (KEY, server.endpoint), strict=True))
        env["SSL_CERT_FILE"] = server.ca_file
        with daemon_of(desktop, server, env, engine__endpoint="") as daemon:
            _held(desktop, wavs, daemon, server)
        assert server.endpoint.startswith("https://")


def test_so_they_do_on_azures_preview(desktop, wavs):
    with fake("azure-preview") as server:
        env = dict(zip(AZURE, (KEY, server.endpoint), strict=True))
        with daemon_of(desktop, server, env, engine__endpoint="") as daemon:
            _held(desktop, wavs, daemon, server)


@pytest.mark.peer
def test_a_server_that_is_not_ours_serves_two_dictations_on_one_connection(desktop, peer, wavs):
    news, window = News(desktop), desktop.text_window("tk")
    server = {"engine__name": "mlx-audio", "engine__endpoint": peer.endpoint}
    with desktop.daemon(**server, engine__auth="none", log__level="debug") as daemon:
        begin(desktop, window, wavs)
        desktop.play_whole(spoken(wavs, SECOND))
        desktop.keyup(HOTKEY)
        settled(daemon)
        landed(window, TWO, WRONG)
        window.clear()
        begin(desktop, window, wavs)
        desktop.keyup(HOTKEY)
        settled(daemon, 2)
        landed(window, SENTENCE, WRONG)
        assert daemon.log().count("connected to mlx-audio") == 1
        assert_private(desktop, daemon)
    assert news.shown() == []


def test_escape_drops_the_rest_and_the_connection_and_the_next_take_works(desktop, wavs):
    window = desktop.text_window("tk")
    with fake() as server, daemon_of(desktop, server) as daemon:
        early = begin(desktop, window, wavs)
        assert server.connections == 1
        player = desktop.play(spoken(wavs, SECOND))
        wait_heard(server, 2)
        desktop.tap("Escape")
        daemon.wait_log("dictation 1: dropped")
        wait_until(lambda: server.connections == 0, 10, "the connection is closed")
        desktop.processes.end(player)
        desktop.keyup(HOTKEY)
        hold(desktop, spoken(wavs, SECOND), HOTKEY)
        settled(daemon, 2)
        text = window.wait_for(lambda text: len(text) > len(early))
        assert text.startswith(early)
        assert words(text.removeprefix(early)) == words(transcripts(server, 1))
        assert errors(TWO, text) <= WRONG, "nothing of the take that was dropped"


def test_control_characters_of_a_server_do_not_reach_a_terminal(desktop, wavs):
    window = desktop.text_window("xterm")
    with fake(control_characters=True) as server, daemon_of(desktop, server) as daemon:
        hold(desktop, spoken(wavs, SENTENCE), HOTKEY)
        settled(daemon)
        text = landed(window, SENTENCE)
        assert text.isprintable()
        assert not transcripts(server).isprintable(), "it did send them"


def _held(desktop, wavs, daemon, server):
    news, window = News(desktop), desktop.text_window("tk")
    early = begin(desktop, window, wavs)
    assert words(early) == words(transcripts(server))
    desktop.play_whole(spoken(wavs, SECOND))
    desktop.keyup(HOTKEY)
    settled(daemon)
    text = landed(window, TWO, WRONG)
    assert words(text) == words(transcripts(server)), "all that the server wrote, once"
    [connection] = server.report()["connections"]
    assert connection["violations"] == []
    assert news.shown() == []
    assert_private(desktop, daemon)
