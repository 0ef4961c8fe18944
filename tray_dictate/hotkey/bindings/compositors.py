"""The compositor of this session: which one it is, its file of bindings, and our lines in it.

It is asked itself; what the desktop calls itself is no proof.

Our lines in a file of the user's: between two marks, put there once, renewed in place.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tray_dictate.core.errors import UnavailableError
from tray_dictate.hotkey.bindings.syntax import Compositor, quoted, unmapped
from tray_dictate.system.files import write_atomic
from tray_dictate.system.key_variables import without_keys

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


_LIMIT = 10.0  # seconds for one of its programs
_READ = 1.0  # seconds within which Hyprland has read its file
_BACKUP = ".before-tray_dictate"
_SYSTEM = Path("/etc")  # belongs to the administrator and to no user
_NAMES: dict[Compositor, str] = {
    "sway": "sway", "hyprland": "Hyprland", "river": "river", "niri": "niri",
}  # fmt: skip
# where the user has no file, one of the system's is read, or one that was named at the start
_READ_ANOTHER = ("hyprland", "niri")


@dataclass(frozen=True, slots=True)
class Running:
    """What runs, its file, and what makes it read that again or check it."""

    kind: Compositor
    file: Path
    reload: tuple[str, ...] = ()  # where it is empty, it does so itself
    base: str = ""  # what a new file begins with

    @property
    def known(self) -> bool:
        """Whether this file may be written: a new one would hide the one that is read instead."""
        return self.kind not in _READ_ANOTHER or self.file.exists()

    @property
    def name(self) -> str:
        """Return what it calls itself."""
        return _NAMES[self.kind]

    def text(self) -> str:
        """Return the file as it is, or as a new one begins. Raises UnavailableError."""
        try:
            return self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return self.base
        except (OSError, UnicodeDecodeError) as reason:
            why = reason.strerror if isinstance(reason, OSError) else "it is not UTF-8"
            raise UnavailableError(f"{self.file} cannot be read: {why}.") from reason


def find(system: Path = _SYSTEM) -> Running | None:
    """Return the compositor that answers here, where it is one with bindings in a file; blocks.

    `system` is the folder of the administrator's configuration files.
    """
    return _sway(system) or _hyprland() or _niri() or _river()


def is_written(running: Running, lines: Sequence[str]) -> bool:
    """Whether its file has exactly these lines of ours."""
    try:
        text = running.text()
        return marked(text, lines, running.kind) == text
    except (UnavailableError, ValueError):
        return False


def write(running: Running, lines: Sequence[str]) -> Path | None:
    """Put our lines into its file and have it read them; return where the file of before is kept.

    Where it refuses them, all is as it was. Blocks. Raises UnavailableError.
    """
    place = running.file if running.known else f"the file that {running.name} reads"
    by_hand = f"Put these lines into {place} yourself:\n" + "\n".join(lines)
    if not running.known:
        raise UnavailableError(
            f"{running.file} is not there, and a new one would hide the settings that "
            f"{running.name} reads from elsewhere.",
            by_hand,
        )
    before = running.text()
    existed = running.file.exists()
    try:
        after = marked(before, lines, running.kind)
    except ValueError as reason:
        raise UnavailableError(f"{running.file} is left alone: {reason}.", by_hand) from reason
    kept: Path | None = None
    try:
        mode = stat.S_IMODE(running.file.stat().st_mode) if existed else _mode(running.kind)
        if existed:
            kept = running.file.with_name(running.file.name + _BACKUP)
            write_atomic(kept, before, mode)
        write_atomic(running.file, after, mode)
    except OSError as reason:
        raise UnavailableError(
            f"{reason.filename} cannot be written: {reason.strerror}.", by_hand
        ) from reason
    if refusal := _told(running, lines, lines_of(before)):
        if existed:
            write_atomic(running.file, before, mode)
        else:
            running.file.unlink(missing_ok=True)
        _told(running, lines_of(before), lines)
        raise UnavailableError(
            f"{running.name} does not take {running.file} with our lines: {refusal}",
            "It is as it was. Mend what is wrong in it, then try again.",
        )
    return kept


def _told(running: Running, lines: Sequence[str], before: Sequence[str]) -> str:
    """Have it read its file, which had others before; return what it says against that."""
    command = running.reload
    if running.kind == "river":  # its file runs once, at its start; the lines are commands
        script = [*unmapped(before), "set -e", *lines]
        command = ("sh", "-c", "\n".join(script))
    if not command:
        return ""
    try:
        done = _run(*command)
    except (OSError, subprocess.TimeoutExpired) as reason:
        return f"{command[0]} gives no answer ({type(reason).__name__})."
    if done.returncode == 0:
        return _unread(running, lines) if running.kind == "hyprland" and lines else ""
    said = " ".join((done.stderr.strip() or done.stdout.strip()).split()[:60])
    return said or f"{quoted(command[:2])} failed."


def _unread(running: Running, lines: Sequence[str]) -> str:
    """Return why Hyprland, which takes any file, does not have our bindings now."""
    ours = {line.split(", ", 3)[-1].replace("##", "#") for line in lines}
    until = time.monotonic() + _READ
    while time.monotonic() < until:
        try:
            bound = json.loads(_says("hyprctl", "binds", "-j"))
            if not ours.isdisjoint(str(one["arg"]) for one in bound):
                return ""
        except (ValueError, KeyError, TypeError):
            pass
        time.sleep(_READ / 10)
    return f"`hyprctl binds` has none of them. Is {running.file} the file that it reads?"


def _mode(kind: Compositor) -> int:
    return 0o755 if kind == "river" else 0o644  # river's is a program


def _sway(system: Path) -> Running | None:
    if not os.environ.get("SWAYSOCK") or not (
        answer := _says("swaymsg", "-r", "-t", "get_version")
    ):
        return None
    try:
        file = Path(json.loads(answer)["loaded_config_file_name"])
    except (ValueError, KeyError, TypeError):
        return None
    if file.is_relative_to(system):  # with a file of the user's, sway reads only that one
        return Running("sway", _settings("sway/config"), ("swaymsg", "reload"), f"include {file}\n")
    return Running("sway", file, ("swaymsg", "reload"))


def _hyprland() -> Running | None:
    if not os.environ.get("HYPRLAND_INSTANCE_SIGNATURE") or not _says("hyprctl", "version"):
        return None
    given = os.environ.get("HYPRLAND_CONFIG")
    file = Path(given) if given else _settings("hypr/hyprland.conf")
    program = file.with_suffix(".lua")
    if file == program or (not given and program.exists()):  # since 0.55 it is read first
        raise UnavailableError(
            f"Hyprland's {program} is a program, which is left alone.",
            "Bind the key there: a press to `tray-dictate start`, its release to "
            "`tray-dictate stop`.",
        )
    return Running("hyprland", file, ("hyprctl", "reload"))


def _niri() -> Running | None:
    if not os.environ.get("NIRI_SOCKET") or not _says("niri", "msg", "version"):
        return None
    given = os.environ.get("NIRI_CONFIG")
    file = Path(given) if given else _settings("niri/config.kdl")
    return Running("niri", file, ("niri", "validate", "-c", str(file)))  # it reads it by itself


def _river() -> Running | None:
    from tray_dictate.system.wayland import WaylandError, offered  # noqa: PLC0415

    try:
        if "zriver_control_v1" not in offered():
            return None
    except (UnavailableError, WaylandError):
        return None
    return Running("river", _settings("river/init"))


def _settings(name: str) -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / name


def _says(*command: str) -> str:
    """Return what a program answers; empty where it is not there or has nobody to ask."""
    try:
        done = _run(*command)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=_LIMIT, env=without_keys(),
    )  # fmt: skip
