"""Writes JSON whose characters cannot control the terminal that shows it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

# json does not escape DEL and the characters after it; U+009B begins a command to a terminal, and
# the others change the lines or the order of the text
_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def dump(value: Any, indent: int | None = None) -> str:
    """Return the value as JSON that stdout can show, with control characters escaped."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=plain, indent=indent)
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
