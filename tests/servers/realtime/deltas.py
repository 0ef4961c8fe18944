"""The deltas of a transcript: while audio arrives, after the commit, all at once, or none."""

from __future__ import annotations

from tests.servers.realtime.outs import Options
from tests.servers.realtime.profiles import LIVE, Profile
from tests.servers.realtime.words import TORN

_PIECE = 4  # characters: words are split, as tokens do


class Deltas:
    """What of which item was told already."""

    def __init__(self, profile: Profile, options: Options) -> None:
        self._profile, self._options = profile, options
        self._told: dict[str, str] = {}
        self._listened = 0  # bytes of the buffer whose words were told

    def restart(self) -> None:
        """Begin at the front of the buffer: what was there is gone."""
        self._listened = 0

    def live(self, buffer: bytearray, rate: int, model: str) -> str:
        """Return the words that are complete while audio still arrives, each once."""
        listen = self._options.listen
        if listen is None or self._mode(model) != "live":
            return ""
        rest = bytes(buffer[self._listened :])
        found = listen(rest, rate)
        heard_to = len(rest) // 2  # beyond the last word there is only silence
        if found and found[-1].word == TORN and found[-1].end == heard_to:
            found.pop()  # the rest of it is still to come
            heard_to = found[-1].end if found else 0
        self._listened += 2 * heard_to
        return " ".join(word for word, _ in found)

    def tell(self, item: str, words: str) -> str:
        """Return the words as the next delta of the item."""
        before = self._told.get(item, "")
        delta = f" {words}" if before else words
        self._told[item] = before + delta
        return delta

    def rest(self, item: str, text: str, model: str) -> list[str]:
        """Return what is left to be told when the whole text is known."""
        told, mode = self._told.pop(item, ""), self._mode(model)
        rest = text[len(told) :] if text.startswith(told) else ""
        if mode == "none" or not rest:
            return []
        size = len(rest) if mode == "whole" else _PIECE
        return [rest[at : at + size] for at in range(0, len(rest), size)]

    def _mode(self, model: str) -> str:
        if not self._options.deltas:
            return "none"
        if self._profile.deltas != "model":
            return self._profile.deltas
        kind = self._options.models.kind(model)
        return "live" if kind in LIVE else "whole" if kind == "whisper-1" else "after"
