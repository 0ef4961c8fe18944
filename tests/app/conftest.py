"""Daemons on fakes, each stopped after its test."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.daemon_rig import Rig


@pytest.fixture(autouse=True)
def _log_levels() -> Iterator[None]:
    """A setting of a daemon in this process would change the log of every later test."""
    loggers = [logging.getLogger(name) for name in ("", "tray_dictate")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A running daemon with the default settings."""
    async with Rig() as running:
        yield running


@pytest.fixture
async def rig_with() -> AsyncIterator[Callable[..., Awaitable[Rig]]]:
    """Start a daemon with settings such as "output.focus=hold"."""
    async with AsyncExitStack() as rigs:

        async def start(*settings: str) -> Rig:
            return await rigs.enter_async_context(Rig(*settings))

        yield start
