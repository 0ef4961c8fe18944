"""Pure decisions: no I/O, clock, thread or asyncio (tests/test_architecture.py sees to it)."""
