"""Finds the profile of the rewrite for an application: the first that matches."""

from __future__ import annotations

from dataclasses import dataclass

from tray_dictate.config.schema import RewriteProfile, RewriteSettings
from tray_dictate.core.errors import DictateError
from tray_dictate.system.expressions import EXPRESSIONS


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a rewrite, and where each of them comes from."""

    settings: RewriteSettings
    own: frozenset[str] = frozenset()  # the settings that it has itself; the rest are [rewrite]'s
    place: str = "rewrite"
    application: str = ""
    off: bool = False

    def matches(self, application: str) -> bool:
        """Whether the profile is for an application of this name; do not call on the loop."""
        return EXPRESSIONS.found("rewrite.profiles", self.application, application)

    def name(self, setting: str) -> str:
        """Return the full name of a setting of this profile, wherever it comes from."""
        return f"{self.place if setting in self.own else 'rewrite'}.{setting}"


def profiles(settings: RewriteSettings) -> list[Profile]:
    """Return the profiles in the order of matching; the last is for every application."""
    found = [_profile(settings, rule, number) for number, rule in enumerate(settings.profiles)]
    return [*found, Profile(settings)]


def _profile(settings: RewriteSettings, rule: RewriteProfile, number: int) -> Profile:
    own = rule.model_dump(exclude_none=True, exclude={"application", "off"})
    return Profile(
        settings.model_copy(update=own), frozenset(own), f"rewrite.profiles[{number}]",
        rule.application, rule.off,
    )  # fmt: skip


class RewriteError(DictateError):
    """A text could not be rewritten; failures of the same `cause` are reported once."""

    def __init__(self, cause: str, message: str) -> None:
        self.cause = cause
        super().__init__(message)
