"""The folder of downloaded models: what counts as installed, and what never does."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import filelock
import pytest

from tests.servers.files import Answer, FileServer, file_server
from tests.waiting import until
from tray_dictate.core.errors import ModelError
from tray_dictate.engine.catalogue import CatalogueFile, CatalogueModel
from tray_dictate.engine.model_store import ModelStore
from tray_dictate.system.network.download import DownloadError

FILES = {name: random.Random(name).randbytes(200_000) for name in ("encoder", "decoder")}
SIZE = 400_000


@dataclass
class Told:
    """What the store has said, on the loop."""

    steps: list[tuple[int, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def advance(self, done: int, size: int) -> None:
        self.steps.append((done, size))
        self.threads.add(threading.get_ident())

    def tell(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def model(server: FileServer) -> CatalogueModel:
    files = tuple(
        CatalogueFile(
            name, (server.serve(name, content),), len(content), hashlib.sha256(content).hexdigest()
        )
        for name, content in FILES.items()
    )
    return CatalogueModel(
        id="small", name="Small", languages=("en",), licence="MIT", terms="", runtime="moonshine",
        streaming=False, files=files, memory=1_000_000, speed="fast",
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def store(root: Path, model: CatalogueModel) -> ModelStore:
    return ModelStore(root, (model,))


@pytest.fixture
def told() -> Told:
    return Told()


def is_whole(folder: Path | None) -> bool:
    return folder is not None and all(
        (folder / name).read_bytes() == content for name, content in FILES.items()
    )


async def test_a_model_is_installed_once_all_of_it_is_there(store, model, root, told):
    assert store.folder(model) is None
    assert store.installed() == ()
    folder = await store.get(model, told)
    assert folder == store.folder(model) == root / "small"
    assert is_whole(folder)
    assert store.installed() == (model,)
    assert store.arrived(model) == SIZE
    assert told.steps[-1] == (SIZE, SIZE)
    assert told.steps == sorted(told.steps)
    assert told.said == []
    assert told.threads == {threading.get_ident()}


async def test_a_models_folder_is_closed_to_others(store, model, root, told):
    await store.get(model, told)
    for path in (root, root / "small"):
        assert path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (root / "small").iterdir()} == {0o600}


async def test_an_installed_model_asks_for_nothing(store, model, server, told):
    await store.get(model, told)
    server.seen.clear()
    again = Told()
    await store.get(model, again)
    assert server.seen == []
    assert again.steps == []  # nor is it hashed again


async def test_half_a_model_is_not_installed_and_is_continued(store, model, server, told):
    server.serve("decoder", FILES["decoder"], Answer(drop=5000), always=Answer(status=404))
    with pytest.raises(DownloadError, match="decoder could not be downloaded"):
        await store.get(model, told)
    assert store.folder(model) is None
    assert store.installed() == ()
    assert store.arrived(model) == 205_000
    server.serve("decoder", FILES["decoder"])
    server.seen.clear()
    assert is_whole(await store.get(model, told))
    assert [(request.path, request.start) for request in server.seen] == [("/decoder", 5000)]


async def test_why_a_mirror_is_not_used_is_said(store, model, server, told):
    server.serve("encoder", FILES["encoder"], Answer(status=503))
    await store.get(model, told)
    assert told.said == [f"encoder: 127.0.0.1:{server.server_port} answered with status 503."]


@pytest.mark.parametrize("damage", ["longer", "shorter", "touched", "gone", "unstamped"])
async def test_what_is_no_longer_as_it_was_checked_is_not_installed(
    store, model, root, told, damage
):
    await store.get(model, told)
    file, stamp = root / "small" / "decoder", root / "small" / "installed.json"
    changed = file.stat().st_mtime_ns
    match damage:
        case "longer":
            file.write_bytes(FILES["decoder"] + b"x")
            os.utime(file, ns=(changed, changed))
        case "shorter":
            os.truncate(file, 7)
            os.utime(file, ns=(changed, changed))
        case "touched":
            os.utime(file, ns=(changed, changed + 1_000_000_000))
        case "gone":
            file.unlink()
        case "unstamped":
            stamp.unlink()
    assert store.folder(model) is None
    assert store.installed() == ()
    assert is_whole(await store.get(model, told))
    assert is_whole(store.folder(model))


async def test_a_model_of_an_older_catalogue_is_not_installed(store, model, told):
    await store.get(model, told)
    first, second = model.files
    newer = replace(model, files=(first, replace(second, sha256="0" * 64)))
    assert store.folder(newer) is None


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b'{"encoder": 1}', b"\xff", b"{"])
async def test_a_stamp_that_makes_no_sense_installs_nothing(store, model, root, told, said):
    await store.get(model, told)
    (root / "small" / "installed.json").write_bytes(said)
    assert store.folder(model) is None


async def test_files_that_somebody_put_there_are_checked_and_not_downloaded(
    store, model, root, server, told
):
    (root / "small").mkdir(parents=True)
    for name, content in FILES.items():
        (root / "small" / name).write_bytes(content)
    assert store.folder(model) is None  # nothing has checked them
    assert is_whole(await store.get(model, told))
    assert server.seen == []
    assert store.folder(model)


async def test_two_at_once_download_it_once(store, model, root, server, told):
    server.serve("encoder", FILES["encoder"], Answer(hold=5000))
    first = asyncio.ensure_future(store.get(model, Told()))
    await until(server.held.is_set)
    second = asyncio.ensure_future(ModelStore(root, (model,)).get(model, told))
    await until(lambda: told.said)
    assert told.said == ["small is being downloaded already; waiting for that to end."]
    server.go_on.set()
    assert is_whole(await first)
    assert is_whole(await second)
    assert sorted(request.path for request in server.seen) == ["/decoder", "/encoder"]


async def test_a_cancelled_download_gives_way_to_the_next(store, model, server, told):
    server.serve("encoder", FILES["encoder"], Answer(hold=5000))
    first = asyncio.ensure_future(store.get(model, told))
    await until(lambda: store.arrived(model) == 5000)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert store.folder(model) is None
    server.go_on.set()
    assert is_whole(await store.get(model, told))
    assert server.starts("encoder") == [0, 5000]


async def test_who_waits_for_anothers_download_can_be_cancelled(store, model, root, told):
    root.mkdir()
    with filelock.FileLock(root / ".small.lock"):
        before = threading.active_count()
        waiting = asyncio.ensure_future(store.get(model, told))
        await until(lambda: told.said)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await until(lambda: threading.active_count() == before)
    assert is_whole(await store.get(model, told))


async def test_a_full_disk_is_said_before_anything_is_asked_for(root, model, server, told):
    huge = CatalogueFile("encoder", (server.url("encoder"),), 10**18, "0" * 64)
    other = replace(model, files=(*model.files, huge))
    with pytest.raises(DownloadError, match="Free some space"):
        await ModelStore(root, (other,)).get(other, told)
    assert server.seen == []


async def test_a_folder_that_cannot_be_made_is_named(store, model, root, told):
    root.write_text("a file in its place")
    with pytest.raises(ModelError, match=r"models.* cannot be written: "):
        await store.get(model, told)


# --- removal


async def test_a_removed_model_is_gone(store, model, root, told):
    await store.get(model, told)
    store.remove(model)
    assert store.installed() == ()
    assert [path.name for path in root.iterdir()] == [".small.lock"]
    with pytest.raises(ModelError, match="small is not installed"):
        store.remove(model)


async def test_what_an_interrupted_download_left_can_be_removed(store, model, root, server, told):
    server.serve("encoder", FILES["encoder"], Answer(drop=5000), always=Answer(status=404))
    with pytest.raises(DownloadError):
        await store.get(model, told)
    store.remove(model)
    assert store.arrived(model) == 0


async def test_a_model_that_is_being_downloaded_is_not_removed(store, model, server, told):
    server.serve("encoder", FILES["encoder"], Answer(hold=5000))
    getting = asyncio.ensure_future(store.get(model, told))
    await until(server.held.is_set)
    with pytest.raises(ModelError, match="is being downloaded"):
        store.remove(model)
    server.go_on.set()
    assert is_whole(await getting)


async def test_a_removal_that_broke_off_is_completed_by_the_next(store, model, root, told):
    await store.get(model, told)
    shutil.copytree(root / "small", root / ".small.removed")
    store.remove(model)
    assert [path.name for path in root.iterdir()] == [".small.lock"]


async def test_a_model_in_use_stays_as_it_is_where_the_system_forbids_its_removal(
    store, model, root, told
):
    """Windows does not rename a folder whose files are open; here a file is in the way instead."""
    await store.get(model, told)
    (root / ".small.removed").write_text("it cannot be replaced by a folder")
    with pytest.raises(ModelError, match=r"small cannot be removed: Not a directory\. If it is in"):
        store.remove(model)
    assert is_whole(store.folder(model))


def test_an_unknown_id_is_refused_with_the_ids_of_this_store(store, model):
    assert store.find("small") is model
    with pytest.raises(ModelError, match="did you mean small"):
        store.find("smal")
