"""What a server writes runs no command: real terminals with real shells."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes import PlainText
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.app.placement import Placement
from tray_dictate.output.x11.output import X11Output

pytestmark = pytest.mark.desktop


@contextmanager
def shell(desktop: Desktop, *command: str):
    """An xterm whose shell takes commands, with the focus."""
    terminal = desktop.processes.start("shell", ["xterm", "-T", "shell", "-e", *command])
    find = ["xdotool", "search", "--onlyvisible", "--name", "^shell$"]
    wait_until(lambda: desktop.run(*find, check=False), 10, "the terminal")
    desktop.run("xdotool", "windowactivate", "--sync", desktop.run(*find).split()[0])
    try:
        yield
    finally:
        desktop.processes.end(terminal)


async def insert(output: X11Output, text: str, *, runs: bool) -> None:
    placing = Placement(output, "follow", 1, runs=runs)
    landing = await placing.insert(PlainText(text))
    assert landing.joined is not runs


@pytest.mark.parametrize("command", [["dash"], ["sh", "-c", "while read line; do $line; done"]])
async def test_a_new_line_is_a_blank_where_a_server_writes(
    environ: Desktop, tmp_path: Path, command: list[str]
) -> None:
    output = X11Output("auto", FilteringHotkey())
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    with shell(environ, *command):
        await insert(output, f"touch {one}\n{two}", runs=False)
        environ.run("xdotool", "key", "Return")
        wait_until(two.exists, 10, "the one command that the user has run")
        await insert(output, f"touch {three}\n", runs=True)
        wait_until(three.exists, 10, "the command that was allowed")
    await output.close()
