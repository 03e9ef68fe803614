"""The expression graph of Bitale: types, variables, ops, text and LaTeX, symbolic shapes and the NumPy reference."""

from bitale_graph import functions  # first: operators on variables are spelled with these functions
from bitale_graph.__about__ import __version__
from bitale_graph.extend import elementwise_function
from bitale_graph.graph import Graph, ancestors, leaves, substitute, toposort
from bitale_graph.latex import latex
from bitale_graph.reference import evaluate
from bitale_graph.shapes import shape_of
from bitale_graph.table import RuleTable
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_graph.verify import verify

__all__ = [
    "Apply",
    "Constant",
    "Graph",
    "Op",
    "RuleTable",
    "TensorType",
    "Variable",
    "__version__",
    "ancestors",
    "elementwise_function",
    "evaluate",
    "functions",
    "latex",
    "leaves",
    "shape_of",
    "substitute",
    "tensor_type",
    "toposort",
    "verify",
]
