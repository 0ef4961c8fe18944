r"""Checks the user's regular expressions: which are valid, and which are certainly quick.

Python's engine backtracks, so that a harmless looking expression may need years for a sentence:
"(\w+\s?)+#". An expression that is not certainly quick is applied by system/expressions.py in a
child process that can be killed.
"""

from __future__ import annotations

import re

LONGEST = 10_000  # characters of an expression; longer ones take too long to compile
_STEPS = 10_000_000  # about 0.1 s
_FLAGS = re.compile(r"\(\?[aiLmsu]+\)")
_ESCAPED = re.compile(r"\\\D", re.DOTALL)
_REPEAT = re.compile(r"(?<!\()[*+?][+?]?")  # "(?" begins a group
_UNBOUNDED = re.compile(r"\\|\{|\(\?P=|\(\?\(")  # references to what was matched, and counts


def compiled(pattern: str, value: str = "") -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError if it, or its replacement `value`, is wrong."""
    if len(pattern) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    try:
        found = re.compile(pattern)
        _expand(found, value)  # a group that does not exist is found here
    except RecursionError as error:
        raise ValueError("it has too many groups in groups") from error
    except (re.error, IndexError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return found


def is_quick(pattern: str, length: int) -> bool:
    """Whether a pattern certainly takes no noticeable time for a text of `length` characters.

    This counts the steps for the worst text: from each character on, as many as a repetition can
    take, and each combination of alternatives. A repetition of alternatives or of another
    repetition has no such bound. Errors are on the safe side: the contents of a class are counted
    like the rest.
    """
    bare = _ESCAPED.sub("_", _FLAGS.sub("", pattern, count=1))
    repeats, bars, grouped = len(_REPEAT.findall(bare)), bare.count("|"), "(" in bare
    if repeats > 1 or (repeats and bars and grouped) or _UNBOUNDED.search(bare):
        return False
    choices = 2 ** min(bars, 64) if grouped else bars + 1
    return choices * (len(pattern) + 1) * (length + 1) ** (repeats + 1) <= _STEPS


def _expand(found: re.Pattern[str], value: str) -> None:
    """Expand `value` as for a match. Raises what `re` does if it names an unknown group."""
    names = {number: name for name, number in found.groupindex.items()}
    groups = [f"(?P<{names[n]}>)" if n in names else "()" for n in range(1, found.groups + 1)]
    re.sub("".join(groups), value, "")
