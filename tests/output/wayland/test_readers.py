"""Who reads a pipe is found in /proc: real processes, real pipes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tray_dictate.output.wayland.readers import UNKNOWN, Readers, boot_time
from tray_dictate.system.programs import processes

SPAWN = "import subprocess, sys; sys.stdin.readline(); subprocess.run(['cat'], stdin=int(sys.argv[1]), pass_fds=[int(sys.argv[1])])"  # noqa: E501

HAND_ON = """
import subprocess, sys, os
sys.stdin.read()
child = subprocess.Popen(["cat"], stdin=int(sys.argv[1]))
os.close(int(sys.argv[1]))
print("handed on", flush=True)
child.wait()
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with suppress(OSError):  # the test has closed it
            os.close(end)


@pytest.fixture
def connection(tmp_path) -> Iterator[socket.socket]:
    """Yield a connection to a compositor that is this very process."""
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        client.connect(str(tmp_path / "socket"))
        yield client


@pytest.fixture
def readers(connection: socket.socket) -> Readers:
    return Readers(connection.fileno())


def found(readers: Readers, file: int, since: float) -> int:
    """Return who reads, once somebody does."""
    end = time.monotonic() + 10
    while not (process := readers.find(file, since).process) and time.monotonic() < end:
        time.sleep(0.01)
    return process


def test_a_program_that_was_there_before_counts_as_itself(readers, pipe) -> None:
    reading, writing = pipe
    with subprocess.Popen(["cat"], stdin=reading) as program:
        time.sleep(0.05)
        assert found(readers, writing, boot_time()) == program.pid
        reader = readers.find(writing, boot_time())
        assert reader.is_reading()
        os.close(reading)
        os.close(writing)
        program.wait(10)
    assert not reader.is_reading()


def test_a_program_started_for_the_read_counts_as_who_has_started_it(readers, pipe) -> None:
    reading, writing = pipe
    argv = [sys.executable, "-c", SPAWN, str(reading)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, pass_fds=[reading]) as program:
        time.sleep(0.05)
        since = boot_time()
        time.sleep(0.05)
        assert program.stdin
        program.stdin.write(b"\n")
        program.stdin.flush()
        os.close(reading)
        assert found(readers, writing, since) == program.pid
        program.kill()
        os.close(writing)


def test_an_end_that_goes_to_a_child_while_it_is_looked_for_is_found(connection, pipe) -> None:
    """So `wl-paste --watch cat` does it at each read."""
    reading, writing = pipe
    argv = [sys.executable, "-c", HAND_ON, str(reading)]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, **streams, pass_fds=[reading]) as program:
        os.close(reading)
        time.sleep(0.05)

        class ThenHandedOn:
            def every(self) -> set[int]:
                everyone = processes.every()
                if not program.stdin.closed:
                    program.stdin.close()
                    assert program.stdout.readline() == b"handed on\n"
                return everyone

        readers = Readers(connection.fileno(), ThenHandedOn())
        try:
            assert readers.find(writing, boot_time()).process == program.pid
        finally:
            os.close(writing)


def test_where_nobody_else_reads_nobody_is_found(readers, pipe, tmp_path) -> None:
    _, writing = pipe
    assert readers.find(writing, boot_time()).process == UNKNOWN
    assert not readers.find(writing, boot_time()).is_reading()
    with (tmp_path / "file").open("wb") as file:
        assert readers.find(file.fileno(), boot_time()).process == UNKNOWN


def test_who_serves_the_socket_is_the_compositor(readers) -> None:
    assert readers.is_compositor(os.getpid())
    assert not readers.is_compositor(1)
    assert not readers.is_compositor(UNKNOWN)
