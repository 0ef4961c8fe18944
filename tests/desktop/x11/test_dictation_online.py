"""The main job with a realtime server: the first words are in the window while the key is held."""

from __future__ import annotations

import pytest

from tests.rigs.dictation import SENTENCE, errors, landed, settled
from tests.rigs.person import (
    KEY,
    SECOND,
    TWO,
    WRONG,
    assert_private,
    daemon_of,
    fake,
    transcripts,
    words,
)
from tests.waiting import wait_until

AZURE = ("AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_STT_TTS_ENDPOINT")


def test_words_land_while_the_key_is_held_and_each_transcript_once(desktop, person):
    with fake("openai") as server, daemon_of(desktop, server) as daemon:
        _held(desktop, person, daemon, server)


def test_so_they_do_through_the_official_package(desktop, person):
    with fake("openai") as server, daemon_of(desktop, server, engine__transport="sdk") as daemon:
        _held(desktop, person, daemon, server)


def test_so_they_do_on_azure_over_tls_with_the_variables_of_the_original(desktop, person):
    with fake("azure", tls=True) as server:
        env = dict(zip(AZURE, (KEY, server.endpoint), strict=True))
        env["SSL_CERT_FILE"] = server.ca_file
        with daemon_of(desktop, server, env, engine__endpoint="") as daemon:
            _held(desktop, person, daemon, server)
        assert server.endpoint.startswith("https://")


def test_so_they_do_on_azures_preview(desktop, person):
    with fake("azure-preview") as server:
        env = dict(zip(AZURE, (KEY, server.endpoint), strict=True))
        with daemon_of(desktop, server, env, engine__endpoint="") as daemon:
            _held(desktop, person, daemon, server)


@pytest.mark.peer
def test_a_server_that_is_not_ours_serves_two_dictations_on_one_connection(desktop, peer, person):
    server = {"engine__name": "mlx-audio", "engine__endpoint": peer.endpoint}
    with desktop.daemon(**server, engine__auth="none", log__level="debug") as daemon:
        person.begin()
        person.finish()
        settled(daemon)
        person.reads()
        person.window.clear()
        person.begin()
        person.release()
        settled(daemon, 2)
        person.reads(SENTENCE)
        assert daemon.log().count("connected to mlx-audio") == 1
        assert_private(desktop, daemon)
    assert person.news.shown() == []


def test_escape_drops_the_rest_and_the_connection_and_the_next_take_works(desktop, person):
    with fake() as server, daemon_of(desktop, server) as daemon:
        early = person.begin()
        assert server.connections == 1
        player = person.go_on(server)
        desktop.tap("Escape")
        daemon.wait_log("dictation 1: dropped")
        wait_until(lambda: server.connections == 0, 10, "the connection is closed")
        desktop.processes.end(player)
        person.release()
        person.take(SECOND)
        settled(daemon, 2)
        text = person.window.wait_for(lambda text: len(text) > len(early))
        assert text.startswith(early)
        assert words(text.removeprefix(early)) == words(transcripts(server, 1))
        assert errors(TWO, text) <= WRONG, "nothing of the take that was dropped"


def test_control_characters_of_a_server_do_not_reach_a_terminal(desktop, person):
    window = desktop.text_window("xterm")
    with fake(control_characters=True) as server, daemon_of(desktop, server) as daemon:
        person.take()
        settled(daemon)
        text = landed(window, SENTENCE)
        assert text.isprintable()
        assert not transcripts(server).isprintable(), "it did send them"


def _held(desktop, person, daemon, server):
    early = person.begin()
    assert words(early) == words(transcripts(server))
    person.finish()
    settled(daemon)
    text = person.reads()
    assert words(text) == words(transcripts(server)), "all that the server wrote, once"
    [connection] = server.report()["connections"]
    assert connection["violations"] == []
    assert person.news.shown() == []
    assert_private(desktop, daemon)
