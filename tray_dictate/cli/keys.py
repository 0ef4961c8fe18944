"""`tray-dictate key`."""

from __future__ import annotations

import argparse
from typing import Any

from tray_dictate.cli.options import add_settings, settings
from tray_dictate.core.errors import ConfigError


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "key",
        help="keep an API key in the system's keyring",
        description="Keep an API key of a service on the internet in the system's keyring; the "
        "embedded engine needs none.",
    )
    parser.add_argument("action", choices=("set", "test", "forget"))
    parser.add_argument(
        "--for", dest="purpose", choices=("engine", "rewrite", "all"), default="engine",
        help="what the key is for (the engine, unless given); all: forget those of every service",
    )  # fmt: skip
    add_settings(parser)
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from tray_dictate.cli import key_actions, rewrite_key_actions  # noqa: PLC0415
    from tray_dictate.system import logs  # noqa: PLC0415

    if options.purpose == "all":
        return _forget_all(options.action)
    logs.start_plain()
    config = settings(options)
    if options.purpose == "rewrite":
        of_rewrite = {
            "set": rewrite_key_actions.set_key,
            "test": rewrite_key_actions.test_key,
            "forget": rewrite_key_actions.forget_key,
        }  # fmt: skip
        print(of_rewrite[options.action](config.rewrite))  # noqa: T201
    else:
        of_engine = {
            "set": key_actions.set_key,
            "test": key_actions.test_key,
            "forget": key_actions.forget_key,
        }
        print(of_engine[options.action](config.engine))  # noqa: T201
    return 0


def _forget_all(action: str) -> int:
    from tray_dictate.config import api_keys  # noqa: PLC0415
    from tray_dictate.rewrite.key import ENTRY  # noqa: PLC0415
    from tray_dictate.ui.labels import ENGINES  # noqa: PLC0415

    if action != "forget":
        raise ConfigError([f"key {action} is --for one of them: engine or rewrite"])
    gone = [entry for entry in (*ENGINES, ENTRY) if api_keys.forget(entry)]
    print(  # noqa: T201
        f"No longer in the keyring: the keys for {', '.join(gone)}."
        if gone
        else "There is no key in the keyring."
    )
    return 0
