"""Samples through the backend for GPUs: run by the emulation or a GPU, and compiled for real devices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bitale_backend_c import cache
from bitale_backend_c.build import without_comments
from bitale_backend_cuda import Compiled, compile
from tests.support.cuda.device import any_driver
from tests.support.cuda.nvrtc import ARCHITECTURES, is_here, report
from tests.support.run import PER_FUNCTION, Arrays, graph_of, together
from tests.support.samples import Sample


def emulated(
    samples: Sequence[Sample],
    known: bool,
    optimised: bool,
    arrays: Sequence[Sequence[np.ndarray]] | None = None,
) -> list[Arrays]:
    """The results of each sample, many of them from one function. The text of each also compiles for real devices."""
    results: list[Arrays] = []
    values = arrays or [s.arrays for s in samples]
    driver = any_driver()
    for start in range(0, len(samples), PER_FUNCTION):
        graphs = [graph_of(sample, known) for sample in samples[start : start + PER_FUNCTION]]
        function = compile(together(graphs), driver=driver, optimised=optimised)
        compiles_everywhere(function)
        found = iter(function(*[a for each in values[start : start + PER_FUNCTION] for a in each]))
        results += [[next(found) for _ in g.outputs] for g in graphs]
    return results


def compiles_quietly(function: Compiled, architecture: str) -> None:
    """NVRTC takes the text, and warns of nothing. What it took once stays in the cache."""
    if not function.emitted.kernels or not is_here():
        return
    key = cache.key_of(without_comments(function.source), "without a warning", architecture)
    if cache.find(key) is None:
        found = report(function.source, architecture)
        assert not found.warnings
        cache.store(key, function.source, found.code)


def compiles_everywhere(function: Compiled) -> None:
    """As compiles_quietly, for every architecture."""
    for architecture in ARCHITECTURES:
        compiles_quietly(function, architecture)
