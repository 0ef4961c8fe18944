"""The clipboard on KDE's compositor, which says twice that a selection is lost."""

from __future__ import annotations

import subprocess

import pytest

from tests.rigs.keepers import keepers
from tests.rigs.kwin import KWin
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selections import WaylandSelections

pytestmark = pytest.mark.kwin
TEXT = "text/plain"


def clipboard(kwin: KWin) -> bytes:
    argv = ["wl-paste", "-n", "-t", TEXT]
    return subprocess.run(
        argv, env=kwin.env, capture_output=True, check=False, timeout=10
    ).stdout  # fmt: skip


def copy(kwin: KWin, text: bytes) -> None:
    subprocess.run(
        ["wl-copy", "-t", TEXT], input=text, env=kwin.env, check=True, timeout=10,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_text_is_offered_and_the_old_clipboard_comes_back_as_often_as_wanted(
    kwin: KWin, environ
) -> None:
    copy(kwin, b"of the user")
    selections = WaylandSelections()
    for number in range(3):
        offer = selections.offer(f"dictated {number}", Treatment(private=False))
        assert offer
        assert clipboard(kwin) == f"dictated {number}".encode()
        selections.withdraw(offer)
        assert clipboard(kwin) == b"of the user"
    selections.close()
    assert clipboard(kwin) == b"of the user", "after the end"
    assert keepers(kwin)
    copy(kwin, b"newer")
    wait_until(lambda: not keepers(kwin), 5, "the end of the keeper")
