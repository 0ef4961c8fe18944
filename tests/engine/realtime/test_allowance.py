"""What goes to a cloud is counted, to the byte, and never more than the user allows."""

from __future__ import annotations

import pytest

from tests.engine.spoken_words import Online, phrases, said
from tests.fakes import FakeNotices, SetClock
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.core.errors import EngineError
from tray_dictate.history.statistics import CloudUsage, Stats, open_statistics

pytestmark = pytest.mark.live

SOUND = phrases(4, 5, 6)
WORDS = said(15)
MINUTES = len(SOUND) / 2 / 24000 / 60
TOLD = "(engine.cap_minutes) are used up"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TRAY_DICTATE_KEY", "test-key")


@pytest.fixture
async def usage(tmp_path):
    file = open_statistics(FakeNotices(), tmp_path / "stats.sqlite")
    usage = CloudUsage(file, SetClock(1e9))
    yield usage
    await usage.close()


def at_the_server(server: RealtimeServer, first: int) -> float:
    """Return the seconds of sound that it got, from a connection on."""
    records = server.report()["connections"][first:]
    return sum(record["audio_bytes"] for record in records) / 2 / 24000


async def counted(usage: CloudUsage, tmp_path) -> dict[str, float]:
    await usage.close()
    file = Stats(tmp_path / "stats.sqlite")
    found = file.sent("2001-09")
    file.close()
    return found


async def test_what_a_cloud_gets_is_counted(server, usage, tmp_path):
    before = len(server.report()["connections"])
    async with Online(server, usage) as online:
        assert await online.take(SOUND) == WORDS
    found = await counted(usage, tmp_path)
    assert found == {"openai": pytest.approx(at_the_server(server, before), abs=0.01)}


async def test_what_is_said_again_is_paid_for_again(server, usage, tmp_path):
    before = len(server.report()["connections"])
    server.plan([{"drop_at": "completed:3"}])
    async with Online(server, usage) as online:
        assert await online.take(SOUND) == WORDS
    found = await counted(usage, tmp_path)
    assert len(server.report()["connections"]) == before + 2
    assert found["openai"] >= at_the_server(server, before) - 0.01 > MINUTES * 60 * 0.9


async def test_a_server_of_the_users_own_costs_nothing(usage, tmp_path):
    with RealtimeServer("speaches") as own:
        async with Online(own, usage, cap_minutes=0.0001, model="whisper") as online:
            assert await online.take(SOUND) == WORDS
    assert await counted(usage, tmp_path) == {}


async def test_at_the_cap_the_offline_engine_takes_over_and_the_user_is_told_once(server, usage):
    before = len(server.report()["connections"])
    cap = MINUTES * 0.6
    async with Online(server, usage, cap_minutes=cap) as online:
        assert await online.take(SOUND) == WORDS, "no word is lost in mid-take"
        assert online.offline.sessions
        assert at_the_server(server, before) <= cap * 60
        connections = len(server.report()["connections"])
        assert await online.take(SOUND) == WORDS
        assert len(server.report()["connections"]) == connections, "it is not even asked"
        [told] = online.told
        assert TOLD in told
        assert told.endswith("The offline engine finishes this dictation.")


async def test_the_user_is_told_which_language_the_offline_engine_does_not_know(server, usage):
    usage.consume("openai", 60, 0)
    async with Online(server, usage, cap_minutes=1) as online:
        online.offline.lacks = "It does not know German."
        assert await online.take(SOUND) == WORDS
        [told] = online.told
    assert told.endswith("The offline engine finishes this dictation. It does not know German.")


async def test_what_was_sent_before_a_restart_counts(server, usage):
    usage.consume("azure", 60, 0)
    before = len(server.report()["connections"])
    async with Online(server, usage, cap_minutes=1) as online:
        assert await online.take(SOUND) == WORDS
    assert len(server.report()["connections"]) == before


async def test_in_a_language_that_only_the_cloud_knows_the_take_is_refused_by_name(server, usage):
    usage.consume("openai", 60, 0)
    async with Online(server, usage, cap_minutes=1) as online:
        online.offline.refuses = "There is no model for German."
        with pytest.raises(EngineError, match=r"engine\.cap_minutes.*no model for German"):
            await online.take(SOUND)
