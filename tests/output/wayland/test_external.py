"""wtype and ydotool by programs that stand in for them: what they are given, and what may fail."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import FakeFocus
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.output.base import MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.external import CHUNK, YDOTOOL, Wtype, Ydotool
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.methods import InsertMethods

if sys.platform == "win32":
    pytest.skip("no Wayland there, and no shell", allow_module_level=True)

RECORDS = 'cat "${file:-/dev/stdin}" >> typed; printf "%s|" "$@" >> given; echo "$LC_ALL" > locale'
US = YDOTOOL | {*"[\\]^_"}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return what makes a shell script a program in PATH; its folder is where it writes."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.chdir(tmp_path)

    def made(name: str, script: str) -> Path:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return tmp_path

    return made


class Holding:
    """A user who holds a modifier."""

    def held(self) -> frozenset[str]:
        return frozenset({"ctrl_l", "space"})

    def reports_hold(self) -> bool:
        return False

    def disturb(self) -> None: ...


def test_the_text_is_wtypes_stdin_in_utf_8_and_no_argument(install) -> None:
    folder = install("wtype", RECORDS)
    text = "größe 你好 -x\n" * 20
    assert Wtype().type(text, threading.Event()) == len(text)
    assert (folder / "typed").read_text() == text
    assert set((folder / "given").read_text().split("|")) == {"-", ""}
    assert (folder / "locale").read_text() == "C.UTF-8\n"


def test_the_text_is_ydotools_stdin_too(install) -> None:
    folder = install("ydotool", f'file="$3"; {RECORDS}')
    assert Ydotool(US).type("Hello, World?\n", threading.Event()) == 14
    assert (folder / "typed").read_text() == "Hello, World?\n"
    assert "Hello" not in (folder / "given").read_text()


def test_a_program_that_is_not_there_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"wtype is not installed\. Install wtype\."):
        Wtype().type("a", threading.Event())


def test_a_program_that_fails_before_the_first_key_is_not_offered(install) -> None:
    folder = install("wtype", "exit 1")
    with pytest.raises(UnavailableError, match="wtype cannot type in this session"):
        Wtype().type("a", threading.Event())
    assert not (folder / "typed").exists()


def test_a_failure_in_mid_text_tells_how_much_went_out(install) -> None:
    install("wtype", "test -e third && exit 1; test -e second && touch third; touch second")
    with pytest.raises(DeliveryError, match="wtype failed while typing") as caught:
        Wtype().type("a" * 3 * CHUNK, threading.Event())
    assert caught.value.done == CHUNK


def test_a_stop_ends_it_between_two_runs(install) -> None:
    install("wtype", "exit 0")
    stop = threading.Event()
    stop.set()
    assert Wtype().type("abc", stop) == 0


@pytest.mark.parametrize("text", ["größe", "naïve", "[", "under_score"])
def test_ydotool_refuses_before_the_first_key_what_it_cannot_type(install, text: str) -> None:
    folder = install("ydotool", f'file="$3"; {RECORDS}')
    with pytest.raises(UnavailableError, match="keys of a US keyboard"):
        Ydotool(US).type(text, threading.Event())
    assert not (folder / "given").exists()


def test_ydotool_refuses_what_the_layout_has_elsewhere(install) -> None:
    install("ydotool", f'file="$3"; {RECORDS}')
    german = frozenset(US - {*"yzYZ"})
    assert Ydotool(german).type("hello", threading.Event()) == 5
    with pytest.raises(UnavailableError, match="keys of a US keyboard"):
        Ydotool(german).type("why", threading.Event())


def test_without_ydotoold_the_first_keys_would_be_lost_so_it_is_not_used(install) -> None:
    said = "ydotool: notice: ydotoold backend unavailable (may have latency+delay issues)"
    folder = install("ydotool", f'echo "{said}" >&2; file="$3"; {RECORDS}')
    with pytest.raises(UnavailableError, match="Start ydotoold"):
        Ydotool(US).type("hello", threading.Event())
    assert (folder / "typed").read_text() == ""


def test_no_key_of_ydotools_comes_to_one_that_the_user_holds(install) -> None:
    folder = install("ydotool", RECORDS)
    methods = InsertMethods(KeyRelease(Holding(), threading.Event()))
    ydotool = next(found for found in methods.candidates() if found.name == "ydotool").make()
    (folder / "typed").unlink(missing_ok=True)  # of the look whether it can
    stays = iter([True, True, False])
    with pytest.raises(MovedError):
        ydotool.insert("w", Treatment(), FakeFocus(lambda: next(stays)))
    assert not (folder / "typed").exists()
