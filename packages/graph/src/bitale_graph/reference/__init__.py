"""The NumPy reference: every op's meaning, the oracle of all tests and the evaluator without a compiler."""

import bitale_graph.reference.samplers  # noqa: F401  (adds its formulas, and those of random bits)
from bitale_graph.reference.contraction import CONTRACTION
from bitale_graph.reference.control import CONTROL
from bitale_graph.reference.elementwise import ELEMENTWISE
from bitale_graph.reference.evaluate import conform, evaluate
from bitale_graph.reference.fft import FFT
from bitale_graph.reference.indexing import INDEXING
from bitale_graph.reference.linalg import LINALG
from bitale_graph.reference.movement import MOVEMENT
from bitale_graph.reference.random import RANDOM
from bitale_graph.reference.reduction import REDUCTION

REFERENCE = CONTROL.merged(ELEMENTWISE, MOVEMENT, REDUCTION, CONTRACTION, INDEXING, RANDOM, FFT, LINALG)

__all__ = ["REFERENCE", "conform", "evaluate"]
