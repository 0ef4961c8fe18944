"""The compositor of this session, its configuration file, and our block of lines in that.

Each compositor is identified by its own answer; the desktop's name is no proof. Our lines stand
between two marks, and are replaced in place.
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
from tray_dictate.system.desktop.wayland import WaylandError, offered
from tray_dictate.system.files import write_atomic
from tray_dictate.system.key_variables import without_keys

_BEGIN = "tray_dictate: these lines are renewed by `tray-dictate doctor --write`"
_END = "tray_dictate: end"
# niri's language: https://kdl.dev
_HIDDEN = re.compile(
    r'//[^\n]*|/\*(?:(?!/\*).)*?\*/|\br(#*)".*?"\1|"(?:\\.|[^"\\])*"', re.DOTALL
)  # comments and strings
_DOUBTFUL = re.compile(r'"|/\*|\*/')  # left over from one that is nested or has no end
_BINDS = re.compile(r"(?<![\w-])binds(?![\w-])")
_BINDS_LINE = re.compile(r"^[ \t]*binds[ \t]*\{[ \t]*\n", re.MULTILINE)
_XML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SHELL = re.compile(r"#!.*\b(sh|bash|dash|zsh|ksh)\b.*\n")
_LIMIT = 10.0  # seconds for one of its programs
_READ = 1.0  # seconds within which Hyprland has read its file
_BACKUP = ".before-tray_dictate"
_SYSTEM = Path("/etc")  # belongs to the administrator and to no user
_NAMES: dict[Compositor, str] = {
    "sway": "sway", "hyprland": "Hyprland", "river": "river", "niri": "niri",
    "labwc": "labwc", "hyprland lua": "Hyprland",
}  # fmt: skip
# without a file of the user's these read the system's, or one that was named at their start
_READ_ANOTHER = ("hyprland", "hyprland lua", "niri")


@dataclass(frozen=True, slots=True)
class RunningCompositor:
    """A compositor, its file, and the commands that make it check and read that."""

    compositor: Compositor
    file: Path
    reload: tuple[str, ...] = ()  # empty: it reads the file by itself
    base: str = ""  # the beginning of a new file
    check: tuple[str, ...] = ()  # verifies the file, before `reload`
    by_hand: str = ""  # where the user puts the lines, in a file that is left unchanged

    @property
    def known(self) -> bool:
        """Whether this file may be written: a new one would hide the one that is read instead."""
        return self.compositor not in _READ_ANOTHER or self.file.exists()

    @property
    def name(self) -> str:
        """The compositor's own name."""
        return _NAMES[self.compositor]

    def text(self) -> str:
        """Return the file's text, or the beginning of a new one. Raises UnavailableError."""
        try:
            return self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return self.base
        except (OSError, UnicodeDecodeError) as reason:
            why = reason.strerror if isinstance(reason, OSError) else "it is not UTF-8"
            raise UnavailableError(f"{self.file} cannot be read: {why}.") from reason


def find(system: Path = _SYSTEM) -> RunningCompositor | None:
    """Return the compositor that runs here, if it keeps bindings in a file; blocks.

    `system` is the folder of the administrator's configuration files.
    """
    return _sway(system) or _hyprland() or _niri() or _river() or _labwc()


def is_written(running: RunningCompositor, lines: Sequence[str]) -> bool:
    """Return whether our block in its file has exactly these lines."""
    try:
        text = running.text()
        if running.by_hand:
            return all(line in _XML_COMMENT.sub("", text) for line in lines)
        return replace_block(text, lines, running.compositor) == text
    except (UnavailableError, ValueError):
        return False


def write(running: RunningCompositor, lines: Sequence[str]) -> Path | None:
    """Write our lines into its file and reload that; return the path of the backup, if any.

    If the compositor rejects the file, it is restored. Blocks. Raises UnavailableError.
    """
    if running.by_hand:
        raise UnavailableError(
            f"{running.file} is left unchanged.", "\n".join([running.by_hand, *lines])
        )
    place = running.file if running.known else f"the file that {running.name} reads"
    by_hand = f"Put these lines into {place} yourself:\n" + "\n".join(lines)
    if not running.known:
        raise UnavailableError(
            f"{running.file} does not exist, and a new one would hide the settings that "
            f"{running.name} reads from elsewhere.",
            by_hand,
        )
    before = running.text()
    existed = running.file.exists()
    try:
        after = replace_block(before, lines, running.compositor)
    except ValueError as reason:
        raise UnavailableError(f"{running.file} is left unchanged: {reason}.", by_hand) from reason
    backup: Path | None = None
    try:
        mode = stat.S_IMODE(running.file.stat().st_mode) if existed else _mode(running.compositor)
        if existed:
            backup = running.file.with_name(running.file.name + _BACKUP)
            write_atomic(backup, before, mode)
        write_atomic(running.file, after, mode)
    except OSError as reason:
        raise UnavailableError(
            f"{reason.filename} cannot be written: {reason.strerror}.", by_hand
        ) from reason
    if refusal := _reload(running, lines, lines_of(before)):
        if existed:
            write_atomic(running.file, before, mode)
        else:
            running.file.unlink(missing_ok=True)
        _reload(running, lines_of(before), lines)
        raise UnavailableError(
            f"{running.name} rejects {running.file} with our lines: {refusal}",
            "The file is unchanged. Correct the error in it, then try again.",
        )
    return backup


def _reload(running: RunningCompositor, lines: Sequence[str], before: Sequence[str]) -> str:
    """Reload the file, whose block had the lines `before`; return why that failed, or ""."""
    command = running.reload
    if running.compositor == "river":  # its file runs once, at its start; the lines are commands
        script = [*unmapped(before), "set -e", *lines]
        command = ("sh", "-c", "\n".join(script))
    for words in filter(None, (running.check, command)):
        if refusal := _refusal(words):
            return refusal
    return _unread(running, lines) if running.compositor == "hyprland" and lines else ""


def _refusal(command: tuple[str, ...]) -> str:
    """Return why a command failed, or ""."""
    try:
        done = _run(*command)
    except (OSError, subprocess.TimeoutExpired) as reason:
        return f"{command[0]} does not answer ({type(reason).__name__})."
    if done.returncode == 0:
        return ""
    said = " ".join((done.stderr.strip() or done.stdout.strip()).split()[:60])
    return said or f"{quoted(command[:2])} failed."


def _unread(running: RunningCompositor, lines: Sequence[str]) -> str:
    """Return why Hyprland, which accepts any file, lacks our bindings after a reload, or ""."""
    ours = {line.split(", ", 3)[-1].replace("##", "#") for line in lines}
    until = time.monotonic() + _READ
    while time.monotonic() < until:
        try:
            bound = json.loads(_output("hyprctl", "binds", "-j"))
            if not ours.isdisjoint(str(entry["arg"]) for entry in bound):
                return ""
        except (ValueError, KeyError, TypeError):
            pass
        time.sleep(_READ / 10)
    return f"`hyprctl binds` has none of them. Is {running.file} the file that it reads?"


def _mode(compositor: Compositor) -> int:
    return 0o755 if compositor == "river" else 0o644  # river's is a program


def _sway(system: Path) -> RunningCompositor | None:
    if not os.environ.get("SWAYSOCK") or not (
        answer := _output("swaymsg", "-r", "-t", "get_version")
    ):
        return None
    try:
        file = Path(json.loads(answer)["loaded_config_file_name"])
    except (ValueError, KeyError, TypeError):
        return None
    if file.is_relative_to(system):  # with a file of the user's, sway reads only that one
        return RunningCompositor(
            "sway", _settings("sway/config"), ("swaymsg", "reload"), f"include {file}\n"
        )
    return RunningCompositor("sway", file, ("swaymsg", "reload"))


def _hyprland() -> RunningCompositor | None:
    if not os.environ.get("HYPRLAND_INSTANCE_SIGNATURE") or not _output("hyprctl", "version"):
        return None
    named = os.environ.get("HYPRLAND_CONFIG")
    file = Path(named) if named else _settings("hypr/hyprland.conf")
    program = file.with_suffix(".lua")
    if file == program or (not named and program.exists()):  # since 0.55 it is read first
        check = ("Hyprland", "--verify-config", "--config", str(program))
        return RunningCompositor("hyprland lua", program, ("hyprctl", "reload"), check=check)
    return RunningCompositor("hyprland", file, ("hyprctl", "reload"))


def _niri() -> RunningCompositor | None:
    if not os.environ.get("NIRI_SOCKET") or not _output("niri", "msg", "version"):
        return None
    named = os.environ.get("NIRI_CONFIG")
    file = Path(named) if named else _settings("niri/config.kdl")
    return RunningCompositor("niri", file, check=("niri", "validate", "-c", str(file)))


def _river() -> RunningCompositor | None:
    try:
        if "zriver_control_v1" not in offered():
            return None
    except (UnavailableError, WaylandError):
        return None
    return RunningCompositor("river", _settings("river/init"))


def _labwc() -> RunningCompositor | None:
    number = os.environ.get("LABWC_PID", "")
    try:
        if Path("/proc", number, "comm").read_text(encoding="utf-8").strip() != "labwc":
            return None
    except OSError:
        return None
    folder = os.environ.get("LABWC_CONFIG_DIR")
    file = Path(folder, "rc.xml") if folder else _settings("labwc/rc.xml")
    place = f"Put these lines into {file}, between <keyboard> and </keyboard>"
    if not file.exists():  # without <default /> its own keys would be gone
        place = (
            f"Put these lines into a new file {file}, between <labwc_config><keyboard><default /> "
            "and </keyboard></labwc_config>"
        )
    return RunningCompositor("labwc", file, by_hand=f"{place}, then run `labwc --reconfigure`:")


def _settings(name: str) -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / name


def _output(*command: str) -> str:
    """Return a program's output; empty where it is missing or fails."""
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


def replace_block(text: str, lines: Sequence[str], compositor: Compositor) -> str:
    """Return the file with these lines in our block, in place of its earlier ones.

    Raises ValueError, for the user to read, if the right place for the block is uncertain.
    """
    sign = {"niri": "//", "hyprland lua": "--"}.get(compositor, "#")
    begin, end = f"{sign} {_BEGIN}\n", f"{sign} {_END}\n"
    block = begin + "".join(f"{line}\n" for line in lines) + end
    if begin.strip() in text or end.strip() in text:
        return _renewed(text, begin, end, block)
    text += "\n" if text and not text.endswith("\n") else ""
    if compositor == "river":
        return _at_the_top(text, block)
    return _in_binds(text, block) if compositor == "niri" else text + block


def lines_of(text: str) -> list[str]:
    """Return the lines of our block in a file; none if its marks are damaged."""
    after = text.partition(f" {_BEGIN}\n")[2]
    inside, mark, _ = after.partition(_END)
    return [line.strip() for line in inside.splitlines()[:-1]] if mark else []


def _renewed(text: str, begin: str, end: str, block: str) -> str:
    """Return the text with our block replaced; it keeps its indentation."""
    pattern = rf"^([ \t]*){re.escape(begin)}.*?^[ \t]*{re.escape(end.rstrip())}[ \t]*(\n|\Z)"
    found = list(re.finditer(pattern, text, re.MULTILINE | re.DOTALL))
    if len(found) != 1 or text.count(begin.strip()) != 1 or text.count(end.strip()) != 1:
        raise ValueError("the marks around our lines are damaged; remove what is left of them")
    [place] = found
    return text[: place.start()] + _indented(block, place[1]) + text[place.end() :]


def _at_the_top(text: str, block: str) -> str:
    """Return a script with the block at its top, before commands that may never return."""
    first = _SHELL.match(text)
    if text and not first:
        raise ValueError("it is not a shell script")
    head = first[0] if first else "#!/bin/sh\n"
    return head + block + text[len(first[0]) if first else 0 :]


def _in_binds(text: str, block: str) -> str:
    """Return the text with the block in niri's top-level section `binds`, not in a nested one."""
    code = _HIDDEN.sub(lambda hidden: re.sub(r"[^\n]", " ", hidden[0]), text)
    if _DOUBTFUL.search(code) or not _balanced(code):
        raise ValueError("its sections cannot be told apart for certain")
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
