"""The settings that a command is run with: --config, --set, and the settings file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tray_dictate.core.errors import ConfigError

if TYPE_CHECKING:
    from tray_dictate.config.load import Sources
    from tray_dictate.config.schema import Config


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Both before and after the command; SUPPRESS keeps the later from erasing the earlier."""
    parser.add_argument(
        "--set", action="append", dest="overrides", metavar="SECTION.NAME=VALUE",
        default=argparse.SUPPRESS, help="use another value for a setting, this time",
    )  # fmt: skip
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS,
        help="read this settings file instead of your own",
    )  # fmt: skip


def settings(
    options: argparse.Namespace, check: Callable[[Config], list[str]] | None = None
) -> Config:
    """Return the settings that these words ask for. Raises ConfigError."""
    return sources(options, check).load()


def sources(
    options: argparse.Namespace, check: Callable[[Config], list[str]] | None = None
) -> Sources:
    """Return where these words take the settings from. Raises ConfigError."""
    from tray_dictate.config import load  # noqa: PLC0415 - `--help` needs none of it
    from tray_dictate.system import files  # noqa: PLC0415 - `--help` needs none of it

    given: Path | None = getattr(options, "config", None)
    if given is not None and not given.is_file():
        raise ConfigError(["there is no such file; name another with --config"], where=str(given))
    overrides = getattr(options, "overrides", [])
    return load.Sources(given or files.config_file(), overrides, check=check)


def problems(config: Config) -> list[str]:
    """Return what the parts that are given these settings say of them; nothing is started."""
    from tray_dictate import engine, rewrite  # noqa: PLC0415

    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def warnings(config: Config) -> list[str]:
    """Return what these settings do that their user may not expect; nothing is started."""
    from tray_dictate import engine  # noqa: PLC0415

    return [*config.hotkey.warnings, *engine.warnings(config.engine)]
