"""Who may be reading for the target, as programs on Wine do, waits until that is known."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import disown
from tests.rigs.x11_output import connected
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.selections import X11Selections
from tray_dictate.system.desktop.x11 import Focus, client_of


@pytest.fixture
def selections(environ: Desktop) -> Iterator[X11Selections]:
    environ.set_clipboard("of the user")
    made = X11Selections()
    yield made
    made.close()
    disown(environ)


@pytest.fixture
def wine(tmp_path: Path) -> str:
    """A program that is known by its name alone."""
    xclip = shutil.which("xclip")
    assert xclip
    return shutil.copy(xclip, tmp_path / "wine64-preloader")


@pytest.fixture
def target(environ: Desktop, wine: str) -> Iterator[Focus]:
    """A window of a program on Wine."""
    program = environ.processes.start(
        "wine", [wine, "-quiet", "-selection", "secondary"], stdin=subprocess.PIPE
    )
    assert program.stdin
    program.stdin.close()
    with connected(environ) as display:
        secondary = display.intern_atom("SECONDARY")
        owner = soon_owned(lambda: display.get_selection_owner(secondary))
        yield Focus(f"{owner:#x}", frozenset({client_of(display, owner)}), ("wine", "Wine"))
    environ.processes.end(program)


def soon_owned(look) -> int:
    wait_until(lambda: look() != 0, 10, "the window")
    return look().id


def reading(desktop: Desktop, program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [program, "-o", "-selection", "clipboard"], env=desktop.env, stdout=subprocess.PIPE
    )


def test_it_gets_the_text_where_the_target_itself_does_not_read(
    environ, selections, wine, target
) -> None:
    offer = selections.offer("dictated", target, Treatment())
    assert offer
    offer.pressed = True
    assert reading(environ, wine).communicate(timeout=10)[0] == b"dictated"
    wait_until(lambda: offer.foreign, 10, "it may be the target's")
    selections.settle(offer)
    wait_until(lambda: environ.clipboard() == b"of the user", 10, "the old clipboard")


def test_it_gets_what_the_user_had_where_the_text_is_withdrawn(
    environ, selections, wine, target
) -> None:
    offer = selections.offer("dictated", target, Treatment())
    assert offer
    offer.pressed = True
    program = reading(environ, wine)
    wait_until(lambda: selections._server.due, 10, "it has to wait")
    selections.withdraw(offer)
    assert program.communicate(timeout=10)[0] == b"of the user"
    assert not offer.foreign


def test_others_do_not_wait_and_get_what_the_user_had(environ, selections, target) -> None:
    offer = selections.offer("dictated", target, Treatment())
    assert offer
    offer.pressed = True
    assert environ.clipboard() == b"of the user"
    assert not offer.foreign
    selections.withdraw(offer)
