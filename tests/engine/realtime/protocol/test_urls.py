"""Every spelling of an endpoint that people use."""

from __future__ import annotations

import pytest

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, model, url

PREVIEW = "api-version=2025-04-01-preview&deployment=gpt-4o-mini-transcribe"
#   dialect -> path and query, with engine.model = "m" where one must be named
ENDS = {
    "openai": "/v1/realtime?intent=transcription",
    "azure": "/openai/v1/realtime?intent=transcription",
    "azure-preview": f"/openai/realtime?{PREVIEW}",
    "speaches": "/v1/realtime?model=m&intent=transcription",
    "localai": "/v1/realtime?model=m",
    "sglang": "/v1/realtime",
    "mlx-audio": "/v1/realtime",
    "vllm": "/v1/realtime",
    "litellm": "/v1/realtime?intent=transcription&model=m",
}
#    what people write after the host
TAILS = [
    "", "/", "//", "/openai", "/openai/", "/openai/v1", "/openai/v1/", "/v1", "/v1/",
    "/v1/realtime", "/openai/realtime", "/openai/v1/realtime", "/openai/v1/realtime/",
    "/OpenAI/V1", "?api-version=2024-10-01-preview", "?intent=transcription",
    "/openai/realtime?api-version=2024-10-01-preview&deployment=old&model=old",
    "/openai/deployments/old/audio/transcriptions?api-version=2025-03-01-preview",
    "/api/projects/mine",
    "/v1/realtime?API-Version=1&api-key=secret&api_key=secret", "/v1/realtime#part",
]  # fmt: skip
#    what they write before it -> what is asked for
HEADS = [
    ("https://host.example", "wss://host.example"),
    ("wss://host.example", "wss://host.example"),
    ("host.example", "wss://host.example"),
    ("HTTPS://Host.Example", "wss://host.example"),
    ("https://host.example:8443", "wss://host.example:8443"),
    ("host.example:8443", "wss://host.example:8443"),
    ("https://[2001:db8::1]:8443", "wss://[2001:db8::1]:8443"),
    ("[2001:db8::1]", "wss://[2001:db8::1]"),
    ("http://127.0.0.1:8000", "ws://127.0.0.1:8000"),
    ("ws://127.0.0.1:8000", "ws://127.0.0.1:8000"),
    ("http://127.3.2.1", "ws://127.3.2.1"),
    ("127.0.0.1:8000", "ws://127.0.0.1:8000"),
    ("http://[::1]:8000", "ws://[::1]:8000"),
    ("[::1]:8000", "ws://[::1]:8000"),
    ("[::1]", "ws://[::1]"),
    ("localhost", "ws://localhost"),
    ("LocalHost:8000", "ws://localhost:8000"),
    ("ws://localhost.localdomain", "ws://localhost.localdomain"),
    ("wss://localhost:8000", "wss://localhost:8000"),
    ("https://name.services.ai.azure.com", "wss://name.openai.azure.com"),
    ("Name.Services.AI.Azure.com:443", "wss://name.openai.azure.com:443"),
]  # fmt: skip


def settings(name: str, **more: object) -> EngineSettings:
    needed = {"model": "m"} if DIALECTS[name].needs_model else {}
    return EngineSettings.model_validate({"name": name, **needed, **more})


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("tail", TAILS)
def test_more_or_less_of_the_path_and_an_old_query_make_no_difference(name, tail):
    for head, asked in [("https://host.example", "wss://host.example"), HEADS[-2]]:
        assert url(DIALECTS[name], settings(name), head + tail) == asked + ENDS[name]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(("head", "asked"), HEADS, ids=[head for head, _ in HEADS])
def test_scheme_host_and_port(name, head, asked):
    for spelling in (head, f"{head}/", f"  {head}\n", f"{head}/openai/v1/ "):
        assert url(DIALECTS[name], settings(name), spelling) == asked + ENDS[name]


def test_what_a_proxy_wants_in_path_and_query_stays():
    asked = url(
        DIALECTS["openai"], settings("openai"),
        "https://gate.example/team%20a/azure/openai/v1/realtime?tenant=a%2Fb&model=old",
    )  # fmt: skip

    assert asked == (
        "wss://gate.example/team%20a/azure/v1/realtime?tenant=a%2Fb&intent=transcription"
    )


def test_without_an_endpoint_it_is_openai():
    assert (
        url(DIALECTS["openai"], settings("openai"), "") == "wss://api.openai.com" + ENDS["openai"]
    )


def test_the_preview_is_asked_with_the_deployment_or_with_the_intent():
    chosen = settings("azure-preview", preview_query="intent", api_version="2024-10-01", model="d")
    asked = url(DIALECTS["azure-preview"], chosen, "https://n.openai.azure.com")

    assert asked == (
        "wss://n.openai.azure.com/openai/realtime?api-version=2024-10-01&intent=transcription"
    )


def test_a_name_in_the_query_is_quoted():
    asked = url(DIALECTS["localai"], settings("localai", model="a/b c&d"), "localhost")

    assert asked == "ws://localhost/v1/realtime?model=a%2Fb%20c%26d"


def test_another_machine_without_encryption_is_for_those_who_allow_it():
    asked = url(DIALECTS["sglang"], settings("sglang", allow_plain=True), "http://10.0.0.7:30000")

    assert asked == "ws://10.0.0.7:30000/v1/realtime"


PLAIN = (
    "engine.endpoint: {} is another machine, and ws:// or http:// lets anyone on the way read "
    "what you say; use wss:// or https://, or set engine.allow_plain = true"
)
NONE = "engine.endpoint: {} is not an address such as https://NAME.openai.azure.com or ws://127.0.0.1:8000"
BROKEN = "engine.endpoint: {} is not an address: "
SECRET = "engine.endpoint: it contains a password; use `tray-dictate key set`"
REFUSED = [
    ("openai", "http://api.openai.com", PLAIN.format("api.openai.com")),
    ("sglang", "ws://10.0.0.7:30000", PLAIN.format("10.0.0.7:30000")),
    ("sglang", "http://[2001:db8::1]", PLAIN.format("[2001:db8::1]")),
    ("sglang", "http://127.0.0.1.example", PLAIN.format("127.0.0.1.example")),
    ("sglang", "http://localhost.example", PLAIN.format("localhost.example")),
    ("openai", "ftp://host", NONE.format("'ftp://host'")),
    ("openai", "https://", NONE.format("'https://'")),
    ("openai", "/openai/v1", NONE.format("'/openai/v1'")),
    ("openai", "https:///v1?api-key=hush", NONE.format("'https:///v1'")),
    ("openai", "https://host:port/v1", BROKEN.format("'https://host:port/v1'")
     + "Port could not be cast to integer value as 'port'"),
    ("openai", "https://host:70000", BROKEN.format("'https://host:70000'")
     + "Port out of range 0-65535"),
    ("openai", "https://[::1", BROKEN.format("'https://[::1'") + "Invalid IPv6 URL"),
    ("openai", "https://host:x?api-key=hush", BROKEN.format("'https://host:x'")
     + "Port could not be cast to integer value as 'x'"),
    ("openai", "https://user:hush@host", SECRET),
    ("openai", "https://hush@host", SECRET),
    ("openai", "user:hush@host", SECRET),
    ("openai", "https://user:hush@host:port", SECRET),
    ("openai", "ftp://user:hush@host", SECRET),
    ("openai", "https://user:hush@ho\u2100st", SECRET),
    ("azure", "", "engine.endpoint: Azure OpenAI needs the address of your resource, "
     "https://NAME.openai.azure.com; AZURE_OPENAI_STT_TTS_ENDPOINT may hold it, too"),
    ("sglang", "  ", "engine.endpoint: sglang needs the address of your server"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "endpoint", "said"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_no_address_is_told_and_no_secret_with_it(name, endpoint, said):
    with pytest.raises(ConfigError) as refused:
        url(DIALECTS[name], settings(name), endpoint)

    assert refused.value.problems == [said]


@pytest.mark.parametrize("name", ["speaches", "localai", "vllm", "litellm"])
def test_a_server_that_wants_a_model_is_not_asked_without_one(name):
    with pytest.raises(ConfigError) as refused:
        model(DIALECTS[name], EngineSettings(name=name))

    title = DIALECTS[name].title
    assert refused.value.problems == [f"engine.model: {title} needs the name of a model"]


@pytest.mark.parametrize(
    ("name", "chosen", "named"),
    [
        ("openai", "", "gpt-live-transcribe"), ("openai", "whisper-1", "whisper-1"),
        ("azure", "", "gpt-4o-mini-transcribe"), ("azure", "mine", "mine"), ("sglang", "", ""),
    ],
)  # fmt: skip
def test_the_model_is_the_users_or_the_servers_usual_one(name, chosen, named):
    assert model(DIALECTS[name], EngineSettings(name=name, model=chosen)) == named
