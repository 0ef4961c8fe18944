"""LiteLLM's proxy, which is not ours, as a process: a team's gateway before a server of ours."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path

from tests.servers.peers.foreign import ForeignServer

KEY = "sk-of-the-team"  # the gateway's own


class Gateway(ForeignServer):
    """The proxy, with `models`: the name that the team knows -> the server's address and key."""

    name = "gateway"
    program = (
        Path(os.environ.get("TRAY_DICTATE_GATEWAY_VENV", Path(sys.prefix) / "litellm"))
        / "bin/litellm"
    )
    start = 90  # s; 6 on an idle machine

    def __init__(self, models: dict[str, tuple[str, str]]) -> None:
        self._port = _free_port()
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

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _arguments(self, folder: Path) -> list[str]:
        config = folder / "config.yaml"
        config.write_text(json.dumps(self._config))  # YAML, too
        return ["--config", str(config), "--host", "127.0.0.1", "--port", str(self._port)]

    def _environment(self) -> dict[str, str]:
        env = {
            **os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False",
        }  # fmt: skip
        return {name: value for name, value in env.items() if not name.lower().endswith("proxy")}

    def _answers(self) -> bool:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"{self.endpoint}/health/liveliness", timeout=5):
                return True
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
