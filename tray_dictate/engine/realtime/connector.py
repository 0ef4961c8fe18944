"""Connects to a server with the key, or with a short-lived secret if the server wants one.

A secret lives for about a minute and a connection for many takes, so each connection gets a new
secret: none is kept, and none can expire. Secrets are never logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from tray_dictate.engine.realtime.protocol.client_secret import (
    SecretRequest,
    headers,
    secret,
    secret_requests,
)
from tray_dictate.engine.realtime.protocol.errors import (
    EphemeralError,
    LostError,
    RefusedError,
    explain_handshake,
)
from tray_dictate.engine.realtime.transport import Connect, Connection, Server
from tray_dictate.system.network.http_client import HttpError, StatusError
from tray_dictate.system.network.http_post import post

_NOT_HERE = (400, 404, 405, 410, 500, 501)  # another request may succeed

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Connector:
    """Connects to one server, and remembers whether it wants a secret."""

    open: Connect
    limit: float  # seconds for the secret
    _wants: bool = False

    async def connect(self, server: Server) -> Connection:
        """Connect. Raises LostError, RefusedError."""
        if not self._wants:
            try:
                return await self.open(server)
            except EphemeralError as refused:
                if not server.dialect.secrets or not server.headers:
                    raise
                log.info("%s wants a short-lived secret instead of the key", server.dialect.title)
                return await self._with_secret(server, refused)
        self._wants = False  # if the secret is refused, the next attempt begins with the key
        return await self._with_secret(server)

    async def _with_secret(
        self, server: Server, refused: EphemeralError | None = None
    ) -> Connection:
        value = ""
        for request in secret_requests(server.dialect, server.settings, server.url):
            if value := await self._ask(server, request):
                break
        else:
            raise refused or LostError(
                f"{server.dialect.title} gives no short-lived secret for the key."
            )
        connection = await self.open(
            replace(server, headers=headers(server.dialect, value), source=server.source)
        )
        self._wants = True
        return connection

    async def _ask(self, server: Server, request: SecretRequest) -> str:
        """Return a secret, empty if another request may get one.

        Raises LostError, RefusedError.
        """
        title = server.dialect.title
        sent = {**server.headers, "Content-Type": "application/json"}
        try:
            answer = await post(request.url, sent, request.body, limit=self.limit)
        except StatusError as error:
            if error.status in _NOT_HERE:
                log.info("%s issues no secret at this path: status %d", title, error.status)
                return ""
            raise explain_handshake(
                server.partner, error.status, error.body, dict(error.headers.items())
            ) from None
        except TimeoutError:
            raise LostError(f"{title} gave no secret for the key in time.") from None
        except HttpError as error:
            raise LostError(f"{title} gave no secret for the key. {error}") from None
        if value := secret(answer):
            return value
        raise RefusedError(f"{title} answers with no secret for the key. Check engine.endpoint.")
