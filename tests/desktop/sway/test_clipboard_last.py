"""The last link under Wayland: wl-copy, which may wait for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rigs.sway import Sway
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.clipboard import ClipboardOutput


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return what makes a shell script a program, before all others in PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def made(name: str, script: str) -> Path:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return tmp_path

    return made


def is_running(folder: Path) -> bool:
    return Path("/proc", (folder / "pid").read_text().strip()).exists()


async def test_the_last_link_leaves_the_text_on_the_clipboard(environ: Sway) -> None:
    output = ClipboardOutput()
    text = "Grüße 你好 😀\nand a line\n"
    assert await output.deliver(text) == Receipt(confirmed=False, method="clipboard")
    assert environ.clipboard() == text.encode()
    await output.close()


@pytest.mark.parametrize("name", ["wl-copy", "wl-paste"])
async def test_a_program_that_waits_is_ended_and_named(environ: Sway, install, name) -> None:
    folder = install(name, 'echo $$ > "${0%/*}/pid"; exec sleep 1000')
    with pytest.raises(DeliveryError, match=f"{name} did not answer within 0.5 s") as raised:
        await ClipboardOutput(0.5).copy_to_clipboard("undelivered words")
    assert "undelivered" not in str(raised.value)
    assert not is_running(folder)


async def test_a_wl_copy_that_is_refused_is_no_success(environ: Sway, install) -> None:
    install("wl-copy", "exit 1")
    with pytest.raises(DeliveryError, match="the compositor refused wl-copy"):
        await ClipboardOutput().copy_to_clipboard("undelivered words")


async def test_the_text_is_no_argument_of_a_program(environ: Sway, install, tmp_path) -> None:
    install("wl-copy", f'echo "$@" > {tmp_path}/given; cat > {tmp_path}/text')
    install("wl-paste", f"cat {tmp_path}/text")
    await ClipboardOutput().copy_to_clipboard("undelivered words")
    assert (tmp_path / "text").read_text() == "undelivered words"
    assert (tmp_path / "given").read_text() == "--type text/plain;charset=utf-8\n"
