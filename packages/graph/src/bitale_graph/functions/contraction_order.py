"""In which order more than two operands are contracted: the one with the fewest multiplications."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod

from bitale_graph.variable import Variable

UNKNOWN_LENGTH = 128  # what an axis of unknown length counts for when orders are compared
EXHAUSTIVE = 6  # operands up to which every order is tried

Term = tuple[Variable, str]  # an operand and a label for each of its axes
Pairs = list[tuple[int, int]]


def contraction_order(terms: Sequence[Term], result: str) -> Pairs:
    """Pairs of positions i < j to contract one after another; each product goes to the end of the list."""
    lengths: dict[str, int] = {}
    for x, labels in terms:
        for label, n in zip(labels, x.type.shape, strict=True):
            lengths[label] = max(lengths.get(label, 0), UNKNOWN_LENGTH if n is None else n)
    factors = [frozenset(each) for _, each in terms]
    search = _cheapest if len(terms) <= EXHAUSTIVE else _greedy
    return search(factors, frozenset(result), lengths)


def left_to_right(terms: Sequence[Term]) -> Pairs:
    """The order in which the terms are written."""
    count = len(terms)
    return [(0, 1 if k == 0 else count - k - 1) for k in range(count - 1)]


def _cost(labels: frozenset[str], lengths: dict[str, int]) -> int:
    return prod(lengths[label] for label in labels)


def _greedy(terms: list[frozenset[str]], result: frozenset[str], lengths: dict[str, int]) -> Pairs:
    """The pair that is cheapest now, again and again."""
    terms, pairs = list(terms), []
    while len(terms) > 1:
        i, j = min(combinations(range(len(terms)), 2), key=lambda pair: _cost(terms[pair[0]] | terms[pair[1]], lengths))
        pairs.append((i, j))
        second, first = terms.pop(j), terms.pop(i)
        terms.append((first | second) & result.union(*terms))
    return pairs


def _cheapest(terms: list[frozenset[str]], result: frozenset[str], lengths: dict[str, int]) -> Pairs:
    """The best order of all: for every set of operands the cheapest way to split it in two (dynamic programming)."""
    count = len(terms)
    kept = {}
    for group in range(1, 1 << count):
        inside = frozenset().union(*(terms[k] for k in range(count) if group >> k & 1))
        kept[group] = inside & result.union(*(terms[k] for k in range(count) if not group >> k & 1))
    best: dict[int, tuple[int, int]] = {1 << k: (0, 0) for k in range(count)}
    for group in range(1, 1 << count):
        part = (group - 1) & group
        while part:
            rest = group ^ part
            if part > rest:
                cost = best[part][0] + best[rest][0] + _cost(kept[part] | kept[rest], lengths)
                if group not in best or cost < best[group][0]:
                    best[group] = cost, part
            part = (part - 1) & group
    return _as_pairs(best, count)


def _as_pairs(best: dict[int, tuple[int, int]], count: int) -> Pairs:
    """The splits from the whole set down, as pairs of positions from the single operands up."""
    splits, pending = [], [(1 << count) - 1]
    while pending:
        group = pending.pop()
        part = best[group][1]
        if part:
            splits.append((part, group ^ part))
            pending += [part, group ^ part]
    positions, pairs = [1 << k for k in range(count)], []
    for part, rest in reversed(splits):
        i, j = sorted((positions.index(part), positions.index(rest)))
        pairs.append((i, j))
        del positions[j], positions[i]
        positions.append(part | rest)
    return pairs
