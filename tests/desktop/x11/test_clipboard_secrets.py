"""A secret on the X11 clipboard is its owner's to clear, whatever is dictated meanwhile."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from tests.rigs.keepers import keepers
from tests.rigs.line_program import Looked
from tests.rigs.memory import copies, family
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.windows import SYSTEM_PYTHON, TARGETS
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import ELSEWHERE, PastingProgram, disown, nobody_owns
from tests.rigs.x11_output import connected
from tests.waiting import wait_until
from tray_dictate.core.ports import Receipt
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.output import X11Output
from tray_dictate.output.x11.selection_server import ENDS_WITH_IT
from tray_dictate.output.x11.selections import X11Selections

TYPED = Receipt(confirmed=False, method="type")
SECRET = "correct horse"
MARKS = (
    "x-kde-passwordManagerHint",
    "X-KDE-PASSWORDMANAGERHINT",
    "application/x-kde-passwordmanagerhint",
    "org.nspasteboard.ConcealedType",
    "ExcludeClipboardContentFromMonitorProcessing",
)


# the secret is not in the program itself: it knows what it looks like
LOOKING = """
import sys
from tests.rigs.x11_clipboard import ELSEWHERE
from tests.rigs.memory import living
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.selections import X11Selections

selections = X11Selections()
selections.survive(seconds=100)
offer = selections.offer("dictated", ELSEWHERE, Treatment())
if offer:
    selections.withdraw(offer)
print("pasted" if offer else "refused", flush=True)
for _ in sys.stdin:
    print(living(b"word-" + b"[0-9a-f]{16}"), flush=True)
"""


@pytest.fixture
def secret() -> str:
    return f"word-{secrets.token_hex(8)}"


@pytest.fixture(params=["auto", "paste"])
async def output(request, environ: Desktop) -> AsyncIterator[X11Output]:
    made = X11Output(request.param, FilteringHotkey())
    yield made
    await made.close()
    disown(environ)


@pytest.fixture
def ends_with_it() -> float:
    """Return how long a program may take to end because it has lost the clipboard, in seconds."""
    return ENDS_WITH_IT


@pytest.fixture
def selections(environ: Desktop, ends_with_it: float) -> Iterator[X11Selections]:
    made = X11Selections(ends_with_it=ends_with_it)
    made.survive()
    yield made
    made.close()
    disown(environ)


class PasswordManager:
    """targets/secret.py, with a secret on the clipboard."""

    def __init__(self, desktop: Desktop, *hints: str, secret: str = SECRET) -> None:
        self._desktop = desktop
        script = str(TARGETS / "secret.py")
        self.process = desktop.processes.start(
            "secret", [SYSTEM_PYTHON, script, *hints],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._write(secret)
        assert self._says() == "ready"

    def __enter__(self) -> PasswordManager:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def clear(self) -> str:
        """Have it clear the clipboard where that is its own; return whether it has."""
        self._write("")
        return self._says()

    def _write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def _says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().decode().strip()


@contextmanager
def lending(desktop: Desktop, selection: str, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program has the secret that serves a selection only for a while."""
    disown(desktop)
    program = desktop.processes.start(
        "lending", command.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert program.stdin
    program.stdin.write(SECRET.encode())
    program.stdin.close()
    wait_until(lambda: not nobody_owns(desktop, selection), 10, "the secret is there")
    try:
        yield program
    finally:
        desktop.processes.end(program)


@pytest.mark.parametrize("mark", MARKS)
async def test_what_is_marked_as_a_secret_is_never_ours(environ, output, mark) -> None:
    with (
        PasswordManager(environ, mark),
        connected(environ) as display,
        environ.text_window("gtk") as window,
    ):
        clipboard = display.intern_atom("CLIPBOARD")
        owner = display.get_selection_owner(clipboard)
        assert await output.deliver("hello") == TYPED
        window.wait_for("hello")
        assert display.get_selection_owner(clipboard) == owner
        assert environ.clipboard() == SECRET.encode()


@pytest.mark.parametrize("selection", ["CLIPBOARD", "PRIMARY"])
@pytest.mark.parametrize(
    "command",
    [
        "xclip -loops 1 -selection",
        "xclip -l 1 -sel",
        "timeout 60 xclip -quiet -sel",
    ],
)
async def test_what_a_program_gives_only_for_a_while_is_never_ours(
    environ, output, command: str, selection: str
) -> None:
    with lending(environ, selection, f"{command} {selection.lower()}"):
        with environ.text_window("gtk") as window:
            assert await output.deliver("hello") == TYPED
            window.wait_for("hello")
        assert environ.clipboard(selection.lower()) == SECRET.encode(), "it was not used up"
    wait_until(lambda: nobody_owns(environ, selection), 10, "its end is the end of it")


@pytest.mark.parametrize("during", [True, False], ids=["during a paste", "after it"])
def test_a_password_manager_finds_its_own_and_clears_it(environ, selections, during) -> None:
    """It compares what is there with what it has copied: else it leaves it alone."""
    with PasswordManager(environ) as manager:
        offer = selections.offer("dictated", ELSEWHERE, Treatment())
        assert offer
        offer.pressed = True
        if not during:
            selections.withdraw(offer)
        assert manager.clear() == "cleared"
        selections.withdraw(offer)
        assert environ.clipboard() == b""
    assert not selections._memory.state.selections, "nothing is kept of it"


@pytest.mark.parametrize("ends_with_it", [0.0], ids=["at once"])
@pytest.mark.parametrize("during", [True, False], ids=["during a paste", "after it"])
def test_a_secret_ends_with_the_program_that_it_was_copied_from(
    environ, selections, during
) -> None:
    with PasswordManager(environ) as manager:
        offer = selections.offer("dictated", ELSEWHERE, Treatment())
        assert offer
        if not during:
            selections.withdraw(offer)
            assert environ.clipboard() == SECRET.encode()
        manager.process.kill()
        wait_until(lambda: not selections._memory.state.selections, 10, "nothing is kept of it")
        selections.withdraw(offer)
        assert environ.clipboard() == b""
    sizes = [os.fstat(file).st_size for file in selections._memory.files[1:]]
    assert sizes == [0, 0], "no copy of it is in the memory that outlives us"


def test_the_keeper_drops_a_secret_with_the_program_that_it_was_copied_from(environ) -> None:
    with PasswordManager(environ) as manager:
        program = PastingProgram(environ)
        program.end("kill")
        assert environ.clipboard() == SECRET.encode()
        time.sleep(ENDS_WITH_IT)  # sooner it would have ended because it lost the clipboard
        manager.process.kill()
        wait_until(lambda: nobody_owns(environ, "CLIPBOARD"), 10, "it is gone")
    wait_until(lambda: not keepers(environ), 10, "the end of the keeper")


def test_what_has_no_program_any_more_is_kept_only_for_a_while(environ) -> None:
    environ.set_clipboard(SECRET)  # by an xclip, which ends when it is taken over
    PastingProgram(environ, seconds=1).end("kill")
    assert environ.clipboard() == SECRET.encode()
    wait_until(lambda: nobody_owns(environ, "CLIPBOARD"), 10, "it is gone")
    wait_until(lambda: not keepers(environ), 10, "the end of the keeper")


def test_no_byte_of_what_is_marked_as_a_secret_is_ever_read(environ, secret) -> None:
    with PasswordManager(environ, MARKS[0], secret=secret), Looked(LOOKING, environ.env) as program:
        assert program.did == "refused"
        assert [copies(pid, secret.encode()) for pid in family(program.pid)] == [0, 0]


def test_nothing_serves_a_secret_that_was_cleared(environ, secret) -> None:
    """What its bytes were written over by is CPython's matter: no object of ours has them."""
    with (
        PasswordManager(environ, secret=secret) as manager,
        Looked(LOOKING, environ.env) as program,
    ):
        assert program.did == "pasted"
        daemon, shell = family(program.pid)
        assert program.living() > 0, "it is the clipboard's"
        assert copies(shell, secret.encode()) > 0, "and is left to the keeper"
        assert manager.clear() == "cleared"
        wait_until(lambda: not program.living(), 10, "no object has it")
        assert family(daemon) == [daemon, shell]
        assert copies(shell, secret.encode()) == 0


def test_no_keeper_serves_a_secret_that_was_cleared(environ, secret) -> None:
    with (
        PasswordManager(environ, secret=secret) as manager,
        Looked(LOOKING, environ.env) as program,
    ):
        program.kill()
        assert environ.clipboard() == secret.encode()
        wait_until(lambda: len(keepers(environ)) == 1, 10, "its keeper alone is there")
        [keeper] = keepers(environ)
        assert copies(keeper, secret.encode()) > 0
        assert manager.clear() == "cleared"
        wait_until(lambda: not keepers(environ), 10, "its memory is gone with it")
        assert environ.clipboard() == b""
