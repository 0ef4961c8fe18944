"""Detects speech with the 16 kHz network of Silero VAD, computed by numpy.

The network is so small that numpy computes a hop in a fraction of a millisecond. onnxruntime would
need 45 MB for it: a daemon whose speech goes to a server has no other use for that. The weights
are shared; the state of a detector belongs to one session.

The weights come from an ONNX file, which is protobuf: each field is a key (its number and wire
type) and a value. Only the tensors of 32-bit floats are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.models import HOP, Samples
from tray_dictate.engine.sound_buffer import level

Weights = NDArray[np.float32]

_GRAPH, _INITIALIZER = 7, 5  # ModelProto.graph, GraphProto.initializer
_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9  # of TensorProto
_FLOAT = 1  # TensorProto.DataType
_VARINT, _SIZED = 0, 2  # wire types
_FIXED = {1: 8, 5: 4}  # bytes of the others


def weights(model: bytes) -> dict[str, Weights]:
    """Return the tensors of an ONNX file by name. Raises ValueError for other files."""
    try:
        tensors = [_tensor(tensor) for tensor in _each(model, _GRAPH, _INITIALIZER)]
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it breaks off, or is no ONNX file") from error
    return {name: numbers for name, numbers in tensors if numbers is not None}


def _tensor(tensor: memoryview) -> tuple[str, Weights | None]:
    name, shape, number_type, raw = "", list[int](), 0, b""
    for field, value in _fields(tensor):
        match field, value:
            case (n, int(length)) if n == _DIMS:
                shape.append(length)
            case (n, int(number)) if n == _TYPE:
                number_type = number
            case (n, memoryview()) if n == _NAME:
                name = bytes(value).decode()
            case (n, memoryview()) if n == _RAW:
                raw = value
            case _:
                pass
    return name, np.frombuffer(raw, "<f4").reshape(shape).copy() if number_type == _FLOAT else None


def _each(message: bytes | memoryview, *path: int) -> Iterator[memoryview]:
    """Yield the messages at a path of field numbers."""
    for field, value in _fields(memoryview(message)):
        if field == path[0] and isinstance(value, memoryview):
            if path[1:]:
                yield from _each(value, *path[1:])
            else:
                yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire_type = key & 7
        if wire_type == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if wire_type == _SIZED:
            size, at = _varint(message, at)
        elif wire_type in _FIXED:
            size = _FIXED[wire_type]
        else:
            raise ValueError(f"it has a field of wire type {wire_type}")
        if at + size > len(message):
            raise ValueError("it breaks off")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number of seven bits per byte, the lowest first, and its end."""
    value = shift = 0
    while (byte := message[at]) & 128:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
    return value | byte << shift, at + 1


_CONTEXT = 64  # samples of the hop before that the model needs again
_WINDOW, _STEP = 256, 128  # samples of a spectrum, and from one to the next
_BINS = _WINDOW // 2 + 1
_STRIDES = 1, 2, 2, 1  # of the four convolutions, each over three places
_MEMORY = 128  # numbers of the LSTM's state, twice
_LOUD = 0.08  # RMS to which speech is amplified (-22 dBFS)
_QUIET = 0.002  # RMS below which the gain does not grow: 40 times at most
_FALL = 0.998  # per hop: the gain forgets a loud sound in about 20 s


class Silero:
    """The loaded weights: a DetectorModel."""

    def __init__(self, folder: Path) -> None:
        """Raises UnavailableError."""
        path = folder / "silero_vad_16k_op15.onnx"
        try:
            found = weights(path.read_bytes())
        except (OSError, ValueError) as error:
            raise UnavailableError(
                f"The voice detector cannot load {path.name}: {error}."
            ) from error
        layers = "model.encoder.{}.reparam_conv.{}".format
        self.spectrum = np.ascontiguousarray(found["model.stft.forward_basis_buffer"][:, 0].T)
        self.layers = [
            (_flat(found[layers(number, "weight")]), found[layers(number, "bias")], stride)
            for number, stride in enumerate(_STRIDES)
        ]
        inward, again = (found[f"model.decoder.rnn.weight_{part}"] for part in ("ih", "hh"))
        self.memory = np.ascontiguousarray(np.concatenate([inward, again], axis=1).T)
        self.memory_bias = found["model.decoder.rnn.bias_ih"] + found["model.decoder.rnn.bias_hh"]
        self.verdict = found["model.decoder.decoder.2.weight"][0, :, 0]
        self.verdict_bias = found["model.decoder.decoder.2.bias"][0]

    def detector(self) -> SileroDetector:
        """Return a detector for a new session."""
        return SileroDetector(self)


class SileroDetector:
    """Detects speech in one session's sound."""

    def __init__(self, model: Silero) -> None:
        self._model = model
        self._output = np.zeros(_MEMORY, np.float32)
        self._cell = np.zeros(_MEMORY, np.float32)
        self._heard = np.zeros((1, _CONTEXT + HOP), np.float32)
        self._peak = _QUIET

    def hear(self, hop: Samples) -> float:
        """Return the probability that the hop is speech; only the last hop may be shorter."""
        self._heard[0, :_CONTEXT] = self._heard[0, HOP:]
        self._heard[0, _CONTEXT:] = 0
        self._heard[0, _CONTEXT : _CONTEXT + len(hop)] = self._louder(hop)
        return self._remember(self._features(self._heard[0]))

    def _features(self, sound: Samples) -> Weights:
        """Return the features of a hop, with the end of the hop before as context."""
        mirrored = np.concatenate([sound, sound[-2 : -2 - _CONTEXT : -1]])
        frames = np.lib.stride_tricks.sliding_window_view(mirrored, _WINDOW)[::_STEP]
        waves = frames @ self._model.spectrum
        features = np.hypot(waves[:, :_BINS], waves[:, _BINS:])
        for matrix, bias, stride in self._model.layers:
            features = np.maximum(_three(features, stride) @ matrix + bias, 0)
        return features[0]

    def _remember(self, features: Weights) -> float:
        """Take one step of the LSTM; return the verdict."""
        model = self._model
        gates = np.concatenate([features, self._output]) @ model.memory + model.memory_bias
        new = np.tanh(gates[2 * _MEMORY : 3 * _MEMORY])
        take, keep, _, show = _sigmoid(gates).reshape(4, _MEMORY)
        self._cell = keep * self._cell + take * new
        self._output = show * np.tanh(self._cell)
        heard = np.maximum(self._output, 0) @ model.verdict + model.verdict_bias
        return float(_sigmoid(heard))

    def _louder(self, hop: Samples) -> Samples:
        # Low volume disturbs the detector, not the speech model: only the detector gets the gain.
        self._peak = max(self._peak * _FALL, level(hop), _QUIET)
        return np.clip(hop * max(1.0, _LOUD / self._peak), -1, 1)


def _three(features: Weights, stride: int) -> Weights:
    """Return each row with its two neighbours, zeros beyond the ends."""
    padded = np.pad(features, ((1, 1), (0, 0)))
    count = len(features)
    return np.concatenate([padded[at : at + count] for at in range(3)], axis=1)[::stride]


def _flat(weights: Weights) -> Weights:
    """Return the weights of a convolution of three as a matrix for what `_three` returns."""
    return np.ascontiguousarray(weights.transpose(2, 1, 0).reshape(-1, len(weights)))


def _sigmoid(values: Any) -> Any:
    return 0.5 + 0.5 * np.tanh(0.5 * values)  # exp() would overflow
