"""Makes blocking calls in order on one thread, and tells when one of them does not return.

A call into a library cannot be ended from outside. The program does not wait for this thread at its
end, as it would for those of a ThreadPoolExecutor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from typing_extensions import override

from tray_dictate.system.lifetime import settle

P = ParamSpec("P")
T = TypeVar("T")


class Worker(Executor):
    """An executor with one daemon thread, started at the first call."""

    def __init__(self, name: str, patience: float) -> None:
        """`name` is the thread's; a call that takes more than `patience` seconds hangs."""
        self._patience = patience
        self._calls = SimpleQueue[Callable[[], None] | None]()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._lock = threading.Lock()
        self._owed = 0  # calls that run, or wait for their turn
        self._over = self._drops = False
        self._began: float | None = None  # when the current call began

    @property
    def hangs(self) -> bool:
        """Whether the current call takes longer than a call may; it may return yet."""
        return self.left <= 0

    @property
    def left(self) -> float:
        """The seconds that the current call may still take; if there is none, the next."""
        began = self._began
        return self._patience - (0.0 if began is None else time.monotonic() - began)

    @property
    def is_busy(self) -> bool:
        """Whether a call runs, or waits for its turn."""
        return self._owed > 0

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make the call after those before it. Raises RuntimeError after `shutdown`."""
        answer: Future[T] = Future()

        def call() -> None:
            if self._drops:
                answer.cancel()
            if answer.set_running_or_notify_cancel():
                settle(answer, lambda: fn(*args, **kwargs))

        with self._lock:
            if self._over:
                raise RuntimeError("the worker was shut down")
            self._owed += 1
            self._calls.put(call)
            if not self._thread.ident:
                self._thread.start()
        return answer

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no further call; wait for those submitted, unless one hangs."""
        with self._lock:
            self._over, self._drops = True, self._drops or cancel_futures
            self._calls.put(None)
        while wait and self._thread.is_alive() and not self.hangs:
            self._thread.join(min(0.1, max(0.0, self.left)))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._began = time.monotonic()
            call()
            del call  # and what it holds, while this waits for the next
            self._began = None
            with self._lock:
                self._owed -= 1
