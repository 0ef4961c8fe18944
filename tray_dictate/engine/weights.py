"""The numbers in an ONNX file, without a library that runs it.

ONNX is protobuf: each field is a key (its number and kind) and a value. Of all that the format can
hold, this reads the tensors of 32-bit floats that the graph is given: its weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

_GRAPH, _INITIALIZER = 7, 5  # ModelProto.graph, GraphProto.initializer
_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9  # of TensorProto
_FLOAT = 1  # TensorProto.DataType
_VARINT, _SIZED = 0, 2  # kinds of fields
_FIXED = {1: 8, 5: 4}  # bytes of the others


def weights(model: bytes) -> dict[str, Weights]:
    """Return the tensors by name. Raises ValueError where this is no such file."""
    try:
        tensors = [_tensor(tensor) for tensor in _each(model, _GRAPH, _INITIALIZER)]
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it breaks off, or is no ONNX file") from error
    return {name: numbers for name, numbers in tensors if numbers is not None}


def _tensor(tensor: memoryview) -> tuple[str, Weights | None]:
    name, shape, kind, raw = "", list[int](), 0, b""
    for field, value in _fields(tensor):
        match field, value:
            case (n, int(length)) if n == _DIMS:
                shape.append(length)
            case (n, int(number)) if n == _TYPE:
                kind = number
            case (n, memoryview()) if n == _NAME:
                name = bytes(value).decode()
            case (n, memoryview()) if n == _RAW:
                raw = value
            case _:
                pass
    return name, np.frombuffer(raw, "<f4").reshape(shape).copy() if kind == _FLOAT else None


def _each(message: bytes | memoryview, *path: int) -> Iterator[memoryview]:
    """Yield the messages that the numbers of fields lead to."""
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
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _SIZED:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"it has a field of kind {kind}")
        if at + size > len(message):
            raise ValueError("it breaks off")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while (byte := message[at]) & 128:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
    return value | byte << shift, at + 1
