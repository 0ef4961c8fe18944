from __future__ import annotations

import numpy as np
import pytest

from tray_dictate.engine import model_files
from tray_dictate.engine.vad import weights


def field(number: int, value: int | bytes) -> bytes:
    """Return a field of protobuf, its number and size below 128."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([part | 128 for part in low[:-1]] + low[-1:])


def tensor(name: str, numbers: np.ndarray, kind: int = 1) -> bytes:
    shape = b"".join(field(1, length) for length in numbers.shape)
    return shape + field(2, kind) + field(8, name.encode()) + field(9, numbers.tobytes())


def model(*tensors: bytes) -> bytes:
    graph = b"".join(field(5, each) for each in tensors) + field(2, b"a name")
    return field(1, 8) + field(7, graph) + b"\x0d" + bytes(4) + b"\x09" + bytes(8)


def test_the_tensors_of_floats_are_found_by_name():
    small, large = np.arange(6, dtype="<f4").reshape(2, 3), np.ones((200, 3), "<f4")
    found = weights(
        model(tensor("a", small), tensor("i", np.arange(3), kind=7), tensor("b", large))
    )
    assert list(found) == ["a", "b"]
    assert np.array_equal(found["a"], small)
    assert found["b"].shape == (200, 3)


def test_the_detectors_own_file_is_read():
    path = model_files.find(model_files.SILERO) / "silero_vad_16k_op15.onnx"
    found = weights(path.read_bytes())
    assert found["model.decoder.rnn.weight_hh"].shape == (512, 128)
    assert len(found) == 15


@pytest.mark.parametrize(
    "data",
    [
        model(tensor("a", np.ones(9, "<f4")))[:-30],
        b"\x0b\x00",
        b"\x3a\xff",
        b"\x3a\x04\x2a\x02\x42\x05",
    ],
    ids=["cut off", "a kind that is none", "a size without end", "a tensor that is cut off"],
)
def test_what_is_no_model_is_an_error(data):
    with pytest.raises(ValueError, match="it "):
        weights(data)
