"""Keyless sign-in at Azure: a token of Entra ID in the place of a key, through azure-identity."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import own_python
from tray_dictate.system.blocking import Blocking

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential

_FRESH = 300.0  # seconds: a token that ends sooner is not begun with
_REMEDY = (
    "Sign in with `az login`, and see that your account has the role "
    '"Cognitive Services OpenAI User" on the resource.'
)

log = logging.getLogger(__name__)


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
