"""Whether the settings can be used; the other checks go on with the defaults where not."""

from __future__ import annotations

from pathlib import Path

from tray_dictate import engine, rewrite
from tray_dictate.config import load as config_load
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import ConfigError
from tray_dictate.doctor.check import Finding
from tray_dictate.system import files as paths

_NAME = "settings"


def look(given: Path | None, overrides: list[str] | None) -> tuple[Config, list[Finding]]:
    """Return the settings, or the defaults, and what is to be said of them."""
    path = given or paths.config_file()
    if given is not None and not given.is_file():
        missing = Finding(
            _NAME, "failed", f"{given}: there is no such file.", remedy="Name another: --config"
        )
        return Config(), [missing]
    try:
        config = config_load.load(path, overrides, check=_problems)
    except ConfigError as error:
        return Config(), [_finding(problem, path) for problem in error.problems]
    words = str(path) if path.exists() else f"all defaults; there is no {path}"
    return config, [Finding(_NAME, "ok", words)]


def _problems(config: Config) -> list[str]:
    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def _finding(problem: str, path: Path) -> Finding:
    where = f"Correct it in {path}" if path.exists() else "Correct it"
    remedy = f"{where}; until then tray_dictate does not start, and the checks use the defaults."
    return Finding(_NAME, "failed", problem, remedy=remedy)
