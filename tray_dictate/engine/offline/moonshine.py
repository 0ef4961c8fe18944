"""Decodes sound to tokens to text with Moonshine tiny English: greedily, with drafts.

A growing segment is decoded again and again. Each hypothesis is the draft of the next one: the
decoder checks all of it in a single pass, and continues from the first token that it would not have
chosen itself. The result is the same as without a draft, in a fraction of the steps.

Importing this module imports onnxruntime, which takes 0.2 s: do it on a thread.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tray_dictate.engine import model_files
from tray_dictate.engine.models import Cancel, Decoded, Detector, Samples, Segmentation, Tokens
from tray_dictate.engine.offline.onnx import Array, Cancellation, CancelledRunError, Model
from tray_dictate.engine.vad import Silero
from tray_dictate.system.memory import trim

RATE = 16000  # samples per second

_START, _END = 1, 2
_SPECIAL = 3  # tokens below are not text
_HEADS, _WIDTH = 8, 36  # of the decoder's attention
_TOKENS_PER_SECOND = 6.5  # no speaker is faster; more means that the model loops
_SHORTEST = RATE // 4  # samples; less is too short for the encoder's convolutions
_REACH = 8  # tokens of the draft that are searched for the place after a mismatch
_WORTH = 4  # tokens of a draft that are worth a pass


class Moonshine:
    """The loaded model."""

    def __init__(self, folder: Path) -> None:
        self._encoder = Model(folder / "encoder_model.ort")
        self._decoder = Model(folder / "decoder_model_merged.ort")
        self._vocabulary = _vocabulary((folder / "tokenizer.bin").read_bytes())

    def decode(
        self, samples: Samples, draft: Tokens = (), cancel: Cancellation | None = None
    ) -> Decoded:
        """Return what is spoken in the samples (at RATE). Raises EngineError."""
        search = _Search(self._decoder, _limit(samples), draft, cancel)
        try:
            search.run(_encoded(self._encoder, samples, cancel))
        except CancelledRunError:
            return Decoded(self._spelt(search.known), search.known, cancelled=True)
        found = tuple(search.found)
        return Decoded(self._spelt(found), found)

    def _spelt(self, tokens: Tokens) -> str:
        spelt = b"".join(self._vocabulary[token] for token in tokens if token >= _SPECIAL)
        return spelt.decode("utf-8", "ignore").replace("\u2581", " ").strip()

    def shrink(self) -> None:
        """Free the memory that long sounds needed."""
        self._encoder.shrink(_sound(np.zeros(_SHORTEST, np.float32)))
        sound = _encoded(self._encoder, np.zeros(_SHORTEST, np.float32), None)
        self._decoder.shrink(sound | _step([_START], cached=False) | _nothing(self._decoder))


class _Search:
    """One greedy pass over one sound."""

    def __init__(
        self, decoder: Model, limit: int, draft: Tokens, cancel: Cancellation | None
    ) -> None:
        self.found: list[int] = []  # certain
        self._draft = list(draft[:limit])  # to be verified
        self._limit, self._decoder, self._cancel = limit, decoder, cancel
        self._past: dict[str, Array] = {}

    @property
    def known(self) -> Tokens:
        """The certain tokens, and the rest of the draft."""
        return (*self.found, *self._draft)

    def run(self, sound: dict[str, Array]) -> None:
        token = self._verify(sound)
        while token != _END and len(self.found) < self._limit:
            self.found.append(token)
            token = self._verify(sound) if self._realigned() else self._next(sound, token)

    def _verify(self, sound: dict[str, Array]) -> int:
        """Accept the correct part of the draft; return the token after it."""
        first = len(self.found)
        ids = [_START, *self.found, *self._draft]
        feeds = sound | _step(ids, cached=False) | _nothing(self._decoder)
        logits, *present = self._decoder.run(
            ["logits", *_present(self._decoder.inputs)], feeds, self._cancel
        )
        chosen = logits[0, first:].argmax(-1)
        held = 0
        while held < len(self._draft) and chosen[held] == self._draft[held]:
            held += 1
        self.found += self._draft[:held]
        self._draft = self._draft[held:]
        self._past = {
            name: value[:, :, : len(self.found) + 1] if ".decoder." in name else value
            for name, value in zip(_past(self._decoder.inputs), present, strict=True)
        }
        return int(chosen[held])

    def _next(self, sound: dict[str, Array], token: int) -> int:
        """Return the token after this one."""
        own = [name for name in self._past if ".decoder." in name]
        feeds = sound | _step([token], cached=True) | self._past
        logits, *present = self._decoder.run(["logits", *_present(own)], feeds, self._cancel)
        self._past.update(zip(own, present, strict=True))
        return int(logits[0, -1].argmax())

    def _realigned(self) -> bool:
        """Whether the draft matches again after the mismatch; if so, cut it to the rest."""
        if len(self._draft) <= _WORTH or len(self.found) < 2:
            return False
        for at in range(1, min(len(self._draft) - _WORTH, _REACH)):
            if self._draft[at - 1 : at + 1] == self.found[-2:]:
                self._draft = self._draft[at + 1 : at + 1 + self._limit - len(self.found)]
                return True
        return False


def _limit(samples: Samples) -> int:
    return math.ceil(max(len(samples), _SHORTEST) / RATE * _TOKENS_PER_SECOND)


def _encoded(encoder: Model, samples: Samples, cancel: Cancellation | None) -> dict[str, Array]:
    if len(samples) < _SHORTEST:
        samples = np.pad(samples, (0, _SHORTEST - len(samples)))
    feeds = _sound(samples)
    (hidden,) = encoder.run(None, feeds, cancel)
    return {"encoder_hidden_states": hidden, "encoder_attention_mask": feeds["attention_mask"]}


def _sound(samples: Samples) -> dict[str, Array]:
    return {
        "input_values": samples[None],
        "attention_mask": np.ones((1, len(samples)), np.int64),
    }


def _step(ids: list[int], *, cached: bool) -> dict[str, Array]:
    return {"input_ids": np.array([ids], np.int64), "use_cache_branch": np.array([cached])}


def _past(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("past_key_values")]


def _present(names: list[str]) -> list[str]:
    return [name.replace("past_key_values", "present") for name in _past(names)]


def _nothing(decoder: Model) -> dict[str, Array]:
    empty = np.zeros((1, _HEADS, 1, _WIDTH), np.float32)  # the decoder wants it, and ignores it
    return dict.fromkeys(_past(decoder.inputs), empty)


def _vocabulary(data: bytes) -> list[bytes]:
    """Return each token's spelling: a length (one byte, or two from 128 on), then the bytes."""
    spellings: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length = data[at] * 128 + length - 128
            at += 1
        spellings.append(data[at : at + length])
        at += length
    return spellings


class OfflineModels:
    """Moonshine tiny English and Silero VAD, loaded: the Models of the offline engine."""

    def __init__(self) -> None:
        self._silero = Silero(model_files.find(model_files.SILERO))
        self._moonshine = Moonshine(model_files.find(model_files.MOONSHINE))
        self.rest()

    def detector(self) -> Detector:
        """Return a detector for a new session."""
        return self._silero.detector()

    def cancellation(self) -> Cancel:
        """Return an object that can cancel one pass."""
        return Cancellation()

    @property
    def segmentation(self) -> Segmentation:
        """How the speech model wants the sound to be divided."""
        return Segmentation()

    def decode(
        self,
        samples: Samples,
        draft: Tokens,
        cancel: Cancel,
        *,
        urgent: bool,  # noqa: ARG002
    ) -> Decoded:
        """Return what is spoken in the samples. Raises EngineError."""
        assert isinstance(cancel, Cancellation)  # ours, from above
        return self._moonshine.decode(samples, draft, cancel)

    def rest(self) -> None:
        """Free the memory that is needed only while the user dictates."""
        self._moonshine.shrink()
        trim()
