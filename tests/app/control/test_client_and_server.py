"""The control socket: a real server process, the real command, and what else may knock."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tray_dictate.app.control import client
from tray_dictate.app.control.server import ControlServer
from tray_dictate.core.errors import ControlError, DeliveryError

ROOT = Path(__file__).parents[3]
SERVER = """
import asyncio, sys
from tray_dictate.app.control.server import ControlServer

async def main():
    async def start():
        return {}
    async def copy():
        return {"message": "12 words are on the clipboard."}
    server = ControlServer({"start": start, "toggle": start, "copy": copy})
    await server.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.close()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path_factory, monkeypatch):
    """A session of its own, whose path a socket's address can hold."""
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def path(runtime):
    return runtime / "tray_dictate" / "control.sock"


@pytest.fixture
def process(runtime):
    """A daemon of its own process."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as started:  # fmt: skip
        assert started.stdout.readline() == "ready\n"
        yield started
        started.kill()


def cli(*args: str, options: tuple[str, ...] = (), **env: str):
    return subprocess.run(
        [sys.executable, *options, "-m", "tray_dictate", *args], capture_output=True, text=True,
        check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip


# --- the command


def test_a_command_reaches_the_daemon_and_is_silent(process):
    done = cli("start")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_the_daemon_has_to_say_is_printed(process):
    done = cli("copy")
    assert (done.returncode, done.stdout) == (0, "12 words are on the clipboard.\n")


def test_an_answer_that_is_an_error_is_a_sentence_and_a_failure(process):
    done = cli("undo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "tray-dictate: The daemon knows no command 'undo'; it knows: copy, start, toggle.\n"
    )


@pytest.mark.parametrize("command", ["start", "stop", "toggle", "cancel", "redo", "undo", "copy"])
def test_without_a_daemon_every_command_says_so(command):
    done = cli(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "tray-dictate: tray_dictate is not running. Start it with `tray-dictate`.\n"
    )


def test_a_daemon_that_was_killed_is_not_running(process, path):
    process.kill()
    process.wait()
    assert path.exists()
    assert "is not running" in cli("start").stderr


AFTERWARDS = """
import atexit, sys
before = set(sys.modules)
atexit.register(lambda: print(*sorted(set(sys.modules) - before)))
sys.argv = ["tray-dictate", "toggle"]
from tray_dictate.__main__ import main
sys.exit(main())
"""


def test_a_toggle_has_imported_little_and_only_of_the_standard_library(process):
    """The same as the installed script does; `runpy` brings in its own. 3.14 starts without io."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{AFTERWARDS}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) - {"__future__", "_socket", "io"} == {
        "tray_dictate", "tray_dictate.__main__", "tray_dictate.app", "tray_dictate.app.control",
        "tray_dictate.app.control.client", "tray_dictate.core", "tray_dictate.core.errors",
    }  # fmt: skip


def test_the_daemon_removes_its_socket_when_it_ends(process, path):
    process.stdin.close()
    assert process.wait(20) == 0
    assert not path.exists()


def test_a_user_who_has_waited_enough_sees_no_traceback(path):
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        command = subprocess.Popen(
            [sys.executable, "-m", "tray_dictate", "redo"], stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        connection, _ = listening.accept()
        with connection:
            assert b"redo" in connection.recv(999)
            command.send_signal(signal.SIGINT)
            _, err = command.communicate(timeout=60)
    assert (command.returncode, err) == (130, b"")


# --- one server for a session


async def nothing() -> dict:
    return {}


@pytest.fixture
async def serve():
    """Start servers in this process, and close them."""
    servers = []

    async def start(handlers=None, path=None) -> ControlServer:
        server = ControlServer(handlers or {"start": nothing}, path)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.close()


async def send(command: str, **args) -> dict:
    return await asyncio.to_thread(client.send, command, **args)


async def test_a_socket_of_a_killed_daemon_is_replaced(process, path, serve):
    process.kill()
    process.wait()
    assert path.exists()
    await serve()
    assert await send("start") == {}


async def test_a_live_one_is_never_stolen(process, path, serve):
    with pytest.raises(
        ControlError, match=r"serves the control socket\. End it: `tray-dictate quit`"
    ):
        await serve()
    assert cli("start").returncode == 0


async def test_one_that_knows_no_lock_is_not_stolen_either(path, serve):
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(0)
        for _ in range(4):  # the last ones find it busy
            with pytest.raises(ControlError, match="Another tray_dictate serves"):
                await serve()
        assert path.exists()


async def test_a_server_that_was_closed_can_be_followed_by_another(serve, path):
    first = await serve()
    await first.close()
    await first.close()
    assert not path.exists()
    await serve()
    assert await send("start") == {}


async def test_a_close_leaves_a_socket_that_is_not_ours(serve, path):
    server = await serve()
    path.unlink()
    path.write_text("another's")
    await server.close()
    assert path.read_text() == "another's"


async def test_socket_and_lock_are_the_owners_whatever_the_umask(serve, path):
    before = os.umask(0)
    try:
        await serve()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_a_folder_that_others_may_write_is_not_used(serve, path):
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(ControlError, match="is not a folder that only you can write to"):
        await serve()
    with pytest.raises(ControlError, match="is not a folder that only you can write to"):
        client.send("start")


async def test_a_path_that_is_too_long_is_explained(serve, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 120)))
    with pytest.raises(ControlError, match=r"AF_UNIX path too long\. Set XDG_RUNTIME_DIR"):
        await serve()


async def test_without_a_runtime_folder_it_is_in_the_temporary_one(monkeypatch, tmp_path, serve):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    await serve()
    assert (tmp_path / f"tray_dictate-{os.getuid()}" / "control.sock").exists()
    assert await send("start") == {}


# --- what goes over it


async def test_arguments_go_in_and_an_answer_comes_out(serve):
    async def count(text: str, times: int = 1) -> dict:
        return {"letters": len(text) * times, "ok": "ours"}

    await serve({"count": count})
    assert await send("count", text="grüße 漢", times=3) == {"letters": 21}


@pytest.mark.parametrize("args", [{}, {"text": 1, "more": 2}])
async def test_wrong_arguments_are_an_answer(serve, args):
    async def count(text: str) -> dict:
        return {}

    await serve({"count": count})
    with pytest.raises(ControlError, match=r"^count: .*argument"):
        await send("count", **args)


async def test_a_refusal_is_told_in_its_own_words(serve):
    async def undo() -> dict:
        raise DeliveryError("The focus has moved.")

    await serve({"undo": undo})
    with pytest.raises(ControlError, match=r"^The focus has moved\.$"):
        await send("undo")


@pytest.mark.parametrize("wrong", [ValueError("secret words"), object()], ids=["raises", "no JSON"])
async def test_a_mistake_of_ours_is_logged_and_not_told(serve, caplog, wrong):
    async def undo() -> dict:
        if isinstance(wrong, Exception):
            raise wrong
        return {"what": wrong}

    await serve({"undo": undo})
    with pytest.raises(ControlError, match=r"^The command failed; the log has the details\.$"):
        await send("undo")
    assert "a control command failed" in caplog.text


async def test_many_clients_at_once_are_all_answered(serve):
    async def echo(number: int) -> dict:
        await asyncio.sleep(0)
        return {"number": number}

    await serve({"echo": echo})
    answers = await asyncio.gather(*(send("echo", number=n) for n in range(30)))
    assert answers == [{"number": n} for n in range(30)]


async def raw(path: Path, sent: bytes) -> dict | None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(sent)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return json.loads(answer) if answer else None


STRANGE = [
    b"", b"\n", b"start\n", b"[]\n", b'{"command": "start", "args": {}}\n', b"\xff\xfe\n",
    b'{"version": 1, "command": 3, "args": {}}\n', b'{"version": 1, "command": "start"}\n',
    b'{"version": 1, "command": "start", "args": []}\n',
]  # fmt: skip


@pytest.mark.parametrize("sent", STRANGE, ids=repr)
async def test_a_line_that_is_no_command_is_refused(serve, path, sent):
    await serve()
    answer = await raw(path, sent)
    assert answer == {
        "version": 1, "ok": False,
        "error": "The request was not understood: it is not a command in a line of JSON.",
    }  # fmt: skip


async def test_another_version_is_told_to_restart(serve, path):
    await serve()
    answer = await raw(path, b'{"version": 2, "command": "start", "args": {}}\n')
    assert not answer["ok"]
    assert "another version" in answer["error"]


@pytest.mark.parametrize("end", [b"", b"\n"])
async def test_a_line_that_is_too_long_is_refused(serve, path, end):
    await serve()
    answer = await raw(path, b"x" * 1_000_000 + end)
    assert answer == {
        "version": 1, "ok": False,
        "error": "The request was not understood: it is longer than 65536 bytes.",
    }  # fmt: skip
    assert await send("start") == {}


async def test_a_line_that_never_ends_is_not_read_for_ever(serve, path):
    await serve()
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"x" * 100_000)
    assert b"longer than 65536 bytes" in await reader.readline()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            writer.write(b"x" * 100_000)
            await writer.drain()
    writer.close()
    assert await send("start") == {}


async def test_json_that_is_nested_without_end_is_refused(serve, path, caplog):
    await serve()
    answer = await raw(path, b"[" * 60_000 + b"\n")
    assert "it is not a command" in answer["error"]
    assert caplog.text == ""


async def test_a_client_that_says_nothing_is_in_nobodys_way(serve, path):
    server = await serve()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
        assert await send("start") == {}
        await server.close()  # and does not wait for it
        assert silent.recv(9) == b""


async def test_a_client_that_leaves_early_does_not_stop_what_it_asked_for(serve, path):
    asked, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start() -> dict:
        asked.set()
        await go_on.wait()
        done.set()
        return {}

    await serve({"start": start})
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(client.line({"version": 1, "command": "start", "args": {}}))
    await asked.wait()
    writer.close()
    await writer.wait_closed()
    go_on.set()
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_command_may_end_the_server(serve, path):
    closed = asyncio.Event()

    async def end() -> dict:
        await server.close()
        closed.set()
        return {"message": "over"}

    server = await serve({"end": end})
    assert await send("end") == {"message": "over"}
    assert closed.is_set()


@pytest.mark.parametrize("answer", [b"", b"half", b"[]\n", b"{}\n", b"\xff\n"])
def test_a_daemon_that_breaks_off_is_a_clear_sentence(path, answer):
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def once() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(9999)
                connection.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        with pytest.raises(ControlError, match="quit before it answered"):
            client.send("start")
        thread.join()


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="needs two users")
async def test_another_user_is_not_served(serve, caplog):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240
        path = Path(folder) / "control.sock"
        server = await serve(path=path)
        path.chmod(0o777)  # as if the modes did not keep them out
        code = (
            "import os, socket, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); "
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(99))"
        )
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", code, str(path)], capture_output=True, text=True
        )
        await server.close()
    assert (done.stdout, done.returncode) == ("b''\n", 0), done.stderr
    assert "refused a connection of another user" in caplog.text
