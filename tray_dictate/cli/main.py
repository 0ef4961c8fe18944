"""Runs one command. Every failure is one clear sentence on stderr and a non-zero exit code."""

from __future__ import annotations

import pkgutil

from tray_dictate.cli.messages import warn
from tray_dictate.cli.parser import build_parser
from tray_dictate.core.errors import ConfigError, DictateError, OutputError, RunningError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrong arguments or settings."""
    options = build_parser().parse_args(arguments)
    try:
        return pkgutil.resolve_name(options.command)(options)
    except ConfigError as error:
        warn(str(error))
        return 2
    except RunningError as error:  # no failure: a session that starts it twice must not retry
        warn(str(error))
        return 0
    except OutputError:  # for the caller, whose output it is
        raise
    except DictateError as error:
        warn(str(error))
        return 1
    except MemoryError:
        warn("There is not enough memory. Close other programs and try again.")
        return 1
    except KeyboardInterrupt:
        return 130
