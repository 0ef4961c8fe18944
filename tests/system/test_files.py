"""Files written whole, or for their owner alone."""

from __future__ import annotations

import os
import stat

import pytest

from tray_dictate.system.files import open_private, write_atomic, write_new

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


def permissions(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_is_replaced_with_the_permissions_that_are_asked_for(tmp_path):
    path = tmp_path / "folder" / "file"
    write_atomic(path, "text\n")
    assert (path.read_text(), permissions(path)) == ("text\n", 0o644)
    write_atomic(path, b"\xff", 0o600)
    assert (path.read_bytes(), permissions(path)) == (b"\xff", 0o600)
    assert permissions(path.parent) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_without_permissions_to_keep_is_its_owner_s_alone(tmp_path):
    write_atomic(tmp_path / "file", "", None)
    assert permissions(tmp_path / "file") == 0o600


def test_a_link_stays_one(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    write_atomic(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.parametrize("reason", [OSError(5, "I/O"), ValueError()])
def test_what_the_check_raises_leaves_the_present_file_as_it_is(tmp_path, reason):
    path = tmp_path / "file"
    path.write_text("before")

    def check() -> None:
        raise reason

    with pytest.raises(type(reason)):
        write_atomic(path, "after", check=check)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_replaced_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as refused:
        write_atomic(tmp_path / "folder", "text")
    assert refused.value.filename == str(tmp_path / "folder")
    assert [*tmp_path.iterdir()] == [tmp_path / "folder"]


def test_a_new_file_is_private_and_takes_no_other_s_place(tmp_path):
    path = tmp_path / "file"
    write_new(path, b"mine")
    assert permissions(path) == 0o600
    with pytest.raises(FileExistsError):
        write_new(path, b"other")
    assert path.read_bytes() == b"mine"


def test_what_is_opened_as_private_is_private(tmp_path):
    with open(tmp_path / "file", "w", opener=open_private) as file:
        file.write("text")
    assert permissions(tmp_path / "file") == 0o600
