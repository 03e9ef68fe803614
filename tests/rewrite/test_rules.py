"""Every rule proves itself: both sides are computed on ordinary and special values and compared as it promises."""

from __future__ import annotations

import warnings

import pytest

from bitale_graph import Variable
from bitale_rewrite.rule import Rule
from bitale_rewrite.rules import ALL
from tests.rewrite.expressions import instances, values_for
from tests.rewrite.judge import problems


def fired(rule: Rule) -> list[tuple[Variable, Variable]]:
    """Expressions that the rule replaces, with what it replaces them by."""
    pairs = []
    for x in instances(rule):
        new = rule.apply(x.owner) if x.owner is not None else None
        if new is not None:
            pairs.append((x, new[x.index]))
    return pairs


@pytest.mark.parametrize("rule", ALL, ids=str)
def test_rule_is_true(rule: Rule):
    pairs = fired(rule)
    assert pairs, "the rule never fired: its samples or its condition are wrong"
    for old, new in pairs:
        assert old.type.accepts(new.type), f"{old!r}: {old.type} became {new.type}"
        if rule.preserves == "domain":
            continue
        for values in values_for(old):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wrong = problems(old, new, rule.preserves, values)
            assert not wrong, f"{old!r} -> {new!r} ({old.dtype})\n" + "\n".join(wrong)


def test_names_are_unique():
    names = [rule.name for rule in ALL]
    assert sorted(names) == sorted(set(names))
