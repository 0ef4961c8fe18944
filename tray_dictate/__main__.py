"""`tray-dictate` and `python -m tray_dictate`: a shortcut's command takes the short way.

A desktop spawns one at every key press, and argparse and what it lists take longer than the rest.

No output ends in a traceback: what the terminal's encoding lacks is written as an escape, and a
full disk behind stdout is one sentence.
"""

from __future__ import annotations

import io
import os
import sys

from tray_dictate.app.control import client
from tray_dictate.core.errors import OutputError

TYPE_CHECKING = False  # `typing` takes 10 ms
if TYPE_CHECKING:
    from typing import Any, TextIO

_AT_ONCE = frozenset({"start", "stop", "toggle", "cancel", "redo", "undo", "copy", "reload"})


def main() -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrongly asked."""
    _have_streams()
    try:
        try:
            return _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except OutputError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        _lead_nowhere(sys.stdout)
        return 1
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _lead_nowhere(sys.stdout)
        return 0


def _run(words: list[str]) -> int:
    if len(words) == 1 and words[0] in _AT_ONCE:
        return client.run(words[0])
    from tray_dictate.cli import main as cli  # noqa: PLC0415 - argparse takes 10 ms

    return cli.main(words)


def _have_streams() -> None:
    """Let nobody fail for want of a terminal or of a character.

    pythonw.exe has no terminal, nor has what closes its streams. A file or a pipe on Windows would
    get one of the hundred old encodings, which no reader expects and which lacks most characters.
    """
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            old = sys.platform == "win32" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if old else None, errors="backslashreplace")
            if name == "stdout":
                stream = _telling(stream)
        setattr(sys, name, stream)


def _telling(stream: Any) -> Any:
    """Return the same stream, whose failures are an OutputError."""
    if stream.isatty():
        return stream
    try:
        raw = io.FileIO(stream.fileno(), "wb", closefd=False)
    except (OSError, ValueError):
        return stream
    return _Output(
        io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors,
        line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip


class _Output(io.TextIOWrapper):
    """An output that says what is wrong with it.

    Above the buffer, not below: a Ctrl+C that comes as a file's `write` in Python returns would
    have the buffer write the same once more.
    """

    def write(self, text: str, /) -> int:
        """Write. Raises OutputError, and BrokenPipeError where nobody reads any more."""
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _told(error) from error

    def flush(self) -> None:
        """Write what is still to be written; raises the same."""
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _told(error) from error


def _told(error: OSError) -> OutputError:
    return OutputError(f"The output cannot be written: {error.strerror}. Send it somewhere else.")


def _lead_nowhere(stream: TextIO) -> None:
    """Let what is still to be written vanish: Python writes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    raise SystemExit(main())
