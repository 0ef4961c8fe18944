"""Names the desktop of this session, as it names itself."""

from __future__ import annotations

import os


def session_names() -> frozenset[str]:
    """Return the desktop's names in small letters: "ubuntu" and "gnome" for "ubuntu:GNOME"."""
    return frozenset(os.environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":"))
