"""`tray-dictate history retry`: transcribes the recording of a failed dictation."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tray_dictate.app.delivery import build_pipeline
from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.cli.history import open_history
from tray_dictate.cli.messages import warn
from tray_dictate.cli.options import settings
from tray_dictate.cli.transcribe import segment_texts
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DeliveryError, HistoryError, UnavailableError
from tray_dictate.core.text.normalize import clean
from tray_dictate.core.text.pipeline import Insert, TextPipeline
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, History
from tray_dictate.output.clipboard import ClipboardOutput
from tray_dictate.system import logs

_LIST = "`tray-dictate history` lists your dictations."


def retry_recording(options: argparse.Namespace) -> int:
    """Print the text of the recording that the options choose, and delete the recording.

    Raises DictateError; then the recording is kept.
    """
    history = open_history(options)
    try:
        return _retry(history, options.id, settings(options))
    finally:
        history.close()


def _retry(history: History, id: int | None, config: Config) -> int:
    logs.start_for_command()
    entry, path = _chosen(history, id)
    raw = [clean(text) for text in asyncio.run(segment_texts(path, config))]
    text = polished(raw, build_pipeline(config))
    if not text:
        raise HistoryError(f"No words were found in the recording, so it is kept: {path}")
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    if entry:
        history.transcribed(entry.id, text, " ".join(raw), config.engine.name)
    try:
        recordings.remove(path)
    except OSError as reason:
        warn(f"The recording could not be deleted: {path}: {reason.strerror}.")
    try:
        with _without_output():
            asyncio.run(ClipboardOutput().copy_to_clipboard(text))
    except (UnavailableError, DeliveryError) as reason:
        warn(f"The text could not be copied to the clipboard. {reason}")
    else:
        warn("The text is on the clipboard.")
    return 0


def polished(raw: list[str], pipeline: TextPipeline) -> str:
    """Return the text that a window would have got from these segments."""
    inserted = InsertionLog(pipeline.spelling)
    for segment in raw:
        polished = pipeline.polish(segment)
        # text that is too long for a window is not too long for stdout
        for said in polished.said or [Insert(polished.heard)] * bool(polished.refused):
            if isinstance(said, Insert):
                inserted.started(1, said.text, said.text, said.owed)
            else:  # "scratch that"
                inserted.removed_last()
    return inserted.text


def _chosen(history: History, id: int | None) -> tuple[Entry | None, Path]:
    """Return a dictation and its recording; without `id`, the latest ones. Raises HistoryError."""
    if id is None:
        return _latest(history)
    entry = history.get(id)
    if entry is None:
        raise HistoryError(f"There is no dictation {id}. {_LIST}")
    if not entry.audio:
        raise HistoryError(f"Dictation {entry.id} has its text already; there is no recording.")
    path = Path(entry.audio)
    if not path.is_file():
        raise HistoryError(_gone(entry))
    return entry, path


def _latest(history: History) -> tuple[Entry | None, Path]:
    """Return the newest recording, and its dictation if the history has it.

    Warns of each dictation whose recording is gone. Raises HistoryError.
    """
    for entry in history.failed():
        path = Path(entry.audio)
        if path.is_file():
            return entry, path
        warn(f"{_gone(entry)}. Using the one before it.")
    path = recordings.latest()  # recorded while the history was off
    if path is None:
        raise HistoryError(f"No recordings to retry. {_LIST}")
    return None, path


def _gone(entry: Entry) -> str:
    return f"The recording of dictation {entry.id} is gone: {entry.audio}"


@contextmanager
def _without_output() -> Generator[None]:
    """Keep programs from inheriting stdout and stderr: xclip keeps running, and a pipe open."""
    saved = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in saved:
            os.dup2(nowhere, number)
        yield
    finally:
        os.close(nowhere)
        for number, file in saved.items():
            os.dup2(file, number)
            os.close(file)
