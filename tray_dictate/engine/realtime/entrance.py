"""How a server is entered: with the key, or with a short-lived secret where it wants one.

A secret lives for a minute or so and a connection for many takes, so each connection gets a new
one: none is kept, and none expires in our hands. It is never logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from tray_dictate.engine.realtime.protocol.client_secret import Asking, askings, headers, secret
from tray_dictate.engine.realtime.protocol.errors import (
    EphemeralError,
    LostError,
    RefusedError,
    explain_handshake,
)
from tray_dictate.engine.realtime.transport import Connect, Connection, Server
from tray_dictate.system.http_post import PostError, StatusError, post

_OTHERWISE = (400, 404, 405, 410, 500, 501)  # it may be asked in another way

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Entrance:
    """Connects to one server, and remembers that it wants a secret."""

    connect: Connect
    limit: float  # seconds for the secret
    _wants: bool = False

    async def enter(self, server: Server) -> Connection:
        """Connect. Raises LostError, RefusedError."""
        if not self._wants:
            try:
                return await self.connect(server)
            except EphemeralError as refused:
                if not server.dialect.secrets or not server.headers:
                    raise
                log.info("%s wants a secret in the key's place", server.dialect.title)
                return await self._with_secret(server, refused)
        self._wants = False  # should it be refused now, the next time begins with the key
        return await self._with_secret(server)

    async def _with_secret(
        self, server: Server, refused: EphemeralError | None = None
    ) -> Connection:
        value = ""
        for asking in askings(server.dialect, server.settings, server.url):
            if value := await self._ask(server, asking):
                break
        else:
            raise refused or LostError(f"{server.dialect.title} gives no secret for the key.")
        connection = await self.connect(
            replace(server, headers=headers(server.dialect, value), source=server.source)
        )
        self._wants = True
        return connection

    async def _ask(self, server: Server, asking: Asking) -> str:
        """Return a secret, empty where it may be had in another way.

        Raises LostError, RefusedError.
        """
        title = server.dialect.title
        sent = {**server.headers, "Content-Type": "application/json"}
        try:
            answer = await post(asking.url, sent, asking.body, limit=self.limit)
        except StatusError as error:
            if error.status in _OTHERWISE:
                log.info("%s gives no secret there: status %d", title, error.status)
                return ""
            told = explain_handshake(
                server.partner, error.status, error.body, dict(error.headers.items())
            )
            raise told from None
        except TimeoutError:
            raise LostError(f"{title} gave no secret for the key in time.") from None
        except PostError as error:
            raise LostError(f"{title} gave no secret for the key. {error}") from None
        if value := secret(answer):
            return value
        raise RefusedError(f"{title} answers with no secret for the key. Check engine.endpoint.")
