"""Detects speech with the 16 kHz network of Silero VAD, computed by numpy.

The network is so small that numpy computes a hop in a tenth of a millisecond, faster than
onnxruntime (`python -m tests.bench.detector`), which would need 45 MB: a daemon whose speech goes
to a server has no other use for that. The weights are shared; the state of a detector belongs to
one session.

The weights come from an ONNX file, which is protobuf: each field is a key (its number and wire
type) and a value. Only the tensors of 32-bit floats are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

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
_SOUND = _CONTEXT + HOP
_WINDOW, _STEP = 256, 128  # samples of a spectrum, and from one to the next
_FRAMES = HOP // _STEP  # spectra of a hop
_BINS = _WINDOW // 2 + 1
_MEMORY = 128  # numbers of the LSTM's state, twice
_LOUD = 0.08  # RMS to which speech is amplified (-22 dBFS)
_QUIET = 0.002  # RMS below which the gain does not grow: 40 times at most
_FALL = 0.998  # per hop: the gain forgets a loud sound in about 20 s


class Silero:
    """The loaded weights: a DetectorModel.

    The network: the spectrum of four frames; four convolutions, each over three neighbours, which
    reduce four frames to two and to one; an LSTM; a verdict. Where a neighbour lies beyond the ends
    of the hop it is zero, so the weights for it are left out where that saves work.
    """

    def __init__(self, folder: Path) -> None:
        """Raises UnavailableError."""
        path = folder / "silero_vad_16k_op15.onnx"
        try:
            found = weights(path.read_bytes())
        except (OSError, ValueError) as error:
            raise UnavailableError(
                f"The voice detector cannot load {path.name}: {error}."
            ) from error
        # each wave's cosine and sine side by side: a complex number
        waves = found["model.stft.forward_basis_buffer"][:, 0].reshape(2, _BINS, _WINDOW)
        self.spectrum = np.ascontiguousarray(waves.transpose(2, 1, 0).reshape(_WINDOW, -1))
        self.layers = [
            _Layer(found, number, first, last)
            for number, (first, last) in enumerate(((0, 3), (0, 3), (1, 3), (1, 2)))
        ]
        inward, again = (found[f"model.decoder.rnn.weight_{part}"] for part in ("ih", "hh"))
        memory = np.concatenate([inward, again], axis=1).T
        bias = found["model.decoder.rnn.bias_ih"] + found["model.decoder.rnn.bias_hh"]
        # three gates are sigmoids, one a tanh. sigmoid(x) is 0.5 + 0.5 * tanh(x / 2): so one tanh
        # is enough for all, between a scale (before and after it) and an offset
        self.scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), _MEMORY)
        self.offset = 1 - self.scale
        self.memory = np.ascontiguousarray(memory * self.scale)
        self.memory_bias = bias * self.scale
        self.verdict = np.ascontiguousarray(found["model.decoder.decoder.2.weight"][0, :, 0])
        self.verdict_bias = float(found["model.decoder.decoder.2.bias"][0])

    def detector(self) -> SileroDetector:
        """Return a detector for a new session."""
        return SileroDetector(self)


class _Layer:
    """A convolution over three neighbours as a matrix, from the `first` to before the `last`."""

    def __init__(self, found: dict[str, Weights], number: int, first: int, last: int) -> None:
        name = f"model.encoder.{number}.reparam_conv."
        kernel = found[name + "weight"][:, :, first:last]
        self._matrix = np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, len(kernel)))
        self._bias = found[name + "bias"]

    def run(self, neighbours: Weights, features: Weights) -> None:
        """Compute the features of each row of neighbours."""
        np.matmul(neighbours, self._matrix, out=features)
        features += self._bias
        np.maximum(features, 0, out=features)


class SileroDetector:
    """Detects speech in one session's sound.

    All arrays are made once, and some are views of others: a hop has so little to compute that to
    make its arrays would take longer.
    """

    def __init__(self, model: Silero) -> None:
        self._model = model
        self._peak = _QUIET
        self._sound = _zeros(_SOUND + _CONTEXT)  # the last samples, and their mirror
        self._overlapping = np.lib.stride_tricks.sliding_window_view(self._sound, _WINDOW)[::_STEP]
        self._frames = _zeros(_FRAMES, _WINDOW)
        self._waves = _zeros(_FRAMES, 2 * _BINS)
        self._around_spectra = _zeros(_FRAMES, 3, _BINS)  # a row for each frame: its neighbours
        self._four = _zeros(_FRAMES, _MEMORY)
        self._around_four = _zeros(2, 3, _MEMORY)
        self._two = _zeros(2, _MEMORY // 2)
        self._one = _zeros(_MEMORY // 2)
        self._state = _zeros(2 * _MEMORY)  # the features of the hop, and what the LSTM gave out
        self._gates = _zeros(4 * _MEMORY)
        self._cell, self._product = _zeros(_MEMORY), _zeros(_MEMORY)

    def hear(self, hop: Samples) -> float:
        """Return the probability that the hop is speech; only the last hop may be shorter."""
        self._listen(hop)
        self._find_features()
        return self._remember()

    def _listen(self, hop: Samples) -> None:
        sound = self._sound
        sound[:_CONTEXT] = sound[HOP:_SOUND]
        now = sound[_CONTEXT : _CONTEXT + len(hop)]
        # Low volume disturbs the detector, not the speech model: only the detector gets the gain.
        self._peak = max(self._peak * _FALL, level(hop), _QUIET)
        np.multiply(hop, max(1.0, _LOUD / self._peak), out=now)
        np.maximum(now, -1, out=now)
        np.minimum(now, 1, out=now)
        sound[_CONTEXT + len(hop) : _SOUND] = 0
        sound[_SOUND:] = sound[_SOUND - 2 : HOP - 2 : -1]

    def _find_features(self) -> None:
        """Put the features of the hop into the state."""
        first, second, third, fourth = self._model.layers
        self._frames[:] = self._overlapping
        np.matmul(self._frames, self._model.spectrum, out=self._waves)
        around = self._around_spectra
        np.abs(self._waves.view(np.complex64), out=around[:, 1])
        around[1:, 0], around[:-1, 2] = around[:-1, 1], around[1:, 1]
        first.run(around.reshape(_FRAMES, -1), self._four)
        around = self._around_four
        around[0, 1:], around[1] = self._four[:2], self._four[1:]
        second.run(around.reshape(2, -1), self._two)
        third.run(self._two.reshape(-1), self._one)
        fourth.run(self._one, self._state[:_MEMORY])

    def _remember(self) -> float:
        """Take one step of the LSTM; return the verdict."""
        model, gates, cell = self._model, self._gates, self._cell
        np.matmul(self._state, model.memory, out=gates)
        gates += model.memory_bias
        np.tanh(gates, out=gates)
        take, keep, new, show = gates.reshape(4, _MEMORY)
        gates *= model.scale
        gates += model.offset
        cell *= keep
        cell += np.multiply(take, new, out=self._product)
        output = self._state[_MEMORY:]
        np.tanh(cell, out=output)
        output *= show
        heard = np.maximum(output, 0, out=self._product) @ model.verdict + model.verdict_bias
        return 0.5 + 0.5 * math.tanh(0.5 * heard)  # the sigmoid; exp() would overflow


def _zeros(*shape: int) -> Weights:
    return np.zeros(shape, np.float32)
