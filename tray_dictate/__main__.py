"""`tray-dictate` and `python -m tray_dictate`: a shortcut's command takes the short way.

A desktop spawns one at every key press, and argparse and what it lists take longer than the rest.
"""

from __future__ import annotations

import sys

_AT_ONCE = frozenset({"start", "stop", "toggle", "cancel", "redo", "undo", "copy", "reload"})


def main() -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrongly asked."""
    words = sys.argv[1:]
    if len(words) == 1 and words[0] in _AT_ONCE:
        from tray_dictate import control  # noqa: PLC0415 - one way or the other

        return control.run(words[0])
    from tray_dictate import cli  # noqa: PLC0415

    return cli.main(words)


if __name__ == "__main__":
    raise SystemExit(main())
