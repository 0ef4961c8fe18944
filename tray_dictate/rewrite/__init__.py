"""What may change a text before it is inserted: a command of the user's, then a chat model.

Whatever goes wrong, the text goes on as it was; each kind of failure is told once, until that way
has worked again. No text, no answer and no key is ever logged or told.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

from tray_dictate.config.api_keys import KeySource
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.rewrite.backends import Chat, Command, model, url
from tray_dictate.rewrite.key import ChatKey, key_source
from tray_dictate.rewrite.profiles import Profile, RewriteError, profiles
from tray_dictate.system import threads

Way = Callable[[str, str], Awaitable[str]]

log = logging.getLogger(__name__)


class Rewriter:
    """The ways that the settings name for an application, one after the other."""

    def __init__(self, settings: RewriteSettings, tell: Callable[[str], None]) -> None:
        """Raises ConfigError with every problem."""
        if found := problems(settings):
            raise ConfigError(found)
        self._tell, self._told = tell, set[tuple[str, str]]()
        self._keys = _Keys(settings)
        self._profiles = [(profile, self._ways(profile)) for profile in profiles(settings)]

    async def apply(self, text: str, application: str) -> str:
        """Return the new text, or `text` itself; raises nothing."""
        if not text.strip():
            return text
        ways = self._profiles[-1][1]
        if len(self._profiles) > 1:
            ways = await threads.run_in_thread(lambda: self._meant(application))
        for name, way in ways.items():
            text = await self._try(name, way, text, application)
        return text

    async def close(self) -> None:
        """Forget the keys."""
        await self._keys.close()

    def _meant(self, application: str) -> dict[str, Way]:
        return next(ways for profile, ways in self._profiles if profile.matches(application))

    def _ways(self, profile: Profile) -> dict[str, Way]:
        ways: dict[str, Way] = {}
        if profile.settings.command and not profile.off:
            ways[profile.name("command")] = Command(profile).ask
        if profile.settings.endpoint and not profile.off:
            ways[profile.name("endpoint")] = Chat(profile, self._keys.key(profile)).ask
        return ways

    async def _try(self, name: str, way: Way, text: str, application: str) -> str:
        began = time.monotonic()
        try:
            answer = _plausible(await way(text, application), text)
        except RewriteError as failure:
            self._fail(name, failure.kind, str(failure))
            return text
        except Exception as error:  # noqa: BLE001 - nothing said is lost for a mistake of ours
            self._fail(name, type(error).__name__, f"{type(error).__name__} was not expected.")
            return text
        self._told = {told for told in self._told if told[0] != name}
        log.info(
            "%s: %d characters became %d in %.0f ms", name, len(text), len(answer),
            (time.monotonic() - began) * 1e3,
        )  # fmt: skip
        return answer

    def _fail(self, name: str, kind: str, reason: str) -> None:
        if (name, kind) in self._told:
            log.info("not rewritten again: %s, %s", name, kind)
            return
        self._told.add((name, kind))
        self._tell(f"Text goes in as it is said: {reason} ({name})")


class _Keys:
    """The keys of all profiles: that of [rewrite] goes to the first server there and no other."""

    def __init__(self, settings: RewriteSettings) -> None:
        self._main = ChatKey(key_source(settings.key_command))
        self._own: list[ChatKey] = []
        servers = [Profile(settings)] if settings.endpoint else _servers(settings)
        self._server = _origin(servers[0]) if servers else ""

    def key(self, profile: Profile) -> ChatKey:
        """Return the key for the server of a profile."""
        command = profile.settings.key_command if "key_command" in profile.given else []
        if not command and _origin(profile) == self._server:
            return self._main
        self._own.append(ChatKey(KeySource(command, f"{profile.place}.key_command")))
        return self._own[-1]

    async def close(self) -> None:
        """Forget them."""
        for key in (self._main, *self._own):
            await key.close()


def problems(settings: RewriteSettings) -> list[str]:
    """Return what in the settings can never work; asks nobody."""
    found: list[str] = []
    servers = _servers(settings)
    for profile in servers:
        for part in (url, model):
            try:
                part(profile)
            except ConfigError as error:
                found += error.problems
    if settings.model and not servers:
        found.append("rewrite.endpoint: it is empty, and rewrite.model wants a server")
    return list(dict.fromkeys(found))


def _servers(settings: RewriteSettings) -> list[Profile]:
    """Return the profiles that ask a server."""
    return [one for one in profiles(settings) if one.settings.endpoint and not one.off]


def _origin(profile: Profile) -> str:
    """Return the scheme and the host with its port."""
    return urlunsplit((*urlsplit(url(profile))[:2], "", "", ""))


def _plausible(answer: str, text: str) -> str:
    """Return the answer without the space around it. Raises RewriteError if it cannot be one."""
    answer = answer.strip()
    if not answer:
        raise RewriteError("empty", "The answer was empty.")
    if len(answer) > 4 * len(text) + 200:
        raise RewriteError("too long", "The answer was much longer than the text.")
    return answer
