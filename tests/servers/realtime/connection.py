"""The socket around a session: time, latency, and the faults.

reader ──▶ inbox ──▶ session ──▶ spoilt, shuffled ──▶ outbox ──▶ writer
"""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.servers.realtime import faults as misbehaviour
from tests.servers.realtime.ear import Numbers, Speech
from tests.servers.realtime.faults import Points, Shuffle, is_at
from tests.servers.realtime.outs import Close, Drop, Hear, Out, Send
from tests.servers.realtime.session import Session
from tests.servers.realtime.shapes import Problem, server_problem
from tests.servers.realtime.sockets import Socket

IDLE = 0.05  # seconds after which what is held for reordering is let go


class Connection:
    """One client that was let in."""

    def __init__(self, ws: Socket, session: Session, ear: Numbers | Speech) -> None:
        self._ws, self._session, self._ear = ws, session, ear
        self._faults, self._record = ws.faults, ws.record
        self._points, self._shuffle = Points(), Shuffle(self._faults)
        session.violations = self._record.violations
        self._order = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._in: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()
        self._out: asyncio.Queue[tuple[float, dict[str, Any] | Close]] = asyncio.Queue()
        self._due = 0.0  # nothing is written before what was to be written earlier
        self._deaf = False
        self._flush: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until the connection is over."""
        self._start(self._process())
        self._start(self._write())
        limit = None
        try:
            self._apply(self._session.open())
            if self._ws.fatal:
                self._apply([self._session.error(self._ws.fatal)])
                code = f"invalid_request_error.{self._ws.fatal.code}"
                self._apply([Close(4000, code)])
            if seconds := (self._faults.session_limit or {}).get("seconds"):
                limit = self._loop.call_later(seconds, self._expire)
            async for message in self._ws:
                await self._in.put((self._loop.time() + self._faults.latency, message))
        except ConnectionClosed:
            pass  # how it ended is in the record
        finally:
            for handle in limit, self._flush:
                if handle:
                    handle.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except ConnectionClosed:
                pass  # whatever was left to be said
            except Exception:  # noqa: BLE001 - a fault of this fake must not pass for one of theirs
                self._record.violations.append(f"the fake failed: {traceback.format_exc()}")
                self._ws.reset()

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # in

    async def _process(self) -> None:
        while True:
            due, message = await self._in.get()
            await asyncio.sleep(max(0, due - self._loop.time()))
            if not self._deaf:
                self._receive(message)

    def _receive(self, message: str | bytes) -> None:
        event = _read(message)
        kind = event.get("type")
        if isinstance(kind, str):
            self._record.event(kind)
            if "session" in event:
                self._record.sessions.append(event["session"])
            elif kind == "session.update":
                self._record.sessions.append(event)  # vLLM's
            point = self._points.pass_by(kind)
            if error := self._wrong(point):
                self._queue(error)
            if self._happens(point):
                return
            audio = event.get("audio")
            if isinstance(audio, str) and self._audio(audio):
                return
        self._apply(self._session.receive(message))

    def _audio(self, audio: str) -> bool:
        """Note a piece of sound; true if it was the last that came through."""
        self._record.audio(len(audio) * 3 // 4 - audio[-2:].count("="))
        limit = self._faults.drop_after_bytes
        if limit is None or self._record.audio_bytes < limit:
            return False
        self._record.fired.append("drop_after_bytes")
        self._ws.reset()
        return True

    # out

    def _apply(self, outs: list[Out]) -> None:
        for out in outs:
            match out:
                case Send(event):
                    self._say(event)
                case Hear():
                    self._record.items += 1
                    self._start(self._hear(out))
                case Drop():
                    self._deaf = True
                    self._ws.reset()
                case Close():
                    self._out.put_nowait((self._later(0), out))

    async def _hear(self, item: Hear) -> None:
        await asyncio.sleep(self._faults.work)
        async with self._order:  # only the fault `reorder` reorders
            text = await self._ear.hear(item.pcm, item.rate)
            self._apply(self._session.heard(item.item, text))

    def _say(self, event: dict[str, Any]) -> None:
        session = self._session
        event = misbehaviour.spoilt(event, self._faults, session.items, session.completed)
        if session.profile.checked and (problem := server_problem(event)):
            self._record.violations.append(f"the fake {problem}")
        if not self._shuffle.wants(event):
            self._queue(event)
            return
        for released in self._shuffle.hold(event):
            self._queue(released)
        if self._flush:
            self._flush.cancel()
        self._flush = self._loop.call_later(IDLE, self._let_go)

    def _let_go(self) -> None:
        for event in self._shuffle.release():
            self._queue(event)

    def _queue(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == self._session.updated and self._faults.no_ack:
            self._record.fired.append("no_ack")
            return
        delay = self._faults.ack_delay if kind == self._session.updated else 0
        completed = kind.endswith(("transcription.completed", "transcription.done"))
        twice = self._faults.duplicate and (completed or kind.endswith(".committed"))
        for _ in range(2 if twice else 1):
            self._out.put_nowait((self._later(delay), event))
        if completed:
            self._record.completed.append(time.monotonic())
            self._record.transcripts.append(event.get("transcript", event.get("text")))
            most = (self._faults.session_limit or {}).get("items")
            if most and len(self._record.completed) == most:
                self._expire()

    def _later(self, delay: float) -> float:
        self._due = max(self._due, self._loop.time() + self._faults.latency + delay)
        return self._due

    def _expire(self) -> None:
        self._let_go()
        self._record.fired.append("session_limit")
        if self._faults.azure_opaque_limit:
            error = {"type": "server_error", "message": "The server had an error."}
            self._queue({"type": "error", "event_id": "event_limit", "error": error})
            self._apply([Close(1011, "")])
            return
        problem = Problem("session_expired", f"{misbehaviour.EXPIRED}.")
        self._apply([self._session.error(problem), Close(1001, misbehaviour.EXPIRED)])

    async def _write(self) -> None:
        while True:
            due, out = await self._out.get()
            await asyncio.sleep(max(0, due - self._loop.time()))
            if self._deaf:
                continue
            if isinstance(out, Close):
                await self._ws.close(out.code, out.reason)
                continue
            point = self._points.pass_by(out["type"])
            text = json.dumps(out)
            if is_at(self._faults.drop_inside, point):
                self._record.fired.append("drop_inside")
                self._deaf = True
                await self._ws.half_a_message(text)
                continue
            await self._extras(point)
            if not self._happens(point):
                if out["type"] == self._session.updated:
                    self._session.acked = True
                await self._ws.send(text)

    # faults

    def _happens(self, point: str) -> bool:
        """Do what is to happen at this point; true if nothing comes after it."""
        faults = self._faults
        for name in ("drop_at", "stall_at", "half_open"):
            if is_at(getattr(faults, name), point):
                self._record.fired.append(f"{name} {point}")
                self._deaf = True
                self._ws.muted = True
                if name == "drop_at":
                    self._ws.reset()
                elif name == "half_open":
                    self._ws.transport.pause_reading()
                return True
        if faults.close_at and is_at(faults.close_at[0], point):
            self._record.fired.append(f"close_at {point}")
            self._deaf = True
            self._start(self._ws.close(*faults.close_at[1:]))
            return True
        return False

    def _wrong(self, point: str) -> dict[str, Any] | None:
        """Return the error event that is said here for no reason."""
        error_at = self._faults.error_at
        if not error_at or not is_at(error_at[0], point):
            return None
        self._record.fired.append(f"error_at {point}")
        return {"type": "error", "event_id": "event_fault", "error": error_at[1]}

    async def _extras(self, point: str) -> None:
        faults = self._faults
        if error := self._wrong(point):
            await self._ws.send(json.dumps(error))
        if is_at(faults.malformed_at, point):
            self._record.fired.append(f"malformed_at {point}")
            for garbage in misbehaviour.GARBAGE:
                await self._ws.send(garbage)
        if faults.enormous_at and is_at(faults.enormous_at[0], point):
            self._record.fired.append(f"enormous_at {point}")
            await self._ws.send(misbehaviour.enormous(faults.enormous_at[1]))


def _read(message: str | bytes) -> dict[str, Any]:
    try:
        event = json.loads(message)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
