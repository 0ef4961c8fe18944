"""Our lines in a file of the user's: between two marks, put there once, renewed in place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.hotkey.bindings.syntax import Compositor

_BEGIN = "tray_dictate: these lines are renewed by `tray-dictate doctor --write`"
_END = "tray_dictate: end"
# niri's language: https://kdl.dev
_HIDDEN = re.compile(
    r'//[^\n]*|/\*(?:(?!/\*).)*?\*/|\br(#*)".*?"\1|"(?:\\.|[^"\\])*"', re.DOTALL
)  # comments and strings
_DOUBTFUL = re.compile(r'"|/\*|\*/')  # what is left of one that is nested or has no end
_BINDS = re.compile(r"(?<![\w-])binds(?![\w-])")
_BINDS_LINE = re.compile(r"^[ \t]*binds[ \t]*\{[ \t]*\n", re.MULTILINE)
_SHELL = re.compile(r"#!.*\b(sh|bash|dash|zsh|ksh)\b.*\n")


def marked(text: str, lines: Sequence[str], compositor: Compositor) -> str:
    """Return the file with these lines in it, in place of those of before.

    Raises ValueError, for the user to read, where there is no place that is surely right.
    """
    sign = "//" if compositor == "niri" else "#"
    begin, end = f"{sign} {_BEGIN}\n", f"{sign} {_END}\n"
    block = begin + "".join(f"{line}\n" for line in lines) + end
    if begin.strip() in text or end.strip() in text:
        return _renewed(text, begin, end, block)
    text += "\n" if text and not text.endswith("\n") else ""
    if compositor == "river":
        return _at_the_top(text, block)
    return _in_binds(text, block) if compositor == "niri" else text + block


def lines_of(text: str) -> list[str]:
    """Return our lines that are in a file; none where its marks are damaged."""
    after = text.partition(f" {_BEGIN}\n")[2]
    inside, mark, _ = after.partition(_END)
    return [line.strip() for line in inside.splitlines()[:-1]] if mark else []


def _renewed(text: str, begin: str, end: str, block: str) -> str:
    """Return it with our lines replaced; they keep their indentation."""
    pattern = rf"^([ \t]*){re.escape(begin)}.*?^[ \t]*{re.escape(end.rstrip())}[ \t]*(\n|\Z)"
    found = list(re.finditer(pattern, text, re.MULTILINE | re.DOTALL))
    if len(found) != 1 or text.count(begin.strip()) != 1 or text.count(end.strip()) != 1:
        raise ValueError("the marks around our lines are damaged; remove what is left of them")
    [place] = found
    return text[: place.start()] + _indented(block, place[1]) + text[place.end() :]


def _at_the_top(text: str, block: str) -> str:
    """Return a script with it, before what may never return."""
    first = _SHELL.match(text)
    if text and not first:
        raise ValueError("it is no shell script")
    head = first[0] if first else "#!/bin/sh\n"
    return head + block + text[len(first[0]) if first else 0 :]


def _in_binds(text: str, block: str) -> str:
    """Return it with the block in niri's own section of bindings; others have one, too."""
    code = _HIDDEN.sub(lambda hidden: re.sub(r"[^\n]", " ", hidden[0]), text)
    if _DOUBTFUL.search(code) or not _balanced(code):
        raise ValueError("where its sections begin and end is not sure")
    found = [match.start() for match in _BINDS.finditer(code) if not _depth(code[: match.start()])]
    if not found:
        return f"{text}binds {{\n{_indented(block, '    ')}}}\n"
    line = _BINDS_LINE.match(code, code.rfind("\n", 0, found[0]) + 1)
    if not line or code[: line.start()].rstrip().endswith(("/-", "\\")):
        raise ValueError("its section `binds` does not begin with a line `binds {`")
    return text[: line.end()] + _indented(block, "    ") + text[line.end() :]


def _balanced(code: str) -> bool:
    ends = [match.end() for match in re.finditer(r"\}", code)]
    return _depth(code) == 0 and all(_depth(code[:end]) >= 0 for end in ends)


def _depth(code: str) -> int:
    return code.count("{") - code.count("}")


def _indented(block: str, by: str) -> str:
    return "".join(f"{by}{line}\n" for line in block.splitlines())
