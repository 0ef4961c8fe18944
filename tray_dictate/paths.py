"""Where things are kept, by each system's own custom."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_DIRS = platformdirs.PlatformDirs("tray_dictate", appauthor=False)


def config_file() -> Path:
    """Return the user's settings file; it need not exist."""
    return Path(_DIRS.user_config_dir) / "config.toml"


def log_file() -> Path:
    """Return the log file."""
    return Path(_DIRS.user_log_dir) / "tray_dictate.log"


def lock_file() -> Path:
    """Return the file whose lock means that a daemon runs in this session."""
    session = os.environ.get("XDG_RUNTIME_DIR")  # not everywhere where X11 is
    folder = Path(session) / "tray_dictate" if session else log_file().parent
    return folder / "tray_dictate.lock"


def kept_audio() -> Path:
    """Return the folder of recordings that could not be turned into text."""
    return Path(_DIRS.user_data_dir) / "kept"


def history_file() -> Path:
    """Return the file of what was said."""
    return Path(_DIRS.user_data_dir) / "history.sqlite"


def stats_file() -> Path:
    """Return the file of numbers, which holds no word of what was said."""
    return Path(_DIRS.user_data_dir) / "stats.sqlite"


def welcomed_file() -> Path:
    """Return the file whose presence means that the user was told which key to hold."""
    return Path(_DIRS.user_state_dir) / "welcomed"


def portal_token_file() -> Path:
    """Return the file of the desktop's leave to press keys, by which it does not ask again."""
    return Path(_DIRS.user_state_dir) / "portal_token"


def private_folder(path: Path) -> Path:
    """Make the folder, readable by its owner only, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
