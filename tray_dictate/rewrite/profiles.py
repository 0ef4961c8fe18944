"""Which rewrite is for which application: the first of the user's profiles that matches.

Why a text could not be rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass

from tray_dictate.config.schema import RewriteProfile, RewriteSettings
from tray_dictate.core.errors import DictateError
from tray_dictate.system.expressions import EXPRESSIONS


@dataclass(frozen=True, slots=True)
class Profile:
    """A rewrite as it is in force, and where its settings stand."""

    settings: RewriteSettings
    given: frozenset[str] = frozenset()  # what it says itself; the rest is as in [rewrite]
    place: str = "rewrite"
    application: str = ""
    off: bool = False

    def matches(self, application: str) -> bool:
        """Whether it is for an application of this name; not to be called on the loop."""
        return EXPRESSIONS.found("rewrite.profiles", self.application, application)

    def name(self, setting: str) -> str:
        """Return where a setting stands that is in force here, or would have to."""
        return f"{self.place if setting in self.given else 'rewrite'}.{setting}"


def profiles(settings: RewriteSettings) -> list[Profile]:
    """Return them in the order in which they are tried; the last is for every application."""
    found = [_profile(settings, rule, number) for number, rule in enumerate(settings.profiles)]
    return [*found, Profile(settings)]


def _profile(settings: RewriteSettings, rule: RewriteProfile, number: int) -> Profile:
    given = rule.model_dump(exclude_none=True, exclude={"application", "off"})
    return Profile(
        settings.model_copy(update=given), frozenset(given), f"rewrite.profiles[{number}]",
        rule.application, rule.off,
    )  # fmt: skip


class RewriteError(DictateError):
    """The text stays as it is; `kind` is the same for what need not be told twice."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)
