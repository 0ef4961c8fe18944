"""Where a key comes from, and that nothing tells it: real programs, a real token's way."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import keyring
import pytest
from keyring import errors
from keyring.backend import KeyringBackend

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.credentials import Credentials, CredentialSource, endpoint

ROOT = Path(__file__).parents[2]
KEY = "sk-this-is-the-secret-0123456789"
OWN = ["speaches", "localai", "sglang", "mlx-audio", "vllm", "litellm"]
CLOUD = ["openai", "azure", "azure-preview"]
CLOUD_VARIABLES = ["OPENAI_API_KEY", "AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_API_KEY"]


class MemoryKeyring(KeyringBackend):
    """A keyring in memory, which can be told to fail."""

    priority = 0

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.failure = None
        self.opened = threading.Event()
        self.opened.set()
        self.asked = 0

    def get_password(self, service, username):
        self.asked += 1
        self.opened.wait()
        if self.failure:
            raise self.failure
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def _no_keys_from_outside(monkeypatch):
    for name in os.environ:
        if name.startswith(("AZURE_", "OPENAI_", "TRAY_DICTATE_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def store():
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    memory.opened.set()
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def log(caplog):
    """Everything that anybody logs, and at the end: no key in it."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "keyring", "msal", "urllib3", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog
    assert KEY not in caplog.text
    assert "tok-" not in caplog.text


def settings(name="azure", **more):
    return EngineSettings(name=name, **more)


def get(chosen, env=None, header="api-key", limit=5.0) -> Credentials:
    source = CredentialSource(chosen, header, env=env or {}, limit=limit)
    return asyncio.run(source.get())


def refusal(chosen, env=None, **more) -> UnavailableError:
    with pytest.raises(UnavailableError) as raised:
        get(chosen, env, **more)
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert KEY not in shown
    assert "tok-" not in shown
    assert raised.value.remedy
    return raised.value


def printing(text, code=0):
    return [sys.executable, "-c", f"import sys; sys.stdout.write({text!r}); sys.exit({code})"]


def stored(store, name):
    store.kept["tray_dictate", name] = KEY


# --- headers


def test_a_key_goes_into_the_header_that_the_dialect_asks_for():
    env = {"AZURE_OPENAI_API_KEY": KEY}
    assert get(settings(), env, "api-key").headers == {"api-key": KEY}
    assert get(settings(), env, "bearer").headers == {"Authorization": f"Bearer {KEY}"}


def test_neither_repr_nor_str_shows_the_key():
    found = get(settings(), {"AZURE_OPENAI_API_KEY": KEY})
    assert KEY not in f"{found!r} {found}"
    assert found.source in repr(found)


def test_auth_none_sends_nothing_whatever_there_is(store):
    stored(store, "azure")
    chosen = settings(auth="none", key_command=printing(KEY))
    assert get(chosen, {"TRAY_DICTATE_KEY": KEY}) == Credentials({}, "none")
    assert store.asked == 0


def test_the_offline_engine_has_no_credentials():
    assert get(settings("offline"), {"TRAY_DICTATE_KEY": KEY}) == Credentials({}, "none")


# --- the order


ORDER = [
    ("azure", ["TRAY_DICTATE_KEY", "AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_API_KEY"]),
    ("azure-preview", ["TRAY_DICTATE_KEY", "AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_API_KEY"]),
    ("openai", ["TRAY_DICTATE_KEY", "OPENAI_API_KEY"]),
    *((name, ["TRAY_DICTATE_KEY"]) for name in OWN),
]


@pytest.mark.parametrize(("name", "variables"), ORDER, ids=[name for name, _ in ORDER])
def test_each_place_is_asked_in_its_order(store, name, variables):
    store.kept["tray_dictate", name] = "from the keyring"
    env = {variable: f"from {variable}" for variable in [*variables, *CLOUD_VARIABLES]}
    found = get(settings(name, key_command=printing("from the command")), env)
    assert (found.headers["api-key"], found.source) == ("from the command", "engine.key_command")
    for variable in variables:
        found = get(settings(name), env)
        assert (found.headers["api-key"], found.source) == (f"from {variable}", variable)
        del env[variable]
    assert store.asked == 0
    found = get(settings(name), env)  # what is left belongs to other clouds
    assert (found.headers["api-key"], found.source) == ("from the keyring", "the keyring")


@pytest.mark.parametrize("name", OWN)
def test_a_clouds_key_never_goes_to_another_server(name):
    env = dict.fromkeys(CLOUD_VARIABLES, KEY)
    assert get(settings(name), env) == Credentials({}, "none")


@pytest.mark.parametrize(("name", "other"), [("openai", "azure"), ("azure", "openai")])
def test_one_clouds_stored_key_is_not_the_others(store, name, other):
    stored(store, other)
    assert "the keyring has none" in refusal(settings(name)).reason


@pytest.mark.parametrize("empty", ["", "  ", "\n", "\t "])
def test_a_variable_that_is_set_to_nothing_is_absent(empty):
    env = {"AZURE_OPENAI_STT_TTS_KEY": empty, "AZURE_OPENAI_API_KEY": f" {KEY}\n"}
    found = get(settings(), env)
    assert (found.headers, found.source) == ({"api-key": KEY}, "AZURE_OPENAI_API_KEY")


@pytest.mark.parametrize(("name", "variables"), ORDER[:3], ids=CLOUD[1:] + CLOUD[:1])
def test_without_a_key_a_cloud_names_every_place_and_what_to_do(name, variables):
    error = refusal(settings(name))
    for place in (name, *variables, "engine.key_command", "keyring"):
        assert place in error.reason
    assert "tray-dictate key set" in error.remedy


async def test_unless_told_otherwise_the_environment_is_that_of_the_process(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    found = await CredentialSource(settings("openai"), "bearer").get()
    assert found == Credentials({"Authorization": f"Bearer {KEY}"}, "OPENAI_API_KEY")


# --- what cannot be sent


@pytest.mark.parametrize(
    "bad", [f"{KEY}\nX-Evil: 1", f"{KEY}\r", f"{KEY}\0", f"{KEY}\x7f", f"{KEY}é", f"{KEY}\u2028x"],
    ids=ascii,
)  # fmt: skip
def test_a_key_that_cannot_go_into_a_header_is_refused_by_its_source(store, bad):
    error = refusal(settings(), {"AZURE_OPENAI_API_KEY": f"{bad}x"})
    assert "AZURE_OPENAI_API_KEY" in error.reason
    store.kept["tray_dictate", "azure"] = f"{bad}x"
    assert "the keyring" in refusal(settings()).reason


# --- the keyring


FAILURES = [
    (errors.NoKeyringError("No recommended backend\nwas available"), "This system has no keyring."),
    (errors.KeyringLocked("Failed to unlock"), "The keyring is locked."),
    (errors.InitError("Failed to create the collection"), "Failed to create the collection."),
    (errors.KeyringError(), "The keyring cannot be used: KeyringError."),
    (RuntimeError(f"holds {KEY}"), "The keyring cannot be used: RuntimeError."),
]


@pytest.mark.parametrize(("failure", "said"), FAILURES, ids=[said for _, said in FAILURES])
def test_a_keyring_that_fails_is_told_only_where_nothing_else_has_the_key(store, failure, said):
    store.failure = failure
    assert get(settings(), {"AZURE_OPENAI_API_KEY": KEY}).source == "AZURE_OPENAI_API_KEY"
    assert get(settings("vllm")) == Credentials({}, "none")
    error = refusal(settings())
    assert said in error.reason
    assert "keyring could not be asked" in error.reason
    assert "AZURE_OPENAI_STT_TTS_KEY" in error.remedy


def test_a_keyring_that_waits_for_its_password_holds_up_neither_the_loop_nor_the_end(store, log):
    store.opened.clear()

    async def ask():
        source = CredentialSource(settings(), "api-key", env={}, limit=0.2)
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        for _ in range(2):
            with pytest.raises(UnavailableError, match=r"did not answer within 0.2 s"):
                await source.get()
        ticking.cancel()
        return ticks

    assert asyncio.run(ask()) > 10
    assert store.asked == 1  # one window asks for the password, not one for each connection
    store.opened.set()


def test_a_keyring_that_never_answers_lets_the_program_end():
    code = """
import asyncio, keyring, time
from keyring.backend import KeyringBackend
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.credentials import CredentialSource
from tray_dictate.core.errors import UnavailableError

class Hanging(KeyringBackend):
    priority = 0
    def get_password(self, service, username):
        time.sleep(60)
    set_password = delete_password = get_password

keyring.set_keyring(Hanging())
try:
    asyncio.run(CredentialSource(EngineSettings(name="openai"), "bearer", limit=0.1).get())
except UnavailableError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20,
        cwd=ROOT, env={"PATH": os.defpath},
    )  # fmt: skip
    assert "The keyring did not answer within 0.1 s." in done.stdout
    assert done.stderr == ""


def test_a_keyring_that_fails_too_late_is_not_complained_of(store, log):
    store.failure = errors.KeyringLocked("late")
    store.opened.clear()

    async def ask():
        source = CredentialSource(settings(), "api-key", env={}, limit=0.1)
        with pytest.raises(UnavailableError, match="did not answer"):
            await source.get()
        store.opened.set()
        await asyncio.sleep(0.2)

    asyncio.run(ask())
    gc.collect()
    assert "never retrieved" not in log.text


def test_a_keyring_unlocked_too_late_for_one_connection_serves_the_next(store):
    stored(store, "azure")
    store.opened.clear()

    async def ask():
        source = CredentialSource(settings(), "api-key", env={}, limit=0.1)
        with pytest.raises(UnavailableError):
            await source.get()
        store.opened.set()
        return await source.get()

    assert asyncio.run(ask()).source == "the keyring"


def test_with_keyrings_own_failing_back_end_the_message_says_so():
    code = """
import asyncio
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.credentials import CredentialSource
asyncio.run(CredentialSource(EngineSettings(name="openai"), "bearer").get())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
        env={"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "PATH": os.defpath},
    )  # fmt: skip
    assert done.returncode == 1
    assert "This system has no keyring." in done.stderr.splitlines()[-1]
    assert "During handling" not in done.stderr


# --- the command


def test_of_what_the_command_prints_the_first_line_counts():
    found = get(settings(key_command=printing(f"  {KEY} \r\nuser: me\n")))
    assert found.headers == {"api-key": KEY}


def test_the_command_runs_without_a_shell(tmp_path, monkeypatch):
    command = [*printing("ok"), "; touch oops", "$(touch oops)"]
    monkeypatch.chdir(tmp_path)
    assert get(settings(key_command=command)).headers == {"api-key": "ok"}
    assert not list(tmp_path.iterdir())


def test_a_command_that_fails_is_named_with_its_code_and_nothing_else(capfd):
    code = f"import sys; sys.stderr.write({KEY!r}); print({KEY!r}); sys.exit(3)"
    error = refusal(settings(key_command=[sys.executable, "-c", code, KEY]))
    assert error.reason == f"{sys.executable} (engine.key_command) failed with exit code 3."
    assert KEY not in "".join(capfd.readouterr())


@pytest.mark.parametrize("command", [["nowhere-to-be-found"], [KEY], [""], ["a\0b"], ["/"]])
def test_a_command_that_cannot_start_is_not_quoted_for_it_may_be_the_key(command):
    error = refusal(settings(key_command=command), {"AZURE_OPENAI_API_KEY": KEY})
    assert error.reason == "The program in engine.key_command cannot be started."


@pytest.mark.parametrize("text", ["", "\n", " \nsecond line\n"])
def test_a_command_that_prints_nothing_is_an_error_and_no_other_place_is_asked(text):
    error = refusal(settings(key_command=printing(text)), {"AZURE_OPENAI_API_KEY": KEY})
    assert "printed no key" in error.reason


def test_a_command_that_prints_without_end_is_stopped():
    code = "while True: print('y' * 4096)"
    error = refusal(settings(key_command=[sys.executable, "-c", code]))
    assert error.reason == "The program in engine.key_command prints more than a key."


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize("parent", ["stays", "ends"])
def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path, parent):
    pid = tmp_path / "pid"
    wait = "child.wait()" if parent == "stays" else ""
    code = f"""
import pathlib, subprocess
child = subprocess.Popen(["sleep", "1000"])
pathlib.Path({str(pid)!r}).write_text(str(child.pid))
{wait}
"""
    error = refusal(settings(key_command=[sys.executable, "-c", code]), limit=2.0)
    assert "printed no key within 2 s" in error.reason
    while alive(int(pid.read_text())):  # a kill is done when the system gets to it
        time.sleep(0.01)


def alive(pid):
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


# --- Entra ID


class Identity(ThreadingHTTPServer):
    """The endpoint of a managed identity, as Azure's App Service has it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = []
        self.lasts = 3600
        self.failure = ""
        self.hold = threading.Event()
        self.hold.set()


class Answer(BaseHTTPRequestHandler):
    server: Identity

    def do_GET(self):
        asked = {name: value[0] for name, value in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append((asked.get("resource"), self.headers["X-IDENTITY-HEADER"]))
        self.server.hold.wait()
        number = len(self.server.asked)
        if failure := self.server.failure or ("resource" not in asked and "no resource"):
            status, answer = 400, {"statusCode": 400, "message": failure}
        else:
            answer = {
                "access_token": f"tok-{number}", "resource": asked.get("resource"),
                "expires_on": str(int(time.time()) + self.server.lasts), "token_type": "Bearer",
            }  # fmt: skip
            status = 200
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def identity(monkeypatch, tmp_path):
    with Identity() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", KEY)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PATH", str(tmp_path))  # no `az` that somebody is signed in with
        yield server
        server.hold.set()
        server.shutdown()
        thread.join()


def connect(chosen, times=1, limit=5.0):
    """Return the headers of connections one after another."""

    async def several():
        source = CredentialSource(chosen, "api-key", env={}, limit=limit)
        try:
            return [await source.get() for _ in range(times)]
        finally:
            await source.close()

    return asyncio.run(several())


@pytest.mark.parametrize("name", ["azure", "azure-preview"])
def test_a_token_goes_as_a_bearer_and_is_no_key(identity, name):
    (found,) = connect(settings(name, auth="entra"))
    assert found == Credentials({"Authorization": "Bearer tok-1"}, "Entra ID")
    assert identity.asked == [("https://cognitiveservices.azure.com", KEY)]
    assert "tok-" not in f"{found!r}{found}"


def test_the_token_is_for_the_configured_scope(identity):
    connect(settings(auth="entra", entra_scope="https://ai.azure.com/.default"))
    assert [resource for resource, _ in identity.asked] == ["https://ai.azure.com"]


def test_a_token_that_lasts_serves_the_next_connections_too(identity):
    found = connect(settings(auth="entra"), times=3)
    assert {one.headers["Authorization"] for one in found} == {"Bearer tok-1"}
    assert len(identity.asked) == 1


def test_a_token_about_to_end_is_replaced_for_the_next_connection(identity):
    identity.lasts = 200
    found = connect(settings(auth="entra"), times=3)
    assert [one.headers["Authorization"][-5:] for one in found] == ["tok-1", "tok-2", "tok-3"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_az_is_run_once_for_many_connections(tmp_path, monkeypatch):
    program = tmp_path / "az"
    program.write_text(
        f"#!/bin/sh\necho >> {tmp_path}/runs\n"
        """echo '{"accessToken": "tok-az", "expiresOn": "2099-01-01 00:00:00.000000"}'\n"""
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    found = connect(settings(auth="entra"), times=3)
    assert {one.headers["Authorization"] for one in found} == {"Bearer tok-az"}
    assert (tmp_path / "runs").read_text() == "\n"


async def test_after_close_a_new_token_is_asked_for(identity):
    source = CredentialSource(settings(auth="entra"), "bearer", env={})
    await source.get()
    await source.close()
    await source.close()
    found = await source.get()
    await source.close()
    assert found.headers == {"Authorization": "Bearer tok-2"}


def test_a_failure_of_entra_is_one_sentence_with_what_to_do(identity):
    identity.failure = f"no identity {KEY} " * 50
    error = refusal(settings(auth="entra"))
    assert "Entra ID gave no token for https://cognitiveservices.azure.com/.default" in str(error)
    assert "az login" in error.remedy
    assert "Cognitive Services OpenAI User" in error.remedy
    assert len(str(error)) < 300


def test_entras_own_code_for_the_failure_is_kept(identity):
    identity.failure = "AADSTS700016: Application was not found in the directory"
    assert "(AADSTS700016)" in refusal(settings(auth="entra")).reason


def test_a_scope_that_is_none_is_an_error_like_any_other(identity):
    assert "gave no token" in refusal(settings(auth="entra", entra_scope="")).reason


def test_a_token_that_comes_too_late_serves_the_next_connection(identity):
    identity.hold.clear()

    async def twice():
        source = CredentialSource(settings(auth="entra"), "bearer", env={}, limit=2)
        with pytest.raises(UnavailableError, match="no token within 2 s"):
            await source.get()
        identity.hold.set()
        await asyncio.sleep(0.5)  # it comes, and nobody waits for it
        found = await source.get()
        await source.close()
        return found

    assert asyncio.run(twice()).headers == {"Authorization": "Bearer tok-1"}
    assert len(identity.asked) == 1


@pytest.mark.parametrize("name", ["openai", *OWN])
def test_entra_is_for_azure_only(identity, name):
    assert name in refusal(settings(name, auth="entra")).reason
    assert not identity.asked


IN_A_FRESH_PROCESS = """
import asyncio, logging, sys
from tray_dictate.system import logs as log
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.credentials import CredentialSource
from tray_dictate.core.errors import UnavailableError
log.start_for_command()
print([name for name in sys.modules if name.partition(".")[0] in ("azure", "keyring", "msal")])
try:
    source = CredentialSource(EngineSettings(name="azure", auth="entra"), "bearer")
    asyncio.run(source.get())
except UnavailableError as error:
    print(error)
"""


def fresh_process(tmp_path, **env):
    env = {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", **env}  # what needs no network
    return subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True, check=True,
        cwd=ROOT, env={"PATH": str(tmp_path), "HOME": str(tmp_path), **env},
    )  # fmt: skip


def test_neither_keyring_nor_azure_is_imported_before_it_is_needed(tmp_path):
    assert fresh_process(tmp_path).stdout.startswith("[]\n")


def test_without_the_package_the_remedy_is_how_to_install_it(tmp_path):
    (tmp_path / "azure").mkdir()
    (tmp_path / "azure" / "__init__.py").touch()  # a package goes before Azure's namespace
    said = fresh_process(tmp_path, PYTHONPATH=str(tmp_path)).stdout
    assert "azure-identity is missing" in said
    assert f'{sys.executable} -m pip install "tray-dictate[azure]"' in said


def test_the_pages_that_azure_identity_logs_are_not_shown(tmp_path):
    done = fresh_process(tmp_path, AZURE_TOKEN_CREDENTIALS="dev")
    assert "Entra ID gave no token" in done.stdout
    assert done.stderr == ""


# --- the endpoint


AZ = {"AZURE_OPENAI_STT_TTS_ENDPOINT": "https://a", "AZURE_OPENAI_ENDPOINT": "https://b"}
ENDPOINTS = [
    ("the setting goes first", settings(endpoint=" https://mine "), AZ, "https://mine"),
    ("then the programs' own variable", settings(), AZ, "https://a"),
    ("for the preview too", settings("azure-preview"), AZ, "https://a"),
    ("then Azure's", settings(), {**AZ, "AZURE_OPENAI_STT_TTS_ENDPOINT": " "}, "https://b"),
    ("nothing is empty", settings(), {}, ""),
    ("OpenAI is not Azure", settings("openai"), AZ, ""),
    ("nor is a server of one's own", settings("vllm"), AZ, ""),
]


@pytest.mark.parametrize(
    ("chosen", "env", "expected"), [row[1:] for row in ENDPOINTS], ids=[row[0] for row in ENDPOINTS]
)
def test_endpoint(chosen, env, expected):
    assert endpoint(chosen, env) == expected
