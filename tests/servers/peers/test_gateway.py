"""A dictation through LiteLLM's own proxy: the engine `litellm` is what it says."""

from __future__ import annotations

import pytest

from tests.engine.spoken_words import Online, phrases, said
from tests.servers.peers.gateway import KEY, Gateway
from tests.servers.realtime.server import RealtimeServer

pytestmark = pytest.mark.peer
SOUND = phrases(4, 5, 6)
WORDS = said(15)


@pytest.fixture(scope="module")
def behind():
    with RealtimeServer("mlx-audio", require_key=True) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(behind):
    address = f"http://{behind.host_port}"
    with Gateway({"speech": (address, behind.key), "locked": (address, "wrong")}) as running:
        yield running


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("TRAY_DICTATE_KEY", KEY)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("transport", ["websocket", "sdk"])
@pytest.mark.parametrize("turns", ["pauses", "server"])
async def test_every_word_comes_through_once_and_in_order(gateway, behind, transport, turns):
    before = len(behind.report()["connections"])
    async with Online(
        "", name="litellm", endpoint=gateway.endpoint, model="speech", transport=transport,
        turns=turns,
    ) as online:  # fmt: skip
        assert await online.take(SOUND) == WORDS
        assert await online.take(SOUND) == WORDS
    assert not online.told
    (record,) = behind.report()["connections"][before:]
    assert record["path"] == "/v1/realtime"
    assert record["auth"] == "bearer"
    assert record["violations"] == []


#         model     key        what the user is told
REFUSED = [
    ("nobody's", KEY, 'LiteLLM has no such model or deployment: engine.model = "nobody\'s".'),
    ("speech", "sk-wrong", "LiteLLM refused the key from TRAY_DICTATE_KEY"),
    ("locked", KEY, "The server behind LiteLLM refused it."),
]


@pytest.mark.parametrize(("model", "key", "told"), REFUSED, ids=[row[2] for row in REFUSED])
async def test_what_the_gateway_refuses_is_told_with_its_remedy_at_once(
    gateway, monkeypatch, model, key, told
):
    monkeypatch.setenv("TRAY_DICTATE_KEY", key)
    async with Online("", name="litellm", endpoint=gateway.endpoint, model=model) as online:
        assert await online.take(SOUND) == WORDS
    assert len(online.told) == 1
    assert told in online.told[0]
    assert key not in online.told[0]


@pytest.mark.usefixtures("key")
async def test_a_server_that_goes_away_behind_it_costs_no_word(gateway, behind):
    behind.plan([{"drop_at": "completed:2"}])
    async with Online("", name="litellm", endpoint=gateway.endpoint, model="speech") as online:
        assert await online.take(SOUND) == WORDS
    assert not online.offline.sessions
