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
    from tray_dictate.cli.key_actions import EngineKey, RewriteKey  # noqa: PLC0415
    from tray_dictate.system import logs  # noqa: PLC0415

    if options.purpose == "all":
        return _forget_all(options.action)
    logs.start_for_command()
    config = settings(options)
    rewrite = options.purpose == "rewrite"
    key = RewriteKey(config.rewrite) if rewrite else EngineKey(config.engine)
    actions = {"set": key.store, "test": key.test, "forget": key.forget}
    print(actions[options.action]())  # noqa: T201
    return 0


def _forget_all(action: str) -> int:
    from tray_dictate.config import api_keys  # noqa: PLC0415
    from tray_dictate.rewrite.key import KEYRING_ENTRY  # noqa: PLC0415
    from tray_dictate.ui.labels import ENGINES  # noqa: PLC0415

    if action != "forget":
        raise ConfigError([f"key {action} is --for one of them: engine or rewrite"])
    gone = [entry for entry in (*ENGINES, KEYRING_ENTRY) if api_keys.delete_from_keyring(entry)]
    print(  # noqa: T201
        f"No longer in the keyring: the keys for {', '.join(gone)}."
        if gone
        else "There is no key in the keyring."
    )
    return 0
