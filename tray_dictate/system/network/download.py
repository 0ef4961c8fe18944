"""Downloads one file from the first of its mirrors that has it, and checks its SHA-256.

The hash is what makes the file trusted, so nothing depends on the mirror, or on one mirror for the
whole file: `NAME.part` grows beside the final path, and the next mirror, or the next run of the
program, continues where the last one ended. Only a file with the right hash gets its final name.
`NAME.source` keeps which file that is, and what the mirror said of the version that it is sending.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import os
import re
import shutil
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from tray_dictate.core.errors import DictateError
from tray_dictate.system import files
from tray_dictate.system.network.address import is_local
from tray_dictate.system.network.http_client import HttpError, StatusError, exchange

log = logging.getLogger(__name__)

_PATIENCE = 30.0  # seconds for a connection, and for each part of the body
_PAUSES = (1.0, 3.0)  # seconds before the mirrors are tried again
_SPARE = 50_000_000  # bytes that stay free on the disk
_CHUNK = 262144  # bytes
_REDIRECTS = 5
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class RemoteFile(Protocol):
    """A file, and where it can be downloaded."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def urls(self) -> tuple[str, ...]:
        """Its mirrors, in the order in which they are tried; https, or this machine."""
        ...

    @property
    def size(self) -> int:
        """Its bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Its hash, in hexadecimal."""
        ...


class DownloadProgress(Protocol):
    """Is told how a download goes on, on the thread that downloads."""

    def advance(self, size: int) -> None:
        """Note how many bytes are there; fewer than before where it begins again."""
        ...

    def skip(self, reason: str) -> None:
        """Note why a mirror is not used, or not any longer."""
        ...


class DownloadError(DictateError):
    """A file could not be downloaded; what has arrived is kept."""


class DownloadStoppedError(DownloadError):
    """The caller ended the download."""


class _MirrorError(Exception):
    """A mirror does not have the file or, if that is not `final`, did not send it this time."""

    def __init__(self, reason: str, *, final: bool = True, reached: bool = True) -> None:
        """`reason`: the end of a sentence that begins with the mirror's name.

        `reached`: whether the mirror answered at all.
        """
        self.final, self.reached = final, reached
        super().__init__(reason)


def part_of(path: Path) -> Path:
    """Return where the bytes of a file are collected until it is complete."""
    return path.with_name(f"{path.name}.part")


def check_space(folder: Path, size: int) -> None:
    """Raise DownloadError if a download of `size` bytes would fill the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise DownloadError(
            f"The disk of {folder} has {megabytes(free)} free, and {megabytes(size)} would be "
            f"downloaded. Free some space and try again."
        )


def megabytes(size: int) -> str:
    """Return a number of bytes in words: "63 MB"."""
    return f"{max(size > 0, round(size / 1e6)):,} MB"


class Download:
    """The download of one file to one path; no other may run to the same path."""

    def __init__(
        self,
        file: RemoteFile,
        path: Path,
        progress: DownloadProgress,
        stop: threading.Event,
        *,
        patience: float = _PATIENCE,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        """`patience`: seconds that a mirror may be silent; `pauses`: before further attempts."""
        self._file, self._path, self._progress, self._stop = file, path, progress, stop
        self._patience, self._pauses = patience, pauses
        self._part = part_of(path)
        self._source = path.with_name(f"{path.name}.source")
        self._mixed = False  # whether some of the part is from another mirror, or another run

    def run(self) -> None:
        """Bring the file to its path, or find it there. Raises DownloadError. Blocks."""
        with self._writing():
            if self._path.is_file() and self._is_right(self._path):
                self._progress.advance(self._file.size)
                return
            if self._noted("sha256") not in ("", self._file.sha256):
                self._discard()  # an older version's
            check_space(self._path.parent, max(0, self._file.size - self._length()))
        reasons = self._try_mirrors()
        if not reasons:
            return
        why = "; ".join(f"{urlsplit(url).netloc} {reason}" for url, reason in reasons.items())
        remedy = "Check the connection and try again."
        if all(reason.final and reason.reached for reason in reasons.values()):
            remedy = (
                "Update tray_dictate, a newer version may know another place. If other downloads "
                "fail, too, check the connection."
            )
        kept = " What has arrived is kept." if self._length() else ""
        raise DownloadError(f"{self._file.name} could not be downloaded: {why}. {remedy}{kept}")

    def _try_mirrors(self) -> dict[str, _MirrorError]:
        """Try one mirror after the other, several times while some of them may still answer.

        Return why each URL has failed; nothing if one of them had the file.
        """
        left, rounds = list(self._file.urls), 0
        reasons: dict[str, _MirrorError] = {}
        while left and rounds <= len(self._pauses):
            if rounds:
                self._pause(self._pauses[rounds - 1])
            before = self._length()
            for url in tuple(left):
                try:
                    self._fetch(url)
                except _MirrorError as error:
                    if error.final:
                        left.remove(url)
                    if str(error) != str(reasons.get(url)):
                        reason = f"{urlsplit(url).netloc} {error}"
                        log.warning("%s: %s", self._file.name, reason)
                        self._progress.skip(f"{self._file.name}: {reason}.")
                    reasons[url] = error
                else:
                    return {}
            rounds = 1 if self._length() > before else rounds + 1
        return reasons

    def _fetch(self, url: str) -> None:
        """Bring the file, or the rest of it, from one mirror, while it brings anything.

        Raises _MirrorError.
        """
        self._mixed = self._length() > 0
        while True:
            before = self._length()
            if before == self._file.size:
                if self._placed():
                    return
                self._discard()
                if not self._mixed:
                    raise _MirrorError("sent a file with another SHA-256, which is refused")
                continue
            try:
                self._receive(url, before)
            except (HttpError, TimeoutError) as error:
                if self._length() <= before:
                    raise _failure(error) from None
                log.info("%s: the connection ended; trying again", self._file.name)
                self._pause(self._pauses[0])

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise DownloadStoppedError(f"The download of {self._file.name} was stopped.")

    def _receive(self, url: str, start: int) -> None:
        """Append what a mirror sends from a byte on, or begin again where it sends all of it.

        Raises _MirrorError, HttpError, TimeoutError and DownloadError.
        """
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if self._noted("url") == url and (version := self._noted("version")):
                headers["If-Range"] = version
        try:
            with _opened(url, headers, self._patience) as answer:
                self._append(answer, self._first_byte(answer, start), url)
        except StatusError as error:
            if not (start and error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
                raise
            self._receive(url, 0)

    def _first_byte(self, answer: http.client.HTTPResponse, start: int) -> int:
        """Return where in the file the answer's body begins. Raises _MirrorError."""
        size, first = self._file.size, 0
        if (encoding := answer.headers.get("Content-Encoding", "identity")) != "identity":
            raise _MirrorError(f"sends it compressed ({encoding})")
        if answer.status == HTTPStatus.PARTIAL_CONTENT:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if not found or not start or int(found[1]) != start:
                raise _MirrorError("sends another part of it than it was asked for")
            if found[2] not in (str(size), "*"):
                raise _MirrorError(f"has a file of {int(found[2]):,} bytes, not {size:,}")
            first = start
        elif answer.status != HTTPStatus.OK:
            raise _MirrorError(f"answered with status {answer.status}")
        if answer.length not in (None, size - first):
            raise _MirrorError(f"has a file of {answer.length + first:,} bytes, not {size:,}")
        return first

    def _append(self, answer: http.client.HTTPResponse, first: int, url: str) -> None:
        with self._writing():
            # unbuffered: what has arrived is in the file, whatever becomes of this process
            part = open(  # noqa: SIM115 - closed below
                self._part, "r+b" if first else "wb", buffering=0, opener=files.open_private
            )
        if not first:
            self._mixed = False
        with part:
            with self._writing():
                part.seek(first)
                self._note_version(url, answer)
            self._progress.advance(first)
            for chunk in self._chunks(answer):
                first += len(chunk)
                if first > self._file.size:
                    break
                with self._writing():
                    _write(part, chunk)
                self._progress.advance(first)
        if first > self._file.size or (answer.chunked and first < self._file.size):
            self._discard()
            raise _MirrorError(f"has a file of another size than {self._file.size:,} bytes")
        if first < self._file.size:  # read1 raises nothing where the connection ends
            raise http.client.IncompleteRead(b"", self._file.size - first)

    def _chunks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        while chunk := answer.read1(_CHUNK):
            self._pause(0)
            yield chunk

    def _noted(self, name: str) -> str:
        """Return what was noted of the part; "" for nothing."""
        try:
            return str(json.loads(self._source.read_text(encoding="utf-8"))[name])
        except (OSError, ValueError, TypeError, KeyError):
            return ""

    def _note_version(self, url: str, answer: http.client.HTTPResponse) -> None:
        tag = answer.headers.get("ETag", "")
        # a weak tag says that the meaning is the same, not that the bytes are
        version = (
            answer.headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag
        )
        noted = {"sha256": self._file.sha256, "url": url, "version": version}
        files.write_atomic(self._source, json.dumps(noted), 0o600)

    def _length(self) -> int:
        """Return the size of the part; a longer one than the file is worthless, and deleted."""
        try:
            length = self._part.stat().st_size
        except OSError:
            return 0
        if length > self._file.size:
            self._discard()
            return 0
        return length

    def _discard(self) -> None:
        with self._writing():
            self._part.unlink(missing_ok=True)
            self._source.unlink(missing_ok=True)

    def _placed(self) -> bool:
        """Whether the complete part has the right hash; then it gets its final name."""
        with self._writing():
            right = self._is_right(self._part)
            if right:
                self._place()
        return right

    def _is_right(self, path: Path) -> bool:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self._file.sha256

    def _place(self) -> None:
        """Give the complete part its final name, so that a loss of power cannot undo it."""
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        self._part.replace(self._path)
        self._source.unlink(missing_ok=True)
        if sys.platform != "win32":
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Raise DownloadError for what the disk refuses."""
        try:
            yield
        except OSError as error:
            raise DownloadError(
                f"{error.filename or self._part} cannot be written: {error.strerror}. "
                "What has arrived is kept; try again when this is mended."
            ) from error


def _write(part: FileIO, chunk: bytes) -> None:
    """Write all of a chunk: an unbuffered file may take only some of it at once."""
    left = memoryview(chunk)
    while left:
        left = left[part.write(left) :]


@contextmanager
def _opened(
    url: str, headers: dict[str, str], patience: float
) -> Generator[http.client.HTTPResponse]:
    """Yield the answer of a server, or of the one that it redirects to.

    Raises StatusError, HttpError, TimeoutError, and _MirrorError for a server that is not to be
    asked: one without encryption, unless a plain URL of this computer was given.
    """
    plain = urlsplit(url).scheme == "http"
    for _ in range(_REDIRECTS):
        parts = urlsplit(url)
        if parts.scheme != "https" and not (
            plain and parts.scheme == "http" and is_local(parts.netloc)
        ):
            raise _MirrorError(f"leads to {parts.scheme}://{parts.netloc}, without encryption")
        try:
            with exchange(url, headers, timeout=patience) as answer:
                yield answer
                return
        except StatusError as error:
            place = error.headers.get("Location", "")
            if not (300 <= error.status < 400 and place):
                raise
            url = urljoin(url, place)
    raise _MirrorError("redirects too often")


def _failure(error: HttpError | TimeoutError) -> _MirrorError:
    if isinstance(error, StatusError):
        final = error.status not in _TEMPORARY
        return _MirrorError(f"answered with status {error.status}", final=final)
    if isinstance(error, TimeoutError):
        return _MirrorError("was silent for too long", final=False, reached=False)
    final = error.cause in ("certificate", "socks")
    return _MirrorError(f"failed ({str(error).rstrip('.')})", final=final, reached=False)
