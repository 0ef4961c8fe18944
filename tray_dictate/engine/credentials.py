"""What goes on the handshake so that the server lets us in, and where it comes from.

A key is in a command's answer, in the environment or in the system's keyring, never in the
settings; no message, no log line and no repr shows one, only where it came from and its length.
The variables of a cloud count for that cloud only: a key must not go to another's server.

Keyless sign-in at Azure: a token of Entra ID in the place of a key, through azure-identity.
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
from tray_dictate.config import api_keys as key_program
from tray_dictate.config import api_keys as key_store
from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import key_variables, own_python
from tray_dictate.system.threads import Blocking

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential

log = logging.getLogger(__name__)

_FRESH = 300.0  # seconds: a token that ends sooner is not begun with
_REMEDY = (
    "Sign in with `az login`, and see that your account has the role "
    '"Cognitive Services OpenAI User" on the resource.'
)


class EntraToken:
    """The token for one scope; asked for again when a connection would outlive it.

    It is kept here because azure-identity keeps none that came from `az`, which takes seconds.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._asking = Blocking(self._ask)
        self._credential: DefaultAzureCredential | None = None
        self._token: AccessToken | None = None

    async def get(self, limit: float) -> str:
        """Return a token; `limit` in seconds. Raises UnavailableError."""
        token = self._token
        if token is None or token.expires_on - time.time() < _FRESH:
            try:
                token = await self._asking.answer(limit)
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
        """Run on a thread: it starts programs and waits for networks."""
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
        log.info("a token of %d characters from Entra ID", len(token.token))
        self._token = token  # here, so that one that came too late serves the next connection
        return token


Header = Literal["bearer", "api-key"]

AZURE = ("azure", "azure-preview")
KEYRING = "the keyring"
COMMAND = "engine.key_command"
ENTRA = "Entra ID"
NONE = "none"

_ANY = key_variables.ANY
_VARIABLES = {
    "openai": (_ANY, key_variables.OPENAI),
    **dict.fromkeys(AZURE, (_ANY, *key_variables.AZURE)),
}
_ENDPOINTS = ("AZURE_OPENAI_STT_TTS_ENDPOINT", "AZURE_OPENAI_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes on the handshake; `source` says where it came from."""

    headers: dict[str, str] = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key, empty if there is none, and where it came from."""

    text: str = field(repr=False)
    source: str


class CredentialSource:
    """The credentials of one engine, looked up anew for every connection; of one event loop."""

    def __init__(
        self,
        settings: EngineSettings,
        header: Header,
        *,
        env: Mapping[str, str] = os.environ,
        limit: float = 10.0,
    ) -> None:
        """`limit`: seconds for the command, the keyring and the token, each."""
        self._settings, self._header, self._env, self._limit = settings, header, env, limit
        self._entra = EntraToken(settings.entra_scope)
        self._stored = Blocking(lambda: key_store.read(settings.name))

    async def get(self) -> Credentials:
        """Return them; empty where the server needs none. Raises UnavailableError."""
        settings = self._settings
        if settings.auth == "none" or settings.name == "offline":
            return Credentials({}, NONE)
        if settings.auth == "entra":
            return Credentials({"Authorization": f"Bearer {await self._token()}"}, ENTRA)
        key = await self._key()
        if not key.text:
            return Credentials({}, NONE)
        api_keys.check(key.text, key.source)
        log.info("a key of %d characters from %s", len(key.text), key.source)
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

    async def _key(self) -> Key:
        settings = self._settings
        if settings.key_command:
            return Key(await key_program.ask_program(settings.key_command, self._limit), COMMAND)
        for name in variables(settings.name):
            if text := self._env.get(name, "").strip():
                return Key(text, name)
        try:
            text, trouble = await self._stored.answer(self._limit), ""
        except UnavailableError as error:
            text, trouble = "", error.reason
        except TimeoutError:
            text, trouble = "", f"The keyring did not answer within {self._limit:g} s."
        if text:
            return Key(text, KEYRING)
        if trouble:
            log.info("no key from the keyring: %s", trouble)
        if settings.name in _VARIABLES:  # the others may do without
            raise _missing(settings.name, trouble)
        return Key("", NONE)


def endpoint(settings: EngineSettings, env: Mapping[str, str] = os.environ) -> str:
    """Return the configured server, for Azure else the environment's; empty if none is."""
    if settings.endpoint.strip():
        return settings.endpoint.strip()
    if settings.name in AZURE:
        for name in _ENDPOINTS:
            if text := env.get(name, "").strip():
                return text
    return ""


def unusable(settings: EngineSettings) -> list[str]:
    """Return what in the settings of who we are can never work."""
    if settings.auth != "entra" or settings.name in AZURE:
        return []
    return [f"engine.auth: entra works with {' and '.join(AZURE)} only, not with {settings.name}."]


def variables(engine: str) -> tuple[str, ...]:
    """Return the environment variables that may hold the engine's key, the first one first."""
    return _VARIABLES.get(engine, (_ANY,))


def _missing(engine: str, trouble: str) -> UnavailableError:
    """Return the error for an engine without a key; `trouble` is what ails the keyring."""
    names = variables(engine)
    reason = (
        f"There is no key for {engine}: {', '.join(names[:-1])} and {names[-1]} are not set, "
        f"engine.key_command is empty, and "
    )
    if trouble:
        return UnavailableError(
            f"{reason}the keyring could not be asked. {trouble}",
            f"Set {names[1]} or engine.key_command, or unlock or install a keyring (on Linux "
            "gnome-keyring or KWallet) and run `tray-dictate key set`.",
        )
    return UnavailableError(
        f"{reason}the keyring has none.",
        f"Run `tray-dictate key set`, or set {names[1]} or engine.key_command.",
    )
