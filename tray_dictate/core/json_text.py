"""JSON for people and programs, which a terminal can show whatever is in it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

# json leaves DEL and what follows it as they are; U+009B begins a command to a terminal, and the
# others change the lines or the order of what is read
_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def dump(value: Any, indent: int | None = None) -> str:
    """Return the value as JSON, with every character that stdout can show but no active one."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=plain, indent=indent)
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
