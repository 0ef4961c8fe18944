"""Decodes sound to tokens to text with a model of the Moonshine family: greedily, with drafts.

A growing segment is decoded again and again. Each hypothesis is the draft of the next one: the
decoder checks all of it in a single pass, and continues from the first token that it would not have
chosen itself. The result is the same as without a draft, in a fraction of the steps. The draft of
a better model is checked with tolerance, so that its words remain where they are as good as right.

Tiny and base of every language have the same tokens; how wide a model is, its graph says.

Importing this module imports onnxruntime, which takes 0.2 s: do it on a thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine import model_files
from tray_dictate.engine.models import Cancel, Decoded, Detector, Samples, Segmentation, Tokens
from tray_dictate.engine.offline.bias import Bias, BiasWalk
from tray_dictate.engine.offline.onnx import Array, Cancellation, CancelledRunError, Model
from tray_dictate.engine.offline.tokens import SPACE, SPECIAL, TokenEncoder
from tray_dictate.engine.sound_buffer import quietest
from tray_dictate.engine.vad import Silero
from tray_dictate.system.memory import trim

RATE = 16000  # samples per second

_START, _END = 1, 2
ENGLISH_PACE = 6.5  # tokens per second: no speaker is faster; more means that the model loops
_ANY_PACE = 13.0  # of a language whose words have more tokens
_SHORTEST = RATE // 4  # samples; less is too short for the encoder's convolutions
_REACH = 8  # tokens of the draft that are searched for the place after a mismatch
_WORTH = 4  # tokens of a draft that are worth a pass
_DIVISIBLE = 2 * RATE  # samples; where a model loops or is mute, it gets halves of longer sound
_QUIETEST = RATE // 10  # samples that are quiet together, where it is divided


class Moonshine:
    """The loaded model."""

    def __init__(self, folder: Path, pace: float = _ANY_PACE, words: Sequence[str] = ()) -> None:
        """`pace` is the most tokens per second that are spoken, `words` are the user's terms.

        Raises UnavailableError.
        """
        self._encoder = Model(_file(folder, "encoder_model"))
        self._decoder = Model(_file(folder, "decoder_model_merged"))
        self._vocabulary = _vocabulary(_tokenizer(folder).read_bytes())
        self._pace, self._bias = pace, Bias(words, TokenEncoder(self._vocabulary))

    def decode(
        self,
        samples: Samples,
        draft: Tokens = (),
        cancel: Cancellation | None = None,
        tolerance: float = 0.0,
    ) -> Decoded:
        """Return what is spoken in the samples (at RATE).

        A `tolerance` is for the draft of a better model that has not heard all of the sound: its
        tokens remain if they are at most that much less likely, in nats, than this model's own.
        Of its last word, which may be cut off, only what this model would write itself remains.
        Raises EngineError.
        """
        limit = _limit(samples, self._pace)
        search = _Search(self._decoder, self._bias.walk(), limit, draft, cancel)
        if tolerance:
            search.trust(tolerance, len(draft) - self._last_word(draft))
        try:
            search.run(_encoded(self._encoder, samples, cancel))
        except CancelledRunError:
            return self._decoded(search.known, cancelled=True)
        # base was seen to write nothing at all for 9 s of speech with half a second of quiet around
        if (search.endless or not search.found) and len(samples) > _DIVISIBLE:
            return self._divided(samples, cancel)
        return self._decoded(tuple(search.found))

    def _divided(self, samples: Samples, cancel: Cancellation | None) -> Decoded:
        """Decode two halves one after the other: in the whole the model has lost its place."""
        cut = quietest(samples, _QUIETEST)
        first, second = (
            self.decode(samples[:cut], (), cancel),
            self.decode(samples[cut:], (), cancel),
        )
        return self._decoded(
            first.tokens + second.tokens, cancelled=first.cancelled or second.cancelled
        )

    def _decoded(self, tokens: Tokens, *, cancelled: bool = False) -> Decoded:
        spelt = b"".join(self._vocabulary[token] for token in tokens if token >= SPECIAL)
        text = spelt.decode("utf-8", "ignore").replace(SPACE, " ").strip()
        return Decoded(text, tokens, cancelled)

    def _last_word(self, tokens: Tokens) -> int:
        """Return the number of the tokens of the last word and of what follows it."""
        space = SPACE.encode()
        begins = (self._vocabulary[token].startswith(space) for token in reversed(tokens))
        return next((count for count, begin in enumerate(begins, 1) if begin), len(tokens))

    def close(self) -> None:
        """Free the networks: they do not run any more."""
        self._encoder.close()
        self._decoder.close()

    def shrink(self) -> None:
        """Free the memory that long sounds needed."""
        silence = np.zeros(_SHORTEST, np.float32)
        self._encoder.shrink(_sound(self._encoder, silence))
        sound = _encoded(self._encoder, silence, None)
        feeds = sound | _step([_START], cached=False) | _nothing(self._decoder)
        self._decoder.shrink(_wanted(self._decoder, feeds))


class _Search:
    """One greedy pass over one sound."""

    def __init__(
        self,
        decoder: Model,
        walk: BiasWalk,
        limit: int,
        draft: Tokens,
        cancel: Cancellation | None,
    ) -> None:
        self.found: list[int] = []  # certain
        self.endless = False  # at the limit the model had more to say
        self._draft = list(draft[:limit])  # to be verified
        self._limit, self._decoder, self._cancel = limit, decoder, cancel
        self._walk = walk  # along the certain tokens
        self._tolerance, self._doubtful = 0.0, 0
        self._past: dict[str, Array] = {}

    def trust(self, tolerance: float, tokens: int) -> None:
        """Let the first `tokens` of the draft be that much less likely than the best, in nats."""
        self._tolerance, self._doubtful = tolerance, max(0, len(self._draft) - tokens)

    @property
    def known(self) -> Tokens:
        """The certain tokens, and the rest of the draft."""
        return (*self.found, *self._draft)

    def run(self, sound: dict[str, Array]) -> None:
        token = self._verify(sound)
        while token != _END and len(self.found) < self._limit:
            self._accept(token)
            token = self._verify(sound) if self._realigned() else self._next(sound, token)
        self.endless = token != _END

    def _verify(self, sound: dict[str, Array]) -> int:
        """Accept the correct part of the draft; return the token after it."""
        first = len(self.found)
        ids = [_START, *self.found, *self._draft]
        feeds = _wanted(self._decoder, sound | _step(ids, cached=False) | _nothing(self._decoder))
        logits, *present = self._decoder.run(
            ["logits", *_present(self._decoder.inputs)], feeds, self._cancel
        )
        scores = self._walk.raised(logits[0, first])
        held = 0
        while held < len(self._draft) and self._holds(held, scores):
            self._accept(self._draft[held])
            held += 1
            scores = self._walk.raised(logits[0, first + held])
        self._draft = self._draft[held:]
        self._past = {
            name: value[:, :, : len(self.found) + 1] if ".decoder." in name else value
            for name, value in zip(_past(self._decoder.inputs), present, strict=True)
        }
        return int(scores.argmax())

    def _accept(self, token: int) -> None:
        self.found.append(token)
        self._walk.follow(token)

    def _holds(self, at: int, scores: Array) -> bool:
        """Whether a token of the draft is good enough, going by the scores at its place."""
        token, best = self._draft[at], scores.argmax()
        tolerated = at < len(self._draft) - self._doubtful
        return token == best or (tolerated and scores[best] - scores[token] <= self._tolerance)

    def _next(self, sound: dict[str, Array], token: int) -> int:
        """Return the token after this one."""
        own = [name for name in self._past if ".decoder." in name]
        feeds = _wanted(self._decoder, sound | _step([token], cached=True) | self._past)
        logits, *present = self._decoder.run(["logits", *_present(own)], feeds, self._cancel)
        self._past.update(zip(own, present, strict=True))
        return int(self._walk.raised(logits[0, -1]).argmax())

    def _realigned(self) -> bool:
        """Whether the draft matches again after the mismatch; if so, cut it to the rest."""
        if len(self._draft) <= _WORTH or len(self.found) < 2:
            return False
        for at in range(1, min(len(self._draft) - _WORTH, _REACH)):
            if self._draft[at - 1 : at + 1] == self.found[-2:]:
                self._draft = self._draft[at + 1 : at + 1 + self._limit - len(self.found)]
                return True
        return False


def _file(folder: Path, name: str) -> Path:
    """Return the path of a graph. Raises UnavailableError."""
    for path in (folder / f"{name}.ort", folder / f"{name}.onnx"):
        if path.exists():
            return path
    raise UnavailableError(
        f"{folder} has neither {name}.ort nor {name}.onnx.",
        "Set engine.local_model to a folder with both parts of a Moonshine model, or to the ID "
        "of a model in the catalogue.",
    )


def _tokenizer(folder: Path) -> Path:
    """Return the path of the tokens' spelling, which most folders leave out: it never differs."""
    own = folder / "tokenizer.bin"
    return own if own.exists() else model_files.find(model_files.MOONSHINE) / own.name


def _limit(samples: Samples, pace: float) -> int:
    return math.ceil(max(len(samples), _SHORTEST) / RATE * pace)


def _encoded(encoder: Model, samples: Samples, cancel: Cancellation | None) -> dict[str, Array]:
    if len(samples) < _SHORTEST:
        samples = np.pad(samples, (0, _SHORTEST - len(samples)))
    (hidden,) = encoder.run(None, _sound(encoder, samples), cancel)
    every = np.ones((1, len(samples)), np.int64)
    return {"encoder_hidden_states": hidden, "encoder_attention_mask": every}


def _sound(encoder: Model, samples: Samples) -> dict[str, Array]:
    every = np.ones((1, len(samples)), np.int64)
    return _wanted(encoder, {"input_values": samples[None], "attention_mask": every})


def _wanted(model: Model, feeds: dict[str, Array]) -> dict[str, Array]:
    """Return the feeds that the model has inputs for: some have no masks."""
    return {name: value for name, value in feeds.items() if name in model.inputs}


def _step(ids: list[int], *, cached: bool) -> dict[str, Array]:
    return {"input_ids": np.array([ids], np.int64), "use_cache_branch": np.array([cached])}


def _past(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("past_key_values")]


def _present(names: Iterable[str]) -> list[str]:
    return [name.replace("past_key_values", "present") for name in _past(names)]


def _nothing(decoder: Model) -> dict[str, Array]:
    """Return the past that the decoder wants for its first step, and ignores."""
    return {
        name: np.zeros(_sized(decoder.inputs[name]), np.float32) for name in _past(decoder.inputs)
    }


def _sized(shape: Sequence[int | str | None]) -> list[int]:
    """Return a shape with 1 for each size that varies."""
    return [size if isinstance(size, int) else 1 for size in shape]


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


def tiny_english(words: Sequence[str] = ()) -> Moonshine:
    """Load the model that is built in. Raises UnavailableError."""
    return Moonshine(model_files.find(model_files.MOONSHINE), ENGLISH_PACE, words)


_WIDE = Segmentation(before=0.4, after=0.4)  # fewer errors than with less quiet around speech


class OfflineModels:
    """One model of the Moonshine family and Silero VAD, loaded: Models of the offline engine."""

    def __init__(self, folder: Path | None = None, words: Sequence[str] = ()) -> None:
        """`folder` has the model, None: the built-in tiny English; `words` are the user's terms.

        Raises UnavailableError.
        """
        self._silero = Silero(model_files.find(model_files.SILERO))
        self._moonshine = Moonshine(folder, words=words) if folder else tiny_english(words)
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
        return _WIDE

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

    def close(self) -> None:
        """Free all memory: the models are not used any more."""
        self._moonshine.close()
        trim()
