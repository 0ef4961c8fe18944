"""The settings that a command runs with: --config, --set, and the settings file."""

from __future__ import annotations

import argparse
from pathlib import Path

from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import ConfigError
from tray_dictate.system import files


def settings(options: argparse.Namespace) -> Config:
    """Return the settings that the options ask for. Raises ConfigError."""
    return sources(options).load()


def sources(options: argparse.Namespace) -> Sources:
    """Return where the settings come from. Raises ConfigError."""
    path, overrides = config_file(options), setting_overrides(options)
    if path is not None and not path.is_file():
        raise ConfigError(["there is no such file; name another with --config"], where=str(path))
    return Sources(path or files.config_file(), overrides)


def config_file(options: argparse.Namespace) -> Path | None:
    """Return the settings file that --config names, None without --config."""
    return getattr(options, "config", None)


def setting_overrides(options: argparse.Namespace) -> list[str]:
    """Return the values of --set, as "section.name=value"."""
    return getattr(options, "overrides", [])
