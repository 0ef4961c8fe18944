"""How many examples Hypothesis tries of a property."""

from __future__ import annotations

import hypothesis

WHOLE, QUICK = "untimed", "few"  # profiles: of a whole run, and of `test.sh --quick`
_USUAL = 100  # examples, Hypothesis's own number

# how long an example takes says more of the machine than of us
hypothesis.settings.register_profile(WHOLE, deadline=None, max_examples=_USUAL)
hypothesis.settings.register_profile(QUICK, deadline=None, max_examples=_USUAL // 5)


def examples(number: int) -> int:
    """Return how many to try where a whole run tries `number`."""
    return -(-number * hypothesis.settings().max_examples // _USUAL)
