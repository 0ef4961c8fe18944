"""The recordings that wait for their text, on a real file system."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tray_dictate.history import recordings
from tray_dictate.system import files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return files.kept_audio()


def aged(days: float) -> Path:
    path = Path(recordings.save(b"\1\0" * 100, 16000, "", []).path)
    at = time.time() - days * 86400
    for file in (path, path.with_suffix(".json")):
        os.utime(file, (at, at))
    return path


def test_without_any_there_is_none(folder):
    assert recordings.latest() is None
    assert recordings.remove_all() == recordings.expire(1) == 0


def test_the_old_ones_expire_with_their_records(folder):
    aged(3)
    young = aged(1)
    assert recordings.expire(2) == 1
    assert sorted(folder.iterdir()) == [young.with_suffix(".json"), young]


def test_zero_days_keep_all(folder):
    aged(9999)
    assert recordings.expire(0) == 0
    assert recordings.latest()


def test_those_of_no_dictation_are_swept_if_they_are_older_than_the_history(folder):
    orphan, named, between = aged(9), aged(8), aged(6)
    assert recordings.sweep(time.time() - 7 * 86400, {str(named)}) == 1
    assert not orphan.with_suffix(".json").exists()
    assert set(folder.glob("*.wav")) == {named, between}


def test_a_young_one_waits_for_its_dictation_to_be_over(folder):
    aged(0.02)
    assert recordings.sweep(time.time(), ()) == 0
    assert recordings.latest()


def test_all_can_be_removed(folder):
    aged(0), aged(0)
    assert recordings.remove_all() == 2
    assert list(folder.iterdir()) == []


def test_one_that_is_gone_already_is_no_error(folder):
    path = aged(0)
    recordings.remove(path)
    recordings.remove(path)
    assert list(folder.iterdir()) == []


def test_nothing_is_deleted_that_is_no_recording_of_ours(folder, tmp_path):
    precious = tmp_path / "precious.wav"
    precious.write_text("mine")
    recordings.remove(precious)
    recordings.remove(folder / ".." / "precious.wav")
    assert precious.exists()
