"""Finds what a connection authenticates with: an API key, or a token of Entra ID at Azure.

A cloud's environment variables are used for that cloud only: its key must not be sent to another
server. Neither keys nor tokens are ever shown or logged.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tray_dictate.config import api_keys
from tray_dictate.config.api_keys import NO_SOURCE, KeySource
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import key_variables
from tray_dictate.system.programs import own_python
from tray_dictate.system.threads import Blocking

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential

log = logging.getLogger(__name__)

Header = Literal["bearer", "api-key"]

AZURE = ("azure", "azure-preview")
COMMAND = "engine.key_command"
ENTRA = "Entra ID"

_ANY = key_variables.ANY
_VARIABLES = {
    "openai": (_ANY, key_variables.OPENAI),
    **dict.fromkeys(AZURE, (_ANY, *key_variables.AZURE)),
}
_ENDPOINTS = ("AZURE_OPENAI_STT_TTS_ENDPOINT", "AZURE_OPENAI_ENDPOINT")
_FRESH = 300.0  # seconds: a token that expires sooner is not used for a new connection
_REMEDY = (
    "Sign in with `az login`, and see that your account has the role "
    '"Cognitive Services OpenAI User" on the resource.'
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The headers that authenticate a connection, and where they came from."""

    headers: dict[str, str] = field(repr=False)
    source: str


class CredentialSource:
    """Finds one engine's credentials again for every connection; it belongs to one event loop."""

    def __init__(
        self,
        settings: EngineSettings,
        header: Header,
        *,
        env: Mapping[str, str] = os.environ,
        limit: float = 10.0,
    ) -> None:
        """`limit`: seconds for the command, the keyring and the token, each."""
        self._settings, self._header, self._limit = settings, header, limit
        self._entra = EntraToken(settings.entra_scope)
        self._keys = key_source(settings, env)

    async def get(self) -> Credentials:
        """Return the credentials, empty if the server needs none. Raises UnavailableError."""
        settings = self._settings
        if settings.auth == "none" or settings.name == "offline":
            return Credentials({}, NO_SOURCE)
        if settings.auth == "entra":
            return Credentials({"Authorization": f"Bearer {await self._token()}"}, ENTRA)
        key = await self._keys.find(self._limit)
        if not key.text:
            if settings.name in _VARIABLES:  # the other servers may need no key
                raise _missing(settings.name, self._keys.variables, key.keyring_problem)
            return Credentials({}, NO_SOURCE)
        if self._header == "api-key":
            return Credentials({"api-key": key.text}, key.source)
        return Credentials({"Authorization": f"Bearer {key.text}"}, key.source)

    async def close(self) -> None:
        """Forget the token."""
        await self._entra.close()

    async def _token(self) -> str:
        if found := unusable(self._settings):
            raise UnavailableError(found[0], 'Set it to "key" or "none".')
        token = await self._entra.get(self._limit)
        api_keys.check(token, ENTRA)
        return token


def key_source(settings: EngineSettings, env: Mapping[str, str] = os.environ) -> KeySource:
    """Return the source of the engine's API key."""
    variables = _VARIABLES.get(settings.name, (_ANY,))
    return KeySource(settings.key_command, COMMAND, variables, settings.name, env)


def endpoint(settings: EngineSettings, env: Mapping[str, str] = os.environ) -> str:
    """Return the server's address from the settings, for Azure also from the environment.

    It is empty if neither names one.
    """
    if settings.endpoint.strip():
        return settings.endpoint.strip()
    if settings.name in AZURE:
        for name in _ENDPOINTS:
            if text := env.get(name, "").strip():
                return text
    return ""


def unusable(settings: EngineSettings) -> list[str]:
    """Return why engine.auth cannot work with this engine; empty if it can."""
    if settings.auth != "entra" or settings.name in AZURE:
        return []
    return [f"engine.auth: entra works with {' and '.join(AZURE)} only, not with {settings.name}."]


def _missing(engine: str, names: tuple[str, ...], keyring_problem: str) -> UnavailableError:
    """Return the error for an engine without a key; `names` are of variables."""
    reason = (
        f"There is no key for {engine}: {', '.join(names[:-1])} and {names[-1]} are not set, "
        f"engine.key_command is empty, and "
    )
    if keyring_problem:
        return UnavailableError(
            f"{reason}the keyring could not be asked. {keyring_problem}",
            f"Set {names[1]} or engine.key_command, or unlock or install a keyring (on Linux "
            "gnome-keyring or KWallet) and run `tray-dictate key set`.",
        )
    return UnavailableError(
        f"{reason}the keyring has none.",
        f"Run `tray-dictate key set`, or set {names[1]} or engine.key_command.",
    )


class EntraToken:
    """Gets tokens of Entra ID for one scope, through azure-identity.

    A token is kept until it is about to expire, because azure-identity keeps none that came from
    `az`, which takes seconds.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._request = Blocking(self._ask)
        self._credential: DefaultAzureCredential | None = None
        self._token: AccessToken | None = None

    async def get(self, limit: float) -> str:
        """Return a token; `limit` in seconds. Raises UnavailableError."""
        token = self._token
        if token is None or token.expires_on - time.time() < _FRESH:
            try:
                token = await self._request.answer(limit)
            except TimeoutError:
                raise UnavailableError(
                    f"Entra ID gave no token within {limit:g} s.", _REMEDY
                ) from None
        return token.token

    async def close(self) -> None:
        """Forget the token, and close what azure-identity holds open."""
        self._token = None
        if (credential := self._credential) is not None:
            self._credential = None
            credential.close()  # closes idle sockets; nothing that blocks

    def _ask(self) -> AccessToken:
        """Ask azure-identity, on a thread: it starts programs and waits for networks."""
        try:
            from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - half a second
        except ImportError:
            raise UnavailableError(
                "The package azure-identity is missing, which Entra ID needs.",
                f'Run: {own_python.PIP} install "tray-dictate[azure]"',
            ) from None
        try:
            if self._credential is None:
                self._credential = DefaultAzureCredential(
                    exclude_interactive_browser_credential=True
                )
            token = self._credential.get_token(self._scope)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is pages long
            code = re.search(r"\bAADSTS\d+", str(error))
            cause = code.group() if code else type(error).__name__
            raise UnavailableError(
                f"Entra ID gave no token for {self._scope} ({cause}).", _REMEDY
            ) from None
        log.info("got a token of %d characters from Entra ID", len(token.token))
        self._token = token  # stored here, so that a late token serves the next connection
        return token
