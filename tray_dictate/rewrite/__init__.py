"""Rewrites texts before they are inserted: by the user's command, then by a chat model.

After any failure the text is inserted unchanged; each cause of a failure is reported once, until
that back end has worked again. No text, no answer and no key is ever logged or reported.
"""

from __future__ import annotations

import logging
import time
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from tray_dictate.config.api_keys import KeySource
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.core.ports import Notifier
from tray_dictate.rewrite.backends import Chat, Command, model, url
from tray_dictate.rewrite.key import ChatKey, key_source
from tray_dictate.rewrite.profiles import Profile, RewriteError, profiles
from tray_dictate.system import threads

log = logging.getLogger(__name__)


class Backend(Protocol):
    """A command or a chat model."""

    async def rewrite(self, text: str, application: str) -> str:
        """Return the new text. Raises RewriteError."""
        ...


Backends = dict[str, Backend]  # by the setting that names each, in their order


class RewriteChain:
    """Passes a text through the back ends that the settings name for an application, in order."""

    def __init__(self, settings: RewriteSettings, notices: Notifier) -> None:
        """Raises ConfigError with every problem."""
        if found := problems(settings):
            raise ConfigError(found)
        self._notices, self._reported = notices, set[tuple[str, str]]()
        self._keys = _Keys(settings)
        self._profiles = [(profile, self._backends(profile)) for profile in profiles(settings)]

    async def apply(self, text: str, application: str) -> str:
        """Return the new text, or `text` itself; raises nothing."""
        if not text.strip():
            return text
        backends = self._profiles[-1][1]
        if len(self._profiles) > 1:
            backends = await threads.run_in_thread(lambda: self._backends_for(application))
        for name, backend in backends.items():
            text = await self._try(name, backend, text, application)
        return text

    async def close(self) -> None:
        """Forget the keys."""
        await self._keys.close()

    def _backends_for(self, application: str) -> Backends:
        return next(found for profile, found in self._profiles if profile.matches(application))

    def _backends(self, profile: Profile) -> Backends:
        found: Backends = {}
        if profile.settings.command and not profile.off:
            found[profile.name("command")] = Command(profile)
        if profile.settings.endpoint and not profile.off:
            found[profile.name("endpoint")] = Chat(profile, self._keys.key(profile))
        return found

    async def _try(self, name: str, backend: Backend, text: str, application: str) -> str:
        began = time.monotonic()
        try:
            answer = _plausible(await backend.rewrite(text, application), text)
        except RewriteError as failure:
            self._fail(name, failure.cause, str(failure))
            return text
        except Exception as error:  # noqa: BLE001 - a bug must not lose a spoken word
            self._fail(name, type(error).__name__, f"unexpected {type(error).__name__}.")
            return text
        self._reported = {reported for reported in self._reported if reported[0] != name}
        log.info(
            "%s: %d characters became %d in %.0f ms", name, len(text), len(answer),
            (time.monotonic() - began) * 1e3,
        )  # fmt: skip
        return answer

    def _fail(self, name: str, cause: str, reason: str) -> None:
        if (name, cause) in self._reported:
            log.info("%s failed again: %s", name, cause)
            return
        self._reported.add((name, cause))
        words = f"The text was inserted without the rewrite: {reason} ({name})"
        self._notices.tell(words, "rewrite")


class _Keys:
    """Keeps the keys of all profiles; that of [rewrite] is sent only to the first server there."""

    def __init__(self, settings: RewriteSettings) -> None:
        self._main = ChatKey(key_source(settings.key_command))
        self._own: list[ChatKey] = []
        servers = [Profile(settings)] if settings.endpoint else _servers(settings)
        self._server = _origin(servers[0]) if servers else ""

    def key(self, profile: Profile) -> ChatKey:
        """Return the key for the server of a profile."""
        command = profile.settings.key_command if "key_command" in profile.own else []
        if not command and _origin(profile) == self._server:
            return self._main
        self._own.append(ChatKey(KeySource(command, f"{profile.place}.key_command")))
        return self._own[-1]

    async def close(self) -> None:
        """Forget the keys."""
        for key in (self._main, *self._own):
            await key.close()


def problems(settings: RewriteSettings) -> list[str]:
    """Return the settings that can never work; makes no connection."""
    found: list[str] = []
    servers = _servers(settings)
    for profile in servers:
        for part in (url, model):
            try:
                part(profile)
            except ConfigError as error:
                found += error.problems
    if settings.model and not servers:
        found.append("rewrite.endpoint: it is empty, and rewrite.model needs a server")
    return list(dict.fromkeys(found))


def _servers(settings: RewriteSettings) -> list[Profile]:
    """Return the profiles that use a server."""
    return [
        profile for profile in profiles(settings) if profile.settings.endpoint and not profile.off
    ]


def _origin(profile: Profile) -> str:
    """Return the scheme and the host with its port."""
    return urlunsplit((*urlsplit(url(profile))[:2], "", "", ""))


def _plausible(answer: str, text: str) -> str:
    """Return the answer without surrounding space. Raises RewriteError if it cannot be right."""
    answer = answer.strip()
    if not answer:
        raise RewriteError("empty", "The answer was empty.")
    if len(answer) > 4 * len(text) + 200:
        raise RewriteError("too long", "The answer was much longer than the text.")
    return answer
