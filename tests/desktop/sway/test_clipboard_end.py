"""What the user has copied, and what was kept for them, outlives the daemon under Wayland."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rigs.keepers import keepers
from tests.rigs.sway import Sway
from tests.rigs.wayland_clipboard import PastingProgram, copying, use
from tests.rigs.wayland_selections import TEXT
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.data_control import CLIPBOARD, DataControl
from tray_dictate.output.wayland.selections import WaylandSelections
from tray_dictate.system.desktop.wayland import Connection


@contextmanager
def rich(sway: Sway, folder: Path) -> Iterator[dict[str, bytes]]:
    """Somebody has copied something in many formats, and marked a text."""
    contents = {
        "image/png": random.Random(7).randbytes(3_000_000),
        "text/html": "<b>Grüße</b>".encode(),
        "application/x-odd": b"\x00\xff\n odd",
        "application/x-empty": b"",
    }
    for number, data in enumerate([*contents.values(), b"marked"]):
        (folder / str(number)).write_bytes(data)
    files = {name: folder / str(number) for number, name in enumerate(contents)}
    with copying(sway, files, {TEXT: folder / str(len(contents))}):
        yield contents


@pytest.fixture
def selections(environ: Sway) -> Iterator[WaylandSelections]:
    made = WaylandSelections()
    yield made
    made.close()
    environ.set_clipboard("nobody's")  # nobody keeps anything for the next test
    environ.set_clipboard("nobody's", primary=True)
    wait_until(lambda: not keepers(environ), 20, "the end of the keeper")


def test_every_type_of_both_selections_is_there_when_the_daemon_has_ended(
    environ: Sway, selections, tmp_path
) -> None:
    with rich(environ, tmp_path) as contents:
        use(selections)
    selections.close()
    assert environ.clipboard_types() == list(contents)
    assert {name: environ.clipboard(name) for name in contents} == contents
    assert environ.clipboard(primary=True) == b"marked"


@pytest.fixture
def tidied(environ: Sway) -> Iterator[Sway]:
    yield environ
    environ.set_clipboard("nobody's")
    environ.set_clipboard("nobody's", primary=True)
    wait_until(lambda: not keepers(environ), 20, "the end of the keeper")


def test_every_type_of_both_selections_is_there_when_the_daemon_was_killed(
    tidied: Sway, tmp_path
) -> None:
    with rich(tidied, tmp_path) as contents:
        program = PastingProgram(tidied)
    program.kill()
    assert tidied.clipboard_types() == list(contents)
    assert {name: tidied.clipboard(name) for name in contents} == contents
    assert tidied.clipboard(primary=True) == b"marked"
    assert len(keepers(tidied)) == 1


def test_kept_text_is_there_when_the_daemon_was_killed(tidied: Sway) -> None:
    program = PastingProgram(tidied)
    program.do("keep")
    program.kill()
    assert tidied.clipboard() == b"undelivered words"


def test_what_was_copied_since_is_there_and_nobody_keeps_what_was_before(tidied: Sway) -> None:
    tidied.set_clipboard("of the user")
    tidied.set_clipboard("marked", primary=True)
    program = PastingProgram(tidied)
    tidied.set_clipboard("newer")
    tidied.set_clipboard("newer", primary=True)
    program.kill()
    assert tidied.clipboard() == b"newer"
    assert tidied.clipboard(primary=True) == b"newer"
    wait_until(lambda: not keepers(tidied), 20, "nobody stays")


def test_dictated_text_is_gone_with_a_daemon_that_was_killed_within_a_paste(tidied: Sway) -> None:
    tidied.set_clipboard("of the user")
    program = PastingProgram(tidied)
    program.do("offer")
    program.kill()
    wait_until(lambda: not tidied.clipboard_types(), 20, "an empty clipboard")
    assert not keepers(tidied)


def test_what_a_killed_daemon_leaves_is_kept_only_for_a_while(tidied: Sway) -> None:
    tidied.set_clipboard("correct horse")
    program = PastingProgram(tidied, seconds=1)
    program.kill()
    assert tidied.clipboard() == b"correct horse"
    wait_until(lambda: not keepers(tidied), 20, "the end of the keeper")
    assert not tidied.clipboard_types()


def test_the_heir_of_a_killed_daemon_holds_nothing_else_of_it(tidied: Sway) -> None:
    tidied.set_clipboard("of the user")
    program = PastingProgram(tidied)
    program.kill()
    assert tidied.clipboard() == b"of the user", "it has begun"
    [keeper] = keepers(tidied)
    of = Path(f"/proc/{keeper}")
    opened = sorted(os.readlink(path) for path in of.joinpath("fd").iterdir())  # noqa: PTH115
    assert opened[:3] == ["/dev/null"] * 3
    assert [end.partition(":")[0] for end in opened[3:]] == ["socket"]
    assert b"of the user" not in of.joinpath("cmdline").read_bytes()
    assert b"a key" not in of.joinpath("environ").read_bytes()


def test_kept_text_is_there_when_the_daemon_has_ended(environ: Sway, selections) -> None:
    selections.copy_to_clipboard("undelivered words", secret=True)
    selections.close()
    assert environ.clipboard() == b"undelivered words"
    assert environ.clipboard("x-kde-passwordManagerHint") == b"secret"


def test_dictated_text_is_not_there_when_the_daemon_has_ended(environ: Sway, selections) -> None:
    environ.set_clipboard("of the user")
    assert selections.offer("dictated", Treatment())
    selections.close()
    assert environ.clipboard() == b"of the user"


def test_where_we_hold_nothing_nobody_stays(environ: Sway, selections) -> None:
    environ.set_clipboard("of the user")
    environ.set_clipboard("marked", primary=True)
    use(selections)
    environ.set_clipboard("newer")
    environ.set_clipboard("newer", primary=True)
    selections.close()
    assert not keepers(environ)
    assert environ.clipboard() == b"newer"


def test_the_keeper_ends_once_both_selections_are_somebody_elses(environ: Sway, selections) -> None:
    environ.set_clipboard("of the user")
    environ.set_clipboard("marked", primary=True)
    use(selections)
    selections.close()
    assert len(keepers(environ)) == 1
    environ.set_clipboard("newer")
    assert environ.clipboard(primary=True) == b"marked"
    assert len(keepers(environ)) == 1
    environ.set_clipboard("newer", primary=True)
    wait_until(lambda: not keepers(environ), 20, "the end of the keeper")
    assert environ.clipboard() == b"newer"


def test_a_copy_made_while_the_daemon_ends_stays(environ: Sway, selections) -> None:
    environ.set_clipboard("of the user")
    use(selections)
    ending = threading.Thread(target=selections.close)
    ending.start()
    environ.set_clipboard("newer")
    ending.join()
    assert environ.clipboard() == b"newer"


def test_who_reads_while_the_daemon_ends_gets_all_of_it(environ: Sway, selections) -> None:
    text = "kept " * 200_000  # more than a pipe takes
    selections.copy_to_clipboard(text)
    connection = Connection()
    control = DataControl(connection)
    offered = control.current[CLIPBOARD]
    assert offered
    reading = control.receive(offered, TEXT)
    connection.roundtrip()
    ending = threading.Thread(target=selections.close)
    ending.start()
    with os.fdopen(reading, "rb") as file:
        assert file.read() == text.encode()
    ending.join()
    connection.close()


def test_the_keeper_holds_nothing_of_the_daemons_and_shows_nothing(
    environ: Sway, selections, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the user')")
    lock = (tmp_path / "lock").open("w")
    os.set_inheritable(lock.fileno(), True)
    selections.copy_to_clipboard("undelivered words")
    selections.close()
    lock.close()
    [keeper] = keepers(environ)
    of = Path(f"/proc/{keeper}")
    opened = sorted(os.readlink(path) for path in of.joinpath("fd").iterdir())  # noqa: PTH115
    assert opened[:3] == ["/dev/null"] * 3
    assert len(opened) == 4
    assert opened[3].startswith("socket:")
    assert b"undelivered" not in of.joinpath("cmdline").read_bytes()
    assert b"a key" not in of.joinpath("environ").read_bytes()
    assert os.getsid(keeper) != os.getsid(0)
    [size] = [
        int(line.split()[1])
        for line in of.joinpath("status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    assert size < 25_000, "kB: pydantic alone has as much"


def test_the_keeper_ends_with_the_compositor() -> None:
    with Sway() as short, pytest.MonkeyPatch.context() as patch:
        short.join(patch)
        made = WaylandSelections()
        made.copy_to_clipboard("undelivered words")
        made.close()
        [keeper] = keepers(short)
    wait_until(lambda: keeper not in keepers(short), 20, "the end of the keeper")


def test_a_target_that_reads_only_after_the_end_gets_nothing_of_the_users(
    environ: Sway, selections
) -> None:
    environ.set_clipboard("of the user")
    offer = selections.offer("dictated", Treatment())
    assert offer
    offer.pressed = True
    selections.close()
    assert environ.clipboard() == b""
    wait_until(lambda: environ.clipboard() == b"of the user", 20, "what was there before")


def test_kill_9_of_the_keeper_leaves_nothing(environ: Sway, selections) -> None:
    selections.copy_to_clipboard("undelivered words")
    selections.close()
    [keeper] = keepers(environ)
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not environ.clipboard_types(), 20, "an empty clipboard")
