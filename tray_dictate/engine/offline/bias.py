"""Makes the user's names and terms more likely while a model chooses its tokens.

At each step the tokens that continue a term get a bonus, a larger one the further the term has
come. The bonus depends on the tokens so far and on nothing else, so that a draft that is verified
leads to the same text as the search without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tray_dictate.engine.offline.tokens import TokenEncoder

BOOST = 2.0  # nats for the first token of a term; from 4 on, terms appear that nobody said
Scores = NDArray[np.float32]  # of each token, in nats


@dataclass(slots=True)
class _Node:
    """Where some terms have come to; the tokens that go on, and the place that each leads to."""

    depth: int = 1
    following: dict[int, _Node] = field(default_factory=dict["int", "_Node"])

    def add(self, tokens: Iterable[int]) -> None:
        """Add the path of a term."""
        node = self
        for token in tokens:
            node = node.following.setdefault(token, _Node(node.depth + 1))


class Bias:
    """The terms as a tree of tokens."""

    def __init__(self, terms: Iterable[str], encoder: TokenEncoder, boost: float = BOOST) -> None:
        """`boost` is the bonus for the first token of a term, in nats."""
        self._boost, self._root = boost, _Node()
        for term in terms:
            for form in {term, term[:1].upper() + term[1:]}:
                self._root.add(encoder.encode(form))

    def walk(self) -> BiasWalk:
        """Begin at the first token of a text."""
        return BiasWalk(self._root, self._boost)


class BiasWalk:
    """The terms that the tokens of one text may be in the middle of."""

    def __init__(self, root: _Node, boost: float) -> None:
        self._root, self._boost = root, boost
        self._nodes = [root]

    def follow(self, token: int) -> None:
        """Add the next token of the text."""
        self._nodes = [
            self._root,
            *(node.following[token] for node in self._nodes if token in node.following),
        ]

    def raised(self, scores: Scores) -> Scores:
        """Return the scores of the next token with the bonuses of the terms."""
        bonuses = self._bonuses()
        if not bonuses:
            return scores
        raised = scores.copy()
        raised[list(bonuses)] += np.array(list(bonuses.values()), np.float32)
        return raised

    def _bonuses(self) -> Mapping[int, float]:
        """Return the bonus of each token that continues a term; the furthest term counts."""
        bonuses: dict[int, float] = {}
        for node in sorted(self._nodes, key=lambda node: node.depth):
            bonus = self._boost * (1 + math.log(node.depth))
            bonuses |= dict.fromkeys(node.following, bonus)
        return bonuses
