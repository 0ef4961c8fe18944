from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.engine import model_files
from tray_dictate.engine.offline.onnx import Cancellation, CancelledRunError, Model
from tray_dictate.system.memory import trim


@pytest.fixture(scope="module")
def encoder():
    return Model(model_files.find(model_files.MOONSHINE) / "encoder_model.ort")


def sound(seconds):
    samples = np.zeros((1, int(seconds * 16000)), np.float32)
    return {"input_values": samples, "attention_mask": np.ones(samples.shape, np.int64)}


def test_a_model_runs_and_names_its_inputs(encoder):
    (hidden,) = encoder.run(None, sound(1))

    assert hidden.shape[-1] == 288
    assert list(encoder.inputs) == ["input_values", "attention_mask"]


def test_a_run_is_cancelled_from_another_thread_in_its_middle(encoder):
    cancel = Cancellation()
    threading.Timer(0.02, cancel.cancel).start()

    with pytest.raises(CancelledRunError):  # it would end by itself after 0.3 s or more
        encoder.run(None, sound(30), cancel)


def test_a_run_that_is_cancelled_before_does_not_begin(encoder):
    cancel = Cancellation()
    cancel.cancel()

    with pytest.raises(CancelledRunError):
        encoder.run(None, {}, cancel)


def test_the_model_runs_on_after_a_cancelled_run(encoder):
    cancel = Cancellation()
    cancel.cancel()
    with pytest.raises(CancelledRunError):
        encoder.run(None, sound(1), cancel)

    assert encoder.run(None, sound(1), Cancellation())


def test_input_that_does_not_fit_is_an_engine_error(encoder):
    feeds = sound(1) | {"input_values": np.zeros((1, 16000), np.int32)}

    with pytest.raises(EngineError, match="model failed"):
        encoder.run(None, feeds)


def test_sound_too_short_for_the_model_is_an_engine_error(encoder):
    with pytest.raises(EngineError, match="model failed"):
        encoder.run(None, sound(0.002), Cancellation())


def test_a_file_that_is_no_model_makes_it_unavailable(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"this is no model")

    with pytest.raises(UnavailableError, match=r"cannot load broken\.onnx"):
        Model(tmp_path / "broken.onnx")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_for_long_sounds_is_given_back(encoder):
    encoder.shrink(sound(0.1))
    trim()
    before = resident()
    encoder.run(None, sound(30))
    grown = resident() - before
    encoder.shrink(sound(0.1))
    trim()

    assert grown > 40
    assert resident() - before < grown / 4


def resident():
    """Return this process's resident memory in MB."""
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * 4096 / 2**20
