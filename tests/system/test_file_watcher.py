"""A file is watched as editors, links and version control treat it: for real."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tray_dictate.system.file_watcher import FileWatcher


class Seen:
    """What was reported."""

    def __init__(self) -> None:
        self.times = 0
        self._changed = asyncio.Event()

    def change(self) -> None:
        self.times += 1
        self._changed.set()

    async def after(self, edit: Callable[[], object]) -> None:
        """Edit, and wait until it is reported."""
        self._changed.clear()
        edit()
        async with asyncio.timeout(20):
            await self._changed.wait()


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Seen]:
    seen = Seen()
    watching = FileWatcher(path)
    watching.changed.subscribe(seen.change)
    try:
        yield seen
    finally:
        watching.stop()


def replace(path: Path, text: str = "new") -> None:
    """Save as most editors do."""
    (path.parent / ".swap").write_text(text)
    (path.parent / ".swap").replace(path)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "home" / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("old")
    return path


async def test_each_way_of_saving_is_seen_again_and_again(path):
    async with watched(path) as seen:
        for _ in range(2):
            await seen.after(lambda: path.write_text("in place"))
            await seen.after(lambda: replace(path))
            await seen.after(path.unlink)
            await seen.after(lambda: path.write_text("recreated"))


async def test_several_steps_of_one_save_are_one_change(path):
    async with watched(path) as seen:

        def save() -> None:
            path.rename(path.with_suffix(".bak"))
            path.write_text("")
            path.write_text("half")
            path.write_text("whole")

        await seen.after(save)
        await asyncio.sleep(0.6)
        assert seen.times == 1


async def test_a_folder_that_does_not_exist_yet_may_come(tmp_path):
    path = tmp_path / "config" / "tray_dictate" / "config.toml"
    async with watched(path) as seen:
        await seen.after(lambda: path.parent.mkdir(parents=True))
        await seen.after(lambda: path.write_text("first"))


async def test_a_folder_that_is_made_anew_is_watched_on(path):
    async with watched(path) as seen:
        await seen.after(lambda: shutil.rmtree(path.parent))
        await seen.after(path.parent.mkdir)
        await seen.after(lambda: path.write_text("again"))
        await seen.after(lambda: replace(path))


async def test_a_folder_that_takes_the_place_of_another_is_watched(path):
    other = path.parent.with_name("other")
    other.mkdir()

    def swap() -> None:
        path.parent.rename(path.parent.with_name("old"))
        other.rename(path.parent)

    async with watched(path) as seen:
        await seen.after(swap)
        await seen.after(lambda: path.write_text("in the new one"))


async def test_what_a_link_leads_to_is_watched_and_so_is_the_link(path, tmp_path):
    real, other = tmp_path / "dotfiles" / "a.toml", tmp_path / "dotfiles" / "b.toml"
    real.parent.mkdir()
    real.write_text("a")
    other.write_text("b")
    path.unlink()
    path.symlink_to(real)

    def relink() -> None:
        (path.parent / "swap").symlink_to(other)
        (path.parent / "swap").rename(path)

    async with watched(path) as seen:
        await seen.after(lambda: replace(real))
        await seen.after(relink)
        await seen.after(lambda: replace(other))


async def test_other_files_and_readers_are_nobodys_business(path):
    async with watched(path) as seen:
        (path.parent / "other.toml").write_text("x")
        path.read_text()
        list(path.parent.iterdir())
        await asyncio.sleep(0.6)
        assert seen.times == 0


async def test_after_the_end_nothing_is_reported(path):
    async with watched(path) as seen:
        pass
    path.write_text("late")
    await asyncio.sleep(0.4)
    assert seen.times == 0
