"""Wraps the part of onnxruntime that the offline engine uses in types.

One thread: two gain nothing on an idle machine and lose a lot on a busy one. Memory comes from an
arena, because a pass without one allocates twice as much for a moment and takes a quarter longer
on 20 s of sound; the arena's memory is freed after the dictation.

Since version 1.32 onnxruntime reports its use to Microsoft, with an identifier of this machine, and
writes files for that into the user's cache, unless ORT_DISABLE_TELEMETRY is set before the import.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from numpy.typing import NDArray

from tray_dictate.core.errors import EngineError, UnavailableError

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

Array = NDArray[Any]

# The library has no types: everything from it passes through these two.
_onnx = cast("Any", import_module("onnxruntime"))
_raised = cast("Any", import_module("onnxruntime.capi.onnxruntime_pybind11_state"))
_FAILURES: tuple[type[Exception], ...] = (
    _raised.Fail, _raised.RuntimeException, _raised.InvalidArgument, _raised.EPFail,
)  # fmt: skip
_BROKEN = (
    *_FAILURES, _raised.InvalidGraph, _raised.InvalidProtobuf, _raised.NotImplemented,
    _raised.NoSuchFile,
)  # fmt: skip


class _Options(Protocol):
    terminate: bool

    def add_run_config_entry(self, key: str, value: str) -> None: ...


class _Node(Protocol):
    name: str
    shape: list[int | str | None]


class _Session(Protocol):
    def get_inputs(self) -> list[_Node]: ...

    def run(
        self, names: list[str] | None, feeds: dict[str, Array], options: _Options | None
    ) -> list[Array]: ...


class CancelledRunError(Exception):
    """The run was cancelled from another thread."""


class Cancellation:
    """Ends runs within milliseconds, from any thread."""

    def __init__(self) -> None:
        self.options: _Options = _onnx.RunOptions()

    def cancel(self) -> None:
        """End the run that uses this object; later ones end at once."""
        self.options.terminate = True

    def hurry(self) -> None:
        """Do nothing: one model has one speed."""

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self.options.terminate


class Model:
    """A loaded network."""

    def __init__(self, path: Path) -> None:
        options = _onnx.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # failures are raised anyway
        try:
            self._session: _Session = _onnx.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except _BROKEN as error:
            raise UnavailableError(
                f"The offline engine cannot load {path.name}: {error}.",
                "Install another version of onnxruntime.",
            ) from error
        # the name and the shape of each; a size that varies is a word or None
        self.inputs = {node.name: node.shape for node in self._session.get_inputs()}

    def run(
        self, outputs: list[str] | None, feeds: dict[str, Array], cancel: Cancellation | None = None
    ) -> list[Array]:
        """Return the outputs (None for all). Raises EngineError, CancelledRunError."""
        if cancel and cancel.cancelled:
            raise CancelledRunError
        try:
            return self._session.run(outputs, feeds, cancel.options if cancel else None)
        except _FAILURES as error:
            if cancel and cancel.cancelled:
                raise CancelledRunError from error
            raise EngineError(f"The speech model failed: {error}.") from error

    def shrink(self, feeds: dict[str, Array]) -> None:
        """Free the memory of earlier runs; onnxruntime does that only at the end of another run."""
        options: _Options = _onnx.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run(None, feeds, options)

    def close(self) -> None:
        """Free the network: it does not run any more."""
        del self._session
