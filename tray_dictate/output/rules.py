"""What applies to which application: the user's rules, then ours, then the settings for all.

Pure. An application is known by the two names of its WM_CLASS. Every field comes from the first
rule that matches and gives it, so that a user's rule with an `after` leaves our method as it is.

Terminals paste PRIMARY for Shift+Insert, as they do it now. Remote desktops and virtual machines
have the clipboard of another machine, a second later or never: they get keys. What sends scan
codes (RDP, virtual machines) shows what its own layout makes of them. Password prompts get nothing:
they take the focus while somebody speaks, show dots, and end with an Enter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from tray_dictate.config import OutputRule
from tray_dictate.core.terminals import TERMINALS

_T = TypeVar("_T")
Method = Literal["auto", "paste", "type", "clipboard", "off"]
CHORD = "shift+insert"  # it is there on every layout, and in terminals


class Shipped(NamedTuple):
    """A rule of ours; the parts of names are sought in small letters."""

    application: str
    method: Method | None = None
    primary: bool = False  # it pastes PRIMARY where others paste the clipboard


SHIPPED = (
    Shipped(
        r"pinentry|gcr-prompter|keyring-prompt|askpass|polkit|policykit|kwalletd|kdesu|gksu"
        r"|lxqt-sudo",
        method="off",
    ),
    Shipped(
        r"remmina|freerdp|rdesktop|krdc|vinagre|gnome-connections|vncviewer|tigervnc|virtualbox"
        r"|virt-viewer|remote-viewer|virt-manager|gnome-boxes|vmware|vmplayer|vmrc|qemu|spicy"
        r"|anydesk|teamviewer|rustdesk|x2go|nxplayer|nxagent|parsec|moonlight|wfica|xephyr|xnest",
        method="type",
    ),
    Shipped(
        TERMINALS,
        primary=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How one window gets its text."""

    method: Method = "auto"
    chord: str = CHORD
    after: str = ""  # appended to every segment
    private: bool = True  # clipboard managers are told not to keep the text
    primary: bool = False
    ours: bool = True  # no rule of the user's gave the method


class Rules:
    """All rules in force."""

    def __init__(
        self, method: Method = "auto", rules: Sequence[OutputRule] = (), *, private: bool = True
    ) -> None:
        self._all = Treatment(method, private=private)
        self._rules = [(re.compile(rule.application), rule) for rule in rules]
        self._shipped = [(re.compile(rule.application), rule) for rule in SHIPPED]

    def treatment(self, names: Sequence[str]) -> Treatment:
        """Return what applies to an application of these names."""
        rules = [rule for found, rule in self._rules if any(map(found.search, names))]
        small = [name.lower() for name in names]
        shipped = [rule for found, rule in self._shipped if any(map(found.search, small))]
        methods: list[Method] = [rule.method for rule in rules if rule.method]
        wanted = next(iter(methods), None)
        method = wanted or self._shipped_method(shipped) or self._all.method
        private = _first([rule.private for rule in rules])
        return Treatment(
            method,
            _first([rule.chord for rule in rules]) or CHORD,
            _first([rule.after for rule in rules]) or "",
            private=self._all.private if private is None else private,
            primary=any(rule.primary for rule in shipped),
            ours=not wanted,
        )

    def _shipped_method(self, shipped: list[Shipped]) -> Method | None:
        """Return our rules' method: "off" stands; else who wants one way everywhere gets it."""
        methods: list[Method] = [rule.method for rule in shipped if rule.method]
        if "off" in methods:
            return "off"
        return next(iter(methods), None) if self._all.method == "auto" else None


def refusal(application: str, treatment: Treatment) -> str:
    """Return why nothing is inserted there, and what would change that."""
    name = application or "this window"
    if not treatment.ours:
        return f'Nothing is inserted into {name}: output.rules says "off".'
    return (
        f"Nothing is inserted into {name}: it asks for a password. To change that, give it a rule "
        "in output.rules."
    )


def _first(values: Sequence[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
