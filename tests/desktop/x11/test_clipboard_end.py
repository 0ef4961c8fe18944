"""What the user has copied outlives the daemon on X11, whether it ends or is killed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rigs.keepers import keepers
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import (
    PastingProgram,
    copying,
    disown,
    nobody_owns,
)
from tests.rigs.x11_output import connected
from tests.waiting import wait_until


@pytest.fixture
def desktop(environ: Desktop) -> Iterator[Desktop]:
    yield environ
    disown(environ)
    wait_until(lambda: not keepers(environ), 10, "the end of the keeper")


@contextmanager
def rich(desktop: Desktop, folder: Path) -> Iterator[dict[str, bytes]]:
    """Somebody has copied something in many formats, and marked a text."""
    contents = {
        "image/png": random.Random(7).randbytes(3_000_000),
        "text/html": "<b>Grüße</b>".encode(),
        "application/x-odd": b"\x00\xff\n odd",
    }
    for number, data in enumerate(contents.values()):
        (folder / str(number)).write_bytes(data)
    files = {name: folder / str(number) for number, name in enumerate(contents)}
    desktop.set_clipboard("marked", "primary")
    with copying(desktop, files):
        yield contents


@pytest.mark.parametrize("when", ["after", "within"])
@pytest.mark.parametrize("how", ["close", "kill"])
def test_every_format_of_both_selections_outlives_the_daemon(
    desktop: Desktop, tmp_path: Path, how: str, when: str
) -> None:
    with rich(desktop, tmp_path) as contents:
        program = PastingProgram(desktop, when)
        program.end(how)
        there = {name: desktop.clipboard(target=name) for name in contents}
        assert there == contents
        assert desktop.clipboard("primary") == b"marked"


@pytest.mark.parametrize("how", ["close", "kill"])
def test_no_moment_is_without_an_owner(desktop: Desktop, how: str) -> None:
    desktop.set_clipboard("of the user")
    with connected(desktop) as display:
        display.xfixes_query_version()
        clipboard = display.intern_atom("CLIPBOARD")
        program = PastingProgram(desktop)
        display.xfixes_select_selection_input(display.screen().root, clipboard, 7)
        display.sync()
        program.end(how)
        assert desktop.clipboard() == b"of the user"
        wait_until(lambda: keepers(desktop), 10, "the keeper")
        display.sync()
        seen = [display.next_event() for _ in range(display.pending_events())]
        assert [bool(event.owner) for event in seen] == [True], "it went over at once"


def test_the_keeper_holds_nothing_of_the_daemons_and_ends_with_the_last_selection(
    desktop: Desktop,
) -> None:
    desktop.set_clipboard("of the user")
    desktop.set_clipboard("marked", "primary")
    PastingProgram(desktop).end("kill")
    assert desktop.clipboard() == b"of the user"
    [keeper] = keepers(desktop)
    of = Path(f"/proc/{keeper}")
    opened = sorted(os.readlink(path) for path in of.joinpath("fd").iterdir())  # noqa: PTH115
    assert opened[:3] == ["/dev/null"] * 3
    assert [name.partition(":")[0] for name in opened[3:]] == ["socket"]
    for file in ("cmdline", "environ"):
        said = of.joinpath(file).read_bytes()
        assert b"a key" not in said
        assert b"of the user" not in said
    assert of.joinpath("cwd").readlink() == Path("/")
    [size] = [
        int(line.split()[1])
        for line in of.joinpath("status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    assert size < 25_000, "kB"
    desktop.set_clipboard("newer")
    assert desktop.clipboard("primary") == b"marked"
    assert keepers(desktop) == {keeper}
    desktop.set_clipboard("newer", "primary")
    wait_until(lambda: not keepers(desktop), 10, "the end of the keeper")
    assert desktop.clipboard() == b"newer"


def test_what_was_copied_while_nobody_kept_it_stays(desktop: Desktop) -> None:
    desktop.set_clipboard("of the user")
    program = PastingProgram(desktop)
    desktop.set_clipboard("newer")
    program.end("kill")
    assert desktop.clipboard() == b"newer"
    wait_until(lambda: nobody_owns(desktop, "PRIMARY"), 10, "what was dictated is gone")
