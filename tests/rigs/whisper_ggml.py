"""Writes whisper.cpp's file of a whisper model from CTranslate2's, its matrices as Q8_0.

CTranslate2's model.bin (version 6): names, shapes and numbers of tensors, and aliases after them.
whisper.cpp's file: eleven sizes and the type, the filters of the spectrum, the tokens, and the
tensors. Q8_0: blocks of 32 numbers, a 16-bit float as the scale and 32 signed bytes.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[Any]

_MAGIC = 0x67676D6C  # "ggml"
_F32, _F16, _Q8_0 = 0, 1, 8  # types of tensors
_Q8_0_FILE = 7  # the type of a file
_TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}  # of CTranslate2
_BLOCK = 32

_RATE, _WINDOW, _MELS = 16000, 400, 80


def convert(folder: Path, out: Path) -> None:
    """Write the model of a folder (model.bin, tokenizer.json) to a file."""
    with (folder / "model.bin").open("rb") as file:
        weights = dict(_tensors(file))
    tokens = _tokens(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")))
    part = out.with_suffix(".part")
    with part.open("wb") as file:
        file.write(_head(weights))
        file.write(_filters())
        file.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            file.write(struct.pack("<i", len(token)) + token)
        for name, tensor in _renamed(weights):
            file.write(_packed(name, tensor))
    part.replace(out)


def _tensors(file: BufferedIOBase) -> Iterator[tuple[str, Tensor]]:
    def number(form: str) -> int:
        return struct.unpack(form, file.read(struct.calcsize(form)))[0]

    def name() -> str:
        return file.read(number("<H"))[:-1].decode()

    version = number("<I")
    assert version == 6, f"a CTranslate2 file of version {version}"
    name()  # of the kind of model
    number("<I")  # its revision
    for _ in range(number("<I")):
        key = name()
        shape = [number("<I") for _ in range(number("<B"))]
        form = _TYPES[number("<B")]
        yield key, np.frombuffer(file.read(number("<I")), form).reshape(shape)


def _tokens(tokenizer: dict[str, Any]) -> list[bytes]:
    """Return the spelling of each ordinary token; those after them have no spelling."""
    end = next(
        token["id"] for token in tokenizer["added_tokens"] if token["content"] == "<|endoftext|>"
    )
    characters = _byte_of_character()
    spelt = sorted((number, text) for text, number in tokenizer["model"]["vocab"].items())
    found = [bytes(characters[c] for c in text) for number, text in spelt if number < end]
    assert len(found) == end
    return found


def _byte_of_character() -> dict[str, int]:
    """Return the bytes that the characters of the vocabulary stand for.

    A printable character of Latin-1 stands for itself; the other bytes have those from U+0100 on.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + place): byte for place, byte in enumerate(others)
    }


def _layers(weights: dict[str, Tensor], side: str) -> int:
    return len({key.split("/")[1] for key in weights if key.startswith(f"{side}/layer_")} -
               {"layer_norm"})  # fmt: skip


def _head(weights: dict[str, Tensor]) -> bytes:
    vocabulary, decoder = weights["decoder/embeddings/weight"].shape
    return struct.pack(
        "<12i",
        _MAGIC, vocabulary,
        len(weights["encoder/position_encodings/encodings"]),
        len(weights["encoder/conv1/bias"]),
        int(weights["encoder/num_heads"]), _layers(weights, "encoder"),
        len(weights["decoder/position_encodings/encodings"]), decoder,
        int(weights["decoder/num_heads"]), _layers(weights, "decoder"),
        _MELS, _Q8_0_FILE,
    )  # fmt: skip


def _filters() -> bytes:
    """Return the triangles that sum a spectrum up into bands of equal width in mel, by Slaney.

    That scale is linear up to 1000 Hz and logarithmic from there on; each triangle has the same
    area.
    """
    step, turn = 200 / 3, 1000.0  # Hz in a mel, and where the logarithm begins
    growth = math.log(6.4) / 27

    def hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        above = turn * np.exp(growth * (mel - turn / step))
        return np.where(mel < turn / step, mel * step, above)

    highest = turn / step + math.log(_RATE / 2 / turn) / growth
    edges = hertz(np.linspace(0, highest, _MELS + 2))
    heard = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    low, middle, high = (edges[at : at + _MELS, None] for at in range(3))
    rise, fall = (heard - low) / (middle - low), (high - heard) / (high - middle)
    triangles = np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low)
    return struct.pack("<2i", *triangles.shape) + triangles.astype("<f4").tobytes()


def _renamed(weights: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors under whisper.cpp's names."""
    positions = "position_encodings/encodings"
    yield "encoder.positional_embedding", weights[f"encoder/{positions}"]
    for name in ("conv1", "conv2"):
        yield f"encoder.{name}.weight", weights[f"encoder/{name}/weight"]
        yield f"encoder.{name}.bias", weights[f"encoder/{name}/bias"][:, None]
    for layer in range(_layers(weights, "encoder")):
        yield from _block(weights, "encoder", layer)
    yield from _norm(weights, "encoder.ln_post", "encoder/layer_norm")
    yield "decoder.token_embedding.weight", weights["decoder/embeddings/weight"]
    yield "decoder.positional_embedding", weights[f"decoder/{positions}"]
    for layer in range(_layers(weights, "decoder")):
        yield from _block(weights, "decoder", layer)
    yield from _norm(weights, "decoder.ln", "decoder/layer_norm")


def _block(weights: dict[str, Tensor], side: str, layer: int) -> Iterator[tuple[str, Tensor]]:
    name, path = f"{side}.blocks.{layer}", f"{side}/layer_{layer}"
    yield from _norm(weights, f"{name}.attn_ln", f"{path}/self_attention/layer_norm")
    yield from _joined(weights, f"{path}/self_attention/linear_0", f"{name}.attn",
                       ["query", "key", "value"])  # fmt: skip
    yield from _linear(weights, f"{name}.attn.out", f"{path}/self_attention/linear_1")
    if side == "decoder":
        yield from _norm(weights, f"{name}.cross_attn_ln", f"{path}/attention/layer_norm")
        yield from _linear(weights, f"{name}.cross_attn.query", f"{path}/attention/linear_0")
        yield from _joined(weights, f"{path}/attention/linear_1", f"{name}.cross_attn",
                           ["key", "value"])  # fmt: skip
        yield from _linear(weights, f"{name}.cross_attn.out", f"{path}/attention/linear_2")
    yield from _norm(weights, f"{name}.mlp_ln", f"{path}/ffn/layer_norm")
    yield from _linear(weights, f"{name}.mlp.0", f"{path}/ffn/linear_0")
    yield from _linear(weights, f"{name}.mlp.2", f"{path}/ffn/linear_1")


def _norm(weights: dict[str, Tensor], name: str, path: str) -> Iterator[tuple[str, Tensor]]:
    yield f"{name}.weight", weights[f"{path}/gamma"]
    yield f"{name}.bias", weights[f"{path}/beta"]


def _linear(weights: dict[str, Tensor], name: str, path: str) -> Iterator[tuple[str, Tensor]]:
    yield f"{name}.weight", weights[f"{path}/weight"]
    yield f"{name}.bias", weights[f"{path}/bias"]


def _joined(
    weights: dict[str, Tensor], path: str, name: str, parts: list[str]
) -> Iterator[tuple[str, Tensor]]:
    """Yield the layers that CTranslate2 has in one; a key has no bias."""
    each = zip(
        parts,
        np.split(weights[f"{path}/weight"], len(parts)),
        np.split(weights[f"{path}/bias"], len(parts)),
        strict=True,
    )
    for part, weight, bias in each:
        yield f"{name}.{part}.weight", weight
        if part != "key":
            yield f"{name}.{part}.bias", bias


def _packed(name: str, tensor: Tensor) -> bytes:
    plain = tensor.ndim < 2 or "positional" in name or name.endswith(".bias")
    if not plain and tensor.ndim == 2 and tensor.shape[1] % _BLOCK == 0:
        form, numbers = _Q8_0, _quantised(tensor)
    elif plain:
        form, numbers = _F32, np.ascontiguousarray(tensor, "<f4").tobytes()
    else:
        form, numbers = _F16, np.ascontiguousarray(tensor, "<f2").tobytes()
    shape = struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape))
    return struct.pack("<3i", tensor.ndim, len(name), form) + shape + name.encode() + numbers


def _quantised(tensor: Tensor) -> bytes:
    blocks = tensor.astype("<f4").reshape(-1, _BLOCK)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / 127
    packed = np.empty(len(blocks), [("scale", "<f2"), ("numbers", "i1", _BLOCK)])
    packed["scale"] = scale[:, 0]
    packed["numbers"] = np.rint(
        np.divide(blocks, scale, where=scale > 0, out=np.zeros_like(blocks))
    )
    return packed.tobytes()
