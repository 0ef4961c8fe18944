"""Entry point of `tray-dictate` and of `python -m tray_dictate`.

A desktop starts a shortcut's command at every key press, so such a command goes to the control
client at once: argparse and the list of commands would take longer than all the rest.

No output ends in a traceback: a character that the terminal's encoding lacks is written as an
escape, and a full disk behind stdout is reported in one sentence.
"""

from __future__ import annotations

import io
import os
import sys

from tray_dictate.app.control import client
from tray_dictate.core.errors import OutputError

TYPE_CHECKING = False  # `typing` takes 10 ms
if TYPE_CHECKING:
    from typing import Any

_AT_ONCE = frozenset({"start", "stop", "toggle", "cancel", "redo", "undo", "copy", "reload"})


def main() -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 a mistake in words or settings."""
    _prepare_streams()
    try:
        try:
            return _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except OutputError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        _discard_output()
        return 1
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _discard_output()
        return 0


def _run(words: list[str]) -> int:
    if len(words) == 1 and words[0] in _AT_ONCE:
        return client.run(words[0])
    from tray_dictate.cli import main as cli  # noqa: PLC0415 - argparse takes 10 ms

    return cli.main(words)


def _prepare_streams() -> None:
    """Make stdout and stderr writable without a terminal, and for every character.

    pythonw.exe has no streams, and a parent process may have closed them. A file or a pipe on
    Windows would get one of its old encodings, which no reader expects and which lack most
    characters.
    """
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            old = sys.platform == "win32" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if old else None, errors="backslashreplace")
            if name == "stdout":
                stream = _checked(stream)
        setattr(sys, name, stream)


def _checked(stream: Any) -> Any:
    """Return a stream to the same file, whose failures are an OutputError."""
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
    """A text stream whose failures are an OutputError.

    It is above the buffer and not below it: after a Ctrl+C at the end of a file's `write` in
    Python, the buffer would write the same bytes again.
    """

    def write(self, text: str, /) -> int:
        """Write text. Raises OutputError, and BrokenPipeError if the reader has gone."""
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _output_error(error) from error

    def flush(self) -> None:
        """Write the buffered text. Raises OutputError and BrokenPipeError."""
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _output_error(error) from error


def _output_error(error: OSError) -> OutputError:
    return OutputError(f"The output cannot be written: {error.strerror}. Send it somewhere else.")


def _discard_output() -> None:
    """Discard the rest of stdout, which Python would write at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


if __name__ == "__main__":
    raise SystemExit(main())
