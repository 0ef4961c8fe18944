"""Two English models in relay: base writes while the user speaks, tiny ends it at the release.

base makes half as many errors as tiny and needs twice its time. While the key is held there is
time: passes ahead and committed segments are base's. Once the key is up, the user waits. Then tiny
checks base's last draft with tolerance, in one pass, and writes only the end itself: nearly base's
text in tiny's time.

A pass that holds all of a segment is its final one. So base's text stands where the key goes up in
a pause and its pass is over, or so far that tiny would not be sooner. Else it is given up, and tiny
continues with what base has found. The same is true of a committed segment that base is decoding
then; those that still wait are tiny's.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tray_dictate.engine.models import Cancel, Decoded, Samples, Segmentation, Tokens
from tray_dictate.engine.offline.effort import Effort, Wanted
from tray_dictate.engine.offline.moonshine import (
    ENGLISH_PACE,
    RATE,
    Moonshine,
    OfflineModels,
)
from tray_dictate.engine.offline.onnx import Cancellation
from tray_dictate.system.power import on_battery

log = logging.getLogger(__name__)

# nats: where tiny finds base's token at most so much less likely than its own, base is right more
# often; from 4 on, more tolerance gains nothing on recordings that it was not chosen by
_TOLERANCE = 4.0
_TINY = 0.5  # of the time that base needs for a pass, tiny needs


class _BaseDraft(tuple[int, ...]):
    """Tokens that base has found: worth tolerance, unlike tiny's own earlier ones."""

    __slots__ = ()


class _Passage(Cancellation):
    """Cancels a pass of both models, or gives base's part up for tiny's."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Cancellation()
        self.sooner_until = math.inf  # monotonic time; then tiny would not end before base

    def cancel(self) -> None:
        """End the pass, whichever model makes it."""
        super().cancel()
        self.base.cancel()

    def hurry(self) -> None:
        """Let tiny end the pass, if it is sooner done."""
        if time.monotonic() < self.sooner_until:
            self.base.cancel()


class Relay(OfflineModels):
    """tiny and base English, loaded: Models of the offline engine."""

    def __init__(self, base: Path, effort: Wanted, words: Sequence[str] = ()) -> None:
        """`base` is the folder of the larger model; `words` are the user's terms.

        Raises UnavailableError.
        """
        self._base = Moonshine(base, ENGLISH_PACE, words=words)
        self._effort = Effort(effort)
        self._works = self._is_full()  # base, too, as it was asked last, on the worker
        self._cost = 0.0  # seconds per second of sound that base's last pass took
        super().__init__(words=words)

    @property
    def segmentation(self) -> Segmentation:
        """How the sound is to be divided.

        What base has not heard by the release, tiny writes. So base's time goes to what is being
        spoken, not to short pauses, in each of which it would decode the whole segment again.
        """
        usual = super().segmentation
        return replace(usual, step=0.75, share=0.15, pause=0.35) if self._works else usual

    def cancellation(self) -> Cancel:
        """Return an object that can cancel one pass, or have tiny end it."""
        return _Passage()

    def decode(self, samples: Samples, draft: Tokens, cancel: Cancel, *, urgent: bool) -> Decoded:
        """Return what is spoken in the samples. Raises EngineError."""
        assert isinstance(cancel, _Passage)  # ours
        if urgent:
            return self._finish(samples, draft, cancel)
        self._works = self._is_full()
        if not self._works:
            return self._moonshine.decode(samples, draft, cancel)
        sound, started = len(samples) / RATE, time.monotonic()
        cancel.sooner_until = started + self._cost * sound * _TINY
        found = self._base.decode(samples, draft, cancel.base)
        if found.cancelled:
            return self._finish(samples, _by_base(found).tokens, cancel)
        self._count(time.monotonic() - started, sound)
        return _by_base(found)

    def _finish(self, samples: Samples, draft: Tokens, cancel: Cancellation) -> Decoded:
        if not isinstance(draft, _BaseDraft):
            return self._moonshine.decode(samples, draft, cancel)
        # if speech goes on even now, what base found is still in it
        return _by_base(self._moonshine.decode(samples, draft, cancel, _TOLERANCE))

    def _is_full(self) -> bool:
        """Whether base is to work, too. To ask the battery may take a moment: not on the loop."""
        return self._effort.is_full(time.monotonic(), on_battery=on_battery())

    def _count(self, cost: float, sound: float) -> None:
        self._cost = cost / sound
        if self._effort.count(cost, sound, time.monotonic()):
            log.info("the larger model rests: a pass over %.1f s took %.2f s", sound, cost)

    def rest(self) -> None:
        """Free the memory that is needed only while the user dictates."""
        self._base.shrink()
        super().rest()

    def close(self) -> None:
        """Free all memory: the models are not used any more."""
        self._base.close()
        super().close()


def _by_base(found: Decoded) -> Decoded:
    return Decoded(found.text, _BaseDraft(found.tokens), found.cancelled)
