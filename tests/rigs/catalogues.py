"""A catalogue of one model, whose files a server on this machine has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from tests.servers.files import FileServer


def write(
    path: Path, server: FileServer, model: str, files: Mapping[str, bytes], **other: object
) -> Path:
    """Serve the files, and write the catalogue that names them; return its path."""
    fields = {
        "id": model, "name": "A model", "languages": ["en"], "licence": "MIT", "terms": "",
        "runtime": "moonshine", "streaming": False, "memory": 1_000_000, "speed": "fast", **other,
    }  # fmt: skip
    lines = ["[[model]]", *(f"{name} = {json.dumps(value)}" for name, value in fields.items())]
    for name, content in files.items():
        url = server.serve(f"{model}/{name}", content)
        lines += [
            "[[model.files]]", f"name = {json.dumps(name)}", f"size = {len(content)}",
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"', f"urls = [{json.dumps(url)}]",
        ]  # fmt: skip
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path
