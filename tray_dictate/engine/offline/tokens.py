"""Spells text in the tokens of a model of the Moonshine family."""

from __future__ import annotations

from collections.abc import Sequence

from tray_dictate.engine.models import Tokens

SPECIAL = 3  # tokens below are not text
_BYTES = 256  # tokens after those: a byte each, for characters that have no token
SPACE = "\u2581"  # before a token that begins a word


class TokenEncoder:
    """Divides text into tokens as the model does: it joins what makes the lowest token, first."""

    def __init__(self, vocabulary: Sequence[bytes]) -> None:
        """`vocabulary` has the spelling of each token, in UTF-8, a space as "\u2581"."""
        first = SPECIAL + _BYTES
        self._tokens = {spelt: first + at for at, spelt in enumerate(vocabulary[first:])}

    def encode(self, text: str) -> Tokens:
        """Return the tokens of words that follow a space."""
        parts = [char.encode() for char in f" {text}".replace(" ", SPACE)]
        while joint := self._lowest(parts):
            _, at = joint
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(token for part in parts for token in self._of(part))

    def _lowest(self, parts: Sequence[bytes]) -> tuple[int, int] | None:
        """Return the lowest token that two neighbours make, and the place of the first of them."""
        joints = (
            (self._tokens[joined], at)
            for at in range(len(parts) - 1)
            if (joined := parts[at] + parts[at + 1]) in self._tokens
        )
        return min(joints, default=None)

    def _of(self, part: bytes) -> Tokens:
        known = self._tokens.get(part)
        return (known,) if known is not None else tuple(SPECIAL + byte for byte in part)
