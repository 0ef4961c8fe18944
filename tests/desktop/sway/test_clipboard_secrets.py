"""A secret on a Wayland clipboard is its owner's alone, whatever is dictated meanwhile."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rigs.keepers import keepers
from tests.rigs.line_program import Looked
from tests.rigs.memory import copies, family
from tests.rigs.sway import Sway
from tests.rigs.wayland_clipboard import copying, use
from tests.rigs.wayland_output import delivering
from tests.rigs.wayland_selections import TEXT
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.secrecy import HINT
from tray_dictate.output.wayland.selections import WaylandSelections

SECRET = b"correct horse"
ODD = "application/x-secret"  # wl-copy offers a text in many types

# the secret is not in the program itself: it knows what it looks like
LOOKING = """
import sys
from tests.rigs.memory import living
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selections import WaylandSelections

selections = WaylandSelections()
offer = selections.offer("dictated", Treatment())
if offer:
    selections.withdraw(offer)
print("pasted" if offer else "refused", flush=True)
for _ in sys.stdin:
    print(living(b"word-" + b"[0-9a-f]{16}"), flush=True)
"""


@pytest.fixture
def secret() -> str:
    return f"word-{secrets.token_hex(8)}"


@contextmanager
def lending(sway: Sway, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A wl-copy has the secret that serves it only for a while."""
    program = sway.processes.start(
        "lending", ["wl-copy", "--type", ODD, *options],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert program.stdin
    program.stdin.write(SECRET)
    program.stdin.close()
    primary = "--primary" in options
    try:
        wait_until(
            lambda: sway.clipboard_types(primary=primary) == [ODD], 20, "the secret is there"
        )
        yield program
    finally:
        sway.processes.end(program)


@pytest.fixture
def selections(environ: Sway) -> Iterator[WaylandSelections]:
    made = WaylandSelections(kept=1)
    yield made
    made.close()


@pytest.fixture
def hinted(environ: Sway, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A password manager has the secret, and ends once somebody else owns the clipboard."""
    for name, data in (("text", SECRET), ("hint", b"secret")):
        (tmp_path / name).write_bytes(data)
    hint = HINT.upper()
    with copying(environ, {TEXT: tmp_path / "text", hint: tmp_path / "hint"}) as program:
        yield program.process


@pytest.mark.parametrize("kind", ["gtk4", "qt"])
@pytest.mark.parametrize("method", ["auto", "paste"])
async def test_what_is_marked_as_a_secret_is_never_ours(
    environ: Sway, hinted, method: str, kind
) -> None:
    async with delivering(method) as output:
        with environ.text_window(kind) as window:
            receipt = await output.deliver("hello", await output.target())
            window.wait_for("hello")
    assert receipt.method in ("commit", "type")
    assert hinted.poll() is None, "it has lost the clipboard"
    assert environ.clipboard() == SECRET


@pytest.mark.parametrize("options", [["-o"], ["--foreground"], ["-o", "--primary"]], ids=" ".join)
def test_what_a_program_gives_only_for_a_while_is_never_ours(
    environ: Sway, selections, options
) -> None:
    with lending(environ, *options):
        assert selections.offer("dictated", Treatment()) is None
        assert environ.clipboard(ODD, primary="--primary" in options) == SECRET, "not used up"


def test_what_no_program_may_answer_for_any_more_is_kept_only_for_a_while(
    environ: Sway, selections
) -> None:
    environ.set_clipboard(SECRET)
    use(selections)
    selections.close()
    assert environ.clipboard() == SECRET
    wait_until(lambda: not keepers(environ), 20, "the end of the keeper")
    wait_until(lambda: not environ.clipboard_types(), 20, "nothing is there")


def test_no_byte_of_what_is_marked_as_a_secret_is_ever_read(
    environ: Sway, secret, tmp_path: Path
) -> None:
    for name, data in (("text", secret.encode()), ("hint", b"secret")):
        (tmp_path / name).write_bytes(data)
    files = {TEXT: tmp_path / "text", HINT: tmp_path / "hint"}
    with copying(environ, files), Looked(LOOKING, environ.env) as program:
        assert program.did == "refused"
        assert [copies(pid, secret.encode()) for pid in family(program.pid)] == [0]


@pytest.mark.parametrize("cleared", [((), ("--primary",)), (("--primary",), ())], ids=str)
def test_nothing_serves_a_secret_that_was_cleared(environ: Sway, secret, cleared) -> None:
    """What its bytes were written over by is CPython's matter: no object of ours has them."""
    environ.set_clipboard(secret)
    environ.set_clipboard("marked", primary=True)
    with Looked(LOOKING, environ.env) as program:
        assert program.did == "pasted"
        daemon, shell = family(program.pid)
        assert program.living() > 0, "it is the clipboard's"
        assert environ.clipboard() == secret.encode()
        for selection in cleared:
            environ.run("wl-copy", *selection, "--clear")
        wait_until(lambda: not program.living(), 20, "no object has it")
        wait_until(lambda: family(daemon) == [daemon], 20, f"nothing is left to {shell}")


def test_no_keeper_serves_a_secret_that_was_cleared(environ: Sway, secret) -> None:
    environ.set_clipboard(secret)
    environ.set_clipboard("marked", primary=True)
    with Looked(LOOKING, environ.env) as program:
        program.kill()
    assert environ.clipboard() == secret.encode()
    [keeper] = keepers(environ)
    assert copies(keeper, secret.encode()) > 0
    environ.run("wl-copy", "--clear")
    environ.run("wl-copy", "--primary", "--clear")
    wait_until(lambda: not keepers(environ), 20, "its memory is gone with it")
    assert not environ.clipboard_types()
