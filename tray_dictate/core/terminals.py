"""Which applications are terminals, by their names."""

from __future__ import annotations

import re

TERMINALS = (  # parts of names, in small letters
    r"term|tilix|konsole|kitty|alacritty|rxvt|guake|yakuake|tilda|ghostty|^rio$|kgx|ptyxis"
    r"|console|^foot|^st(-|$)|zutty|sakura|^hyper$|^tabby|^contour|blackbox|putty|^tym$"
)
_NAMES = re.compile(TERMINALS)


def is_terminal(application: str) -> bool:
    """Tell whether this is the name of one."""
    return _NAMES.search(application.lower()) is not None
