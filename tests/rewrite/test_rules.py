"""Every rule proves itself: both sides are computed on ordinary and special values and compared as it promises."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from bitale_graph import Op, Variable
from bitale_rewrite.expand import EXPANDING
from bitale_rewrite.rule import Rule, roots_of
from bitale_rewrite.rules import ALL
from tests.rewrite.expressions import instances, values_for
from tests.rewrite.judge import has_routines, problems

RULES = (*ALL, *EXPANDING)

# Values at which a rule is not asked to keep what the left side gives.
NOT_AT = {
    "order of a chain of products": (np.inf, -np.inf),  # infinite terms may cancel to NaN in one order only
    "softmax": (np.inf,),  # one infinite power is NaN, but the others were 0: now all are NaN
    "x - logsumexp(x)": (np.inf,),  # likewise
    "log of a multiple of exponentials": (-np.inf,),  # of a negative multiple: NaN as for finite numbers, not log(-0)
}


def fired(rule: Rule) -> list[tuple[Variable, Variable]]:
    """Expressions that the rule replaces, with what it replaces them by."""
    pairs = []
    for alternatives in instances(rule):
        for x in alternatives:
            applies = x.owner is not None and any(root in rule.roots for root in (*roots_of(x.owner.op), Op))
            new = rule.apply(x.owner) if applies else None
            if new is not None:
                pairs.append((x, new[x.index]))
                break
            assert rule.samples is None, f"the rule does not fire on its sample {x!r}"
    return pairs


def _harmless(values: dict[Variable, np.ndarray]) -> dict[Variable, np.ndarray]:
    """Where all values are positive numbers of moderate size: there a rule of any kind must hold."""
    sizes = {v: np.nan_to_num(np.abs(a)) for v, a in values.items()}
    with np.errstate(invalid="ignore"):  # which ml_dtypes says of NaN
        return {v: np.where((a > 1e-3) & (a < 10), a, 1.5).astype(v.dtype) for v, a in sizes.items()}


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rule_is_true(rule: Rule):
    pairs = fired(rule)
    assert pairs, "the rule never fired: its samples or its condition are wrong"
    for old, new in pairs:
        assert old.type.accepts(new.type), f"{old!r}: {old.type} became {new.type}"
        for values in values_for(old):
            if has_routines(old) and not all((np.isfinite(a) & (a != 0)).all() for a in values.values()):
                continue  # matrices with such elements may have no factors
            if rule.preserves == "domain":
                values = _harmless(values)
            avoided = NOT_AT.get(rule.name, ())
            values = {v: np.where(np.isin(a, avoided), 1, a).astype(v.dtype) for v, a in values.items()}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wrong = problems(old, new, rule.preserves, values, scale=0 if rule.left else 10)
            assert not wrong, f"{old!r} -> {new!r} ({old.dtype})\n" + "\n".join(wrong)


def test_names_are_unique():
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(set(names))
