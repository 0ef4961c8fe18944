"""Why a text could not be rewritten."""

from __future__ import annotations

from tray_dictate.core.errors import DictateError


class RewriteError(DictateError):
    """The text stays as it is; `kind` is the same for what need not be told twice."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)
