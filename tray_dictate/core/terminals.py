"""Recognizes terminals by the names of their windows.

In a terminal a new line runs the line, unless the shell knows that it was pasted: dash and the
prompts of many languages do not.
"""

from __future__ import annotations

import re

# parts of names in lower case; these paste PRIMARY for Shift+Insert
TERMINALS = (
    r"term|tilix|konsole|kitty|alacritty|rxvt|guake|yakuake|tilda|ghostty|^rio$|kgx|ptyxis"
    r"|console|^foot|^st(-|$)|zutty|sakura|^hyper$|^tabby|^contour|blackbox|putty|^tym$"
)
_OTHERS = (
    r"^warp$|^dev\.warp|havoc|^cmd(\.exe)?$|powershell|^pwsh|mintty|conhost|cascadia|^yaft$|^wayst$"
)
_TERMINAL = re.compile(f"{TERMINALS}|{_OTHERS}")
_BREAKS = re.compile(r"[ \t]*\n[ \t\n]*")


def is_terminal(application: str) -> bool:
    """Whether an application of this name is a terminal; False for an unknown name."""
    return _TERMINAL.search(application.lower()) is not None


def on_one_line(text: str) -> str:
    """Return `text` with spaces instead of its new lines."""
    return _BREAKS.sub(" ", text)
