"""Applies regular expressions for expressions.py, one after another, in a separate process.

A program, not a module: it is started by its path and imports only the standard library, so that it
starts in a few milliseconds. It reads a line of JSON and answers with one, until its input ends.
"""

import faulthandler
import json
import re
import sys

ORPHAN = 10  # seconds for one expression, then the process exits: its parent may have died


def main() -> None:
    """Say "ready", then answer until the input ends."""
    _say("ready")
    for line in sys.stdin.buffer:
        pattern, value, text, longest = json.loads(line)
        # a thread without Python code: while an expression runs, no thread of Python's can
        faulthandler.dump_traceback_later(ORPHAN, exit=True)
        if value is None:
            answer = _found(pattern, text)
        else:
            answer = _substituted(pattern, value, text, longest)
        faulthandler.cancel_dump_traceback_later()
        _say(answer)


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _substituted(pattern: str, value: str, text: str, longest: int) -> "str | None":
    text = re.sub(pattern, value, text)
    return text if len(text) <= longest else None


def _say(answer: "str | bool | None") -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
