"""How long a take waits for a server."""

from __future__ import annotations

from tray_dictate.engine.realtime.retry_budget import RetryBudget


def test_the_wait_counts_from_its_beginning_and_not_from_its_end():
    budget = RetryBudget(10)
    assert (budget.left, budget.answer_limit) == (10, 5)
    budget.spend(since=100, now=107)
    assert (budget.left, budget.answer_limit) == (3, 3)
    budget.spend(since=108, now=109)
    assert budget.left == 1, "it has not served since"
    budget.spend(since=109, now=200)
    assert budget.left == 0


def test_a_text_restores_it():
    budget = RetryBudget(10)
    budget.spend(since=100, now=107)
    budget.restore()
    assert (budget.left, budget.answer_limit) == (10, 5)
    budget.spend(since=120, now=121)
    assert budget.left == 9
