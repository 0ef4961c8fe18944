"""Settings that must be usable: what the engine or the rewrite cannot use is a mistake."""

from __future__ import annotations

import argparse
from dataclasses import replace

from tray_dictate import engine, rewrite
from tray_dictate.cli import options
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config


def usable_settings(arguments: argparse.Namespace) -> Config:
    """Return the settings that the options ask for. Raises ConfigError."""
    return usable_sources(arguments).load()


def usable_sources(arguments: argparse.Namespace) -> Sources:
    """Return where the settings come from. Raises ConfigError."""
    return replace(options.sources(arguments), check=problems)


def problems(config: Config) -> list[str]:
    """Return what the engine and the rewrite cannot use in these settings; starts nothing."""
    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def warnings(config: Config) -> list[str]:
    """Return what works in these settings, but not as the user may expect; starts nothing."""
    return [*config.warnings, *config.hotkey.warnings, *engine.warnings(config.engine)]
