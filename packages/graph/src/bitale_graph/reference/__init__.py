"""The NumPy reference: every op's meaning, the oracle of all tests and the evaluator without a compiler."""

from bitale_graph.reference.control import CONTROL
from bitale_graph.reference.elementwise import ELEMENTWISE
from bitale_graph.reference.evaluate import conform, evaluate

REFERENCE = CONTROL.merged(ELEMENTWISE)

__all__ = ["REFERENCE", "conform", "evaluate"]
