"""The settings that a command runs with: --config, --set, and the settings file."""

from __future__ import annotations

import argparse
from pathlib import Path

from tray_dictate import engine, rewrite
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import ConfigError
from tray_dictate.system import files


def settings(options: argparse.Namespace, *, usable: bool = False) -> Config:
    """Return the settings that the options ask for. Raises ConfigError.

    With `usable`, settings that the engine or the rewrite cannot use are mistakes, too.
    """
    return sources(options, usable=usable).load()


def sources(options: argparse.Namespace, *, usable: bool) -> Sources:
    """Return where the settings come from; `usable` as above. Raises ConfigError."""
    path, overrides = config_file(options), setting_overrides(options)
    if path is not None and not path.is_file():
        raise ConfigError(["there is no such file; name another with --config"], where=str(path))
    return Sources(path or files.config_file(), overrides, check=problems if usable else None)


def config_file(options: argparse.Namespace) -> Path | None:
    """Return the settings file that --config names, None without --config."""
    return getattr(options, "config", None)


def setting_overrides(options: argparse.Namespace) -> list[str]:
    """Return the values of --set, as "section.name=value"."""
    return getattr(options, "overrides", [])


def problems(config: Config) -> list[str]:
    """Return what the engine and the rewrite cannot use in these settings; starts nothing."""
    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def warnings(config: Config) -> list[str]:
    """Return what works in these settings, but not as the user may expect; starts nothing."""
    return [*config.hotkey.warnings, *engine.warnings(config.engine)]
