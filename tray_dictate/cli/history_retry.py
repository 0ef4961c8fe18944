"""The recording of a failed dictation once more, with the engine that is set now."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tray_dictate.app.delivery import build_pipeline
from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.cli import transcribe
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DeliveryError, HistoryError, UnavailableError
from tray_dictate.core.text.normalize import clean
from tray_dictate.core.text.pipeline import Insert, TextPipeline
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, History
from tray_dictate.output.clipboard import ClipboardOutput
from tray_dictate.system import logs

_LISTED = "`tray-dictate history` lists what there is."


def retry(history: History, id: int | None, config: Config) -> int:
    """Print the text of a recording, the latest without `id`; return the exit code.

    Raises DictateError; the recording is kept then.
    """
    logs.start_for_command()
    entry, path = _wanted(history, id)
    raw = [clean(text) for text in asyncio.run(transcribe.texts(path, config))]
    text = polished(raw, build_pipeline(config))
    if not text:
        raise HistoryError(f"No words were found in the recording; it stays: {path}")
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    if entry:
        history.transcribed(entry.id, text, " ".join(raw), config.engine.name)
    try:
        recordings.remove(path)
    except OSError as reason:
        _tell(f"The recording could not be deleted: {path}: {reason.strerror}.")
    try:
        with _unheard():
            asyncio.run(ClipboardOutput().keep(text))
    except (UnavailableError, DeliveryError) as reason:
        _tell(f"The text is not on the clipboard. {reason}")
    else:
        _tell("The text is on the clipboard.")
    return 0


def polished(raw: list[str], pipeline: TextPipeline) -> str:
    """Return the text of segments, as it would stand in a window."""
    inserted = InsertionLog(pipeline.spelling)
    for segment in raw:
        polished = pipeline.polish(segment)
        # nothing is inserted here, so that what is too long for a window may be whole
        for said in polished.said or [Insert(polished.heard)] * bool(polished.refused):
            if isinstance(said, Insert):
                inserted.started(1, said.text, said.text, said.owed)
            else:  # "scratch that"
                inserted.removed_last()
    return inserted.text


def _wanted(history: History, id: int | None) -> tuple[Entry | None, Path]:
    """Return what is asked for, and its recording. Raises HistoryError."""
    if id is None:
        return _latest(history)
    entry = history.get(id)
    if entry is None:
        raise HistoryError(f"There is no {id}. {_LISTED}")
    if not entry.audio:
        raise HistoryError(f"{entry.id} has become text already; its recording is gone.")
    path = Path(entry.audio)
    if not path.is_file():
        raise HistoryError(_gone(entry))
    return entry, path


def _latest(history: History) -> tuple[Entry | None, Path]:
    """Return the newest that there is a recording of, and say which there is none of."""
    for entry in history.failed():
        path = Path(entry.audio)
        if path.is_file():
            return entry, path
        _tell(f"{_gone(entry)}. The one before it is taken.")
    path = recordings.latest()  # of a history that was off
    if path is None:
        raise HistoryError(f"No recording waits for its text. {_LISTED}")
    return None, path


def _gone(entry: Entry) -> str:
    return f"The recording of {entry.id} is gone: {entry.audio}"


@contextmanager
def _unheard() -> Generator[None]:
    """Give what is started meanwhile no output: xclip stays, and would hold a pipe open."""
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


def _tell(message: str) -> None:
    sys.stderr.write(f"tray-dictate: {message}\n")
