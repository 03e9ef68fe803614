"""All workloads, one file per family."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch

from benchmarks.workload import Workload
from benchmarks.workloads import calls, elementwise, indexing, integers, models, networks, random, recurrent, reduction

FAMILIES = (calls, elementwise, integers, reduction, networks, indexing, models, random, recurrent)
PLANNED = (
    *("add1_", "tiny10", "radon", "logreg_train[[]10]", "logistic[[]1e[67]]:f32", "ew15[[]1e[67]]:f32"),
    *("softmax*f32", "logsumexp*f32", "layernorm", "meanvar_ax", "mlp_train[[]60]"),
    *("garch", "ar1", "lstm", "rnn", "newton", "logistic_map", "lognormals", "mlp_", "embed", "gp_", "hvp"),
)
"""What is measured first, for a run whose time is limited."""
PARALLEL = ("1e6", "1e7", "000x", "mlp_", "10000]:f32", "embed_", "gp_", "32x128")
"""What is measured with more than one thread: a million elements or more, and the networks."""
WORKLOADS: dict[str, Workload] = {workload.name: workload for family in FAMILIES for workload in family.WORKLOADS}


def select(patterns: Sequence[str]) -> list[str]:
    """The names that contain, or match as a shell pattern, one of `patterns`; all where there is none."""
    return [name for name in WORKLOADS if not patterns or rank(name, patterns) < len(patterns)]


def planned(names: Sequence[str]) -> list[str]:
    """The names in the order of `PLANNED`; what that does not know comes last."""
    return sorted(names, key=lambda name: rank(name, PLANNED))


def rank(name: str, patterns: Sequence[str]) -> int:
    """The place of the first pattern that the name matches, or their number."""
    found = (k for k, pattern in enumerate(patterns) if pattern in name or fnmatch(name, f"*{pattern}*"))
    return next(found, len(patterns))
