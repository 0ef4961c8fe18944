"""Chooses how each application gets its text: the user's rules, the shipped rules, the settings.

Pure. An application is known by the two names of its WM_CLASS. Each field comes from the first
matching rule that sets it, so that a user's rule with only an `after` keeps the shipped method.

Terminals paste PRIMARY for Shift+Insert. Remote desktops and virtual machines get the clipboard of
this machine a second later or never: they get keys, at a pace that the other machine can follow. In
a spreadsheet a paste replaces the cell's contents, so that only the last of several segments would
stay; typing appends. LibreOffice autocorrects what is typed, but not what is pasted into a cell
that is being edited. Vim's windows do not know Shift+Insert: they insert its name. Password prompts
get nothing: they take the focus while the user speaks, show dots, and end with an Enter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from tray_dictate.config.schema import OutputRule
from tray_dictate.core.terminals import TERMINALS
from tray_dictate.system.expressions import EXPRESSIONS

_T = TypeVar("_T")
Method = Literal["auto", "paste", "type", "clipboard", "off"]
CHORD = "shift+insert"  # it is there on every layout, and in terminals


class Shipped(NamedTuple):
    """A shipped rule; its expressions are searched in lower-case names and titles."""

    application: str
    method: Method | None = None
    primary: bool = False  # its chord pastes PRIMARY instead of the clipboard
    remote: bool = False  # it shows another machine's screen
    shift_key: bool = False  # it sees keys, not characters: a capital needs a press of Shift
    title: str = ""  # only where the window's title has this
    cells: bool = False  # once a cell is edited, a paste is inserted into it


SHIPPED = (
    Shipped(
        r"pinentry|gcr-prompter|keyring-prompt|askpass|polkit|policykit|kwalletd|kdesu|gksu"
        r"|lxqt-sudo",
        method="off",
    ),
    Shipped(
        r"remmina|freerdp|rdesktop|krdc|vinagre|gnome-connections|vnc|virtualbox|virt-viewer"
        r"|remote-viewer|virt-manager|gnome-boxes|vmware|vmplayer|vmrc|vmview|horizon-client|qemu"
        r"|spicy|anydesk|teamviewer|rustdesk|x2go|nxplayer|nxagent|nomachine|parsec|moonlight"
        r"|wfica|xephyr|xnest|scrcpy|looking-glass|dwservice|chrome-remote|ultravnc|thinlinc"
        r"|tlclient|guacamole|barrier|synergy|input-leap|deskflow",
        method="type",
        remote=True,
        shift_key=True,
    ),
    Shipped(r"wine|\.exe$", shift_key=True),
    Shipped(r"office.*calc", method="type", cells=True),
    Shipped(
        r"gnumeric|planmaker|calligra.?sheets|pyspread|^et$|^teapot$|scalc|excel\.exe",
        method="type",
    ),
    Shipped(
        r"firefox|navigator|librewolf|waterfox|\bzen\b|chrom|brave|edge|opera|vivaldi|epiphany|falkon"
        r"|konqueror|qutebrowser|desktopeditors|onlyoffice|wps|soffice|office",
        method="type",
        title=r"google (sheets|spreadsheets|tabellen|таблицы|スプレッドシート|表格|試算表|kalkylark"
        r"|e-tablolar)|hojas de cálculo de google|(fogli|planilhas|arkusze|tabulky) google"
        r"|\.(xlsx?|xlsm|ods|csv)\b|(- |microsoft )excel\b|excel (online|for the web)"
        r"|office calc\b|- airtable|ethercalc|zoho sheet|smartsheet",
    ),
    Shipped(r"vim|neovide|goneovim|gonvim", method="type"),
    Shipped(TERMINALS, primary=True),
)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a window gets its text."""

    method: Method = "auto"
    chord: str = CHORD
    after: str = ""  # appended to every segment
    private: bool = True  # clipboard managers are told not to keep the text
    primary: bool = False
    remote: bool = False  # another machine reads the keys: no more at once than it can follow
    shift_key: bool = False  # a capital needs a press of Shift
    cells: bool = False  # only the characters that begin the edit of a cell must be typed
    ours: bool = True  # no rule of the user's gave the method
    optional: bool = False  # better than others by a shipped rule, which will do where it cannot be


class Rules:
    """The user's rules, the shipped rules and the settings for all applications."""

    def __init__(
        self, method: Method = "auto", rules: Sequence[OutputRule] = (), *, private: bool = True
    ) -> None:
        self._all = Treatment(method, private=private)
        self._rules = rules

    def treatment(self, names: Sequence[str], title: str = "") -> Treatment:
        """Return what applies to a window of this title and an application of these names.

        Not to be called on the loop.
        """
        rules = [rule for rule in self._rules if _applies(rule, names)]
        shipped = _shipped([name.lower() for name in names], title.lower())
        methods: list[Method] = [rule.method for rule in rules if rule.method]
        wanted = next(iter(methods), None)
        ours = None if wanted else self._shipped_method(shipped)
        method = wanted or ours or self._all.method
        private = _first([rule.private for rule in rules])
        return Treatment(
            method,
            _first([rule.chord for rule in rules]) or CHORD,
            _first([rule.after for rule in rules]) or "",
            private=self._all.private if private is None else private,
            primary=any(rule.primary for rule in shipped),
            remote=any(rule.remote for rule in shipped),
            shift_key=any(rule.shift_key for rule in shipped),
            cells=ours == "type" and any(rule.cells for rule in shipped),
            ours=not wanted,
            optional=ours == "type" and not any(rule.remote for rule in shipped),
        )

    def _shipped_method(self, shipped: list[Shipped]) -> Method | None:
        """Return the method of our rules: "off" always; another only if the setting is "auto"."""
        methods: list[Method] = [rule.method for rule in shipped if rule.method]
        if "off" in methods:
            return "off"
        return next(iter(methods), None) if self._all.method == "auto" else None


def _shipped(names: Sequence[str], title: str) -> list[Shipped]:
    """Return the shipped rules that apply to lower-case names and a lower-case title."""
    return [
        rule
        for rule in SHIPPED
        if any(re.search(rule.application, name) for name in names) and re.search(rule.title, title)
    ]


def refusal(application: str, treatment: Treatment) -> str:
    """Return the message that nothing is inserted there, with its remedy."""
    name = application or "this window"
    if not treatment.ours:
        return f'Nothing is inserted into {name}: output.rules says "off".'
    return (
        f"Nothing is inserted into {name}: it asks for a password. To change that, add a rule for "
        "it to output.rules."
    )


def _applies(rule: OutputRule, names: Sequence[str]) -> bool:
    return any(EXPRESSIONS.found("output.rules", rule.application, name) for name in names)


def _first(values: Sequence[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
