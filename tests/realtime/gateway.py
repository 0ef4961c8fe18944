"""LiteLLM's proxy, which is not ours, as a process: a team's gateway before a server of ours."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
import urllib.request
import uuid
from pathlib import Path
from types import TracebackType

from tests.desktop.processes import MARKER, Processes, RigError

NAME = "gateway"
KEY = "sk-of-the-team"  # the gateway's own
PROGRAM = (
    Path(os.environ.get("TRAY_DICTATE_GATEWAY_VENV", Path(sys.prefix) / "litellm")) / "bin/litellm"
)
START = 90  # s; 6 on an idle machine


class Gateway:
    """The proxy, running within `with`; RigError with its log if it does not.

    `models`: the name that the team knows -> the server's address, and the key that it gets.
    """

    def __init__(self, models: dict[str, tuple[str, str]]) -> None:
        self._config = {
            "model_list": [
                {
                    "model_name": name,
                    "litellm_params": {
                        "model": f"openai/behind-{name}", "api_base": address, "api_key": key,
                    },
                    "model_info": {"mode": "realtime"},
                }
                for name, (address, key) in models.items()
            ],
            "general_settings": {"master_key": KEY},
        }  # fmt: skip

    def __enter__(self) -> Gateway:
        if not PROGRAM.exists():
            raise RigError(f"{PROGRAM} is missing: install_scripts/test.sh installs it.")
        with contextlib.ExitStack() as stack:
            logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-")))
            env = {
                **os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False",
                MARKER: f"gateway-{uuid.uuid4().hex[:12]}",
            }  # fmt: skip
            env = {name: value for name, value in env.items() if not name.lower().endswith("proxy")}
            env.pop("PYTHONPATH", None)
            config = logs / "config.yaml"
            config.write_text(json.dumps(self._config))  # YAML, too
            self._processes = Processes(logs, env)
            stack.callback(self._processes.end_all)
            self._port = _free_port()
            command = [PROGRAM, "--config", config, "--host", "127.0.0.1", "--port", self._port]
            process = self._processes.start(NAME, [str(word) for word in command], cwd=logs)
            self._processes.wait_for(NAME, process, self._is_up, START)
            self.endpoint = f"http://127.0.0.1:{self._port}"  # as a user writes `engine.endpoint`
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if error is not None:
            error.add_note(f"the gateway's log: {self._processes.tail(NAME)}")
        self._stack.close()

    def _is_up(self) -> bool:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"http://127.0.0.1:{self._port}/health/liveliness", timeout=5):
                return True
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
