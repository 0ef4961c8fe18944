"""Recognises clipboard contents that must not be saved: secrets, and contents lent for a moment.

A password manager lists a hint among its formats. Contents with a hint are never taken over: their
owner alone is to clear them, when it wants to. Neither are contents that a program gives only a
certain number of times, or only while it is waited for: saving would use them up, and giving them
back would outlast them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from tray_dictate.system.programs import processes

HINT = "x-kde-passwordManagerHint"  # with "secret", clipboard managers do not keep the text
OURS = "application/x-tray-dictate"  # marks our own text, which our other processes may save

# by their letters and digits alone; what a hint says is not asked: that would be a read, too
_HINTS = (
    "passwordmanagerhint",  # KDE's, which KeePassXC, 1Password and wl-copy --sensitive offer
    "nspasteboardconcealedtype",  # macOS's and Windows's, as a remote desktop may pass them on
    "nspasteboardtransienttype",
    "excludeclipboardcontentfrommonitorprocessing",
    "clipboardviewerignore",
)
# options of programs that only serve a clipboard: with these they end by themselves, or stay in the
# foreground, where their parent ends them (`timeout 45 xclip -quiet`)
_LENDERS = {
    "xclip": re.compile(r"-[lqv]\w*"),  # -loops, -quiet, -verbose
    "xsel": re.compile(r"-\w*[tn]\w*|--(sel|nod)\w*"),  # --selectionTimeout, --nodetach
    "wl-copy": re.compile(r"-[cnpv]*[of]\w*|--(pas|for)[\w-]*"),  # --paste-once, --foreground
}


def is_secret(formats: Iterable[str]) -> bool:
    """Tell whether contents of these formats are marked as another program's secret."""
    names = [*formats]
    plain = ["".join(filter(str.isalnum, name.lower())) for name in names]
    return OURS not in names and any(hint in name for name in plain for hint in _HINTS)


def is_lent(command: Sequence[str]) -> bool:
    """Tell whether a program of this command line gives its clipboard only for a while."""
    ends = _LENDERS.get(PurePath(command[0]).name) if command else None
    return ends is not None and any(map(ends.fullmatch, command[1:]))


def is_any_lent(*session: str) -> bool:
    """Tell whether any program of our session gives its clipboard only for a while.

    For an owner that is unknown, or has gone to the background since it connected. `session` are
    the environment variables that differ between sessions.
    """
    ours = {name: os.environ.get(name, "") for name in session}
    for pid in processes.every():
        if processes.name(pid) in _LENDERS and is_lent(processes.command(pid)):
            theirs = processes.environment(pid)
            if all(theirs.get(name, "") == value for name, value in ours.items()):
                return True
    return False
