"""Nothing is forgotten: every op and every elementwise function has its row in every table."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import bitale_graph.ops
from bitale_autodiff import PULLBACKS
from bitale_autodiff.rules.partials import PARTIALS
from bitale_backend_c.emit.spellings import spell
from bitale_graph.dtypes import INEXACT
from bitale_graph.ops.control import Composite, Procedure, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.ops.indexing import Nonzero
from bitale_graph.ops.movement import Dimension, Iota
from bitale_graph.ops.random import Permutation
from bitale_graph.ops.reduction import ArgReduce
from bitale_graph.reference import REFERENCE
from bitale_graph.reference.elementwise import FORMULAS
from bitale_graph.shapes import SHAPES
from bitale_graph.variable import Op
from bitale_rewrite.loops.nest_rules import NESTS
from bitale_rewrite.loops.prepare import FORMS
from bitale_rewrite.loops.reader import READS
from tests.support.samples import samples, signatures

INTEGER_VALUED = (ArgReduce, Dimension, Iota, Nonzero, Permutation)  # their results have no derivatives
OPENED = (Composite, Procedure, StopGradient)  # or called, before loops are made
LEAVES = (Dimension, Iota)  # loops know them: a size, an index


def ops() -> list[type[Op]]:
    names = [module.name for module in pkgutil.iter_modules(bitale_graph.ops.__path__)]
    modules = [importlib.import_module(f"bitale_graph.ops.{name}") for name in names]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    found = {each for each in found if each.__module__.startswith("bitale_graph.ops.")}
    return sorted((each for each in found if issubclass(each, Op) and each is not Op), key=lambda op: op.__name__)


@pytest.mark.parametrize("op", ops(), ids=lambda op: op.__name__)
class TestOp:
    """What every op needs."""

    def test_reference(self, op):
        assert op in list(REFERENCE)

    def test_shape_rule(self, op):
        assert op in SHAPES or op is Dimension  # whose result is a scalar

    def test_pullback(self, op):
        assert op in list(PULLBACKS) or op in (*INTEGER_VALUED, Composite, Procedure)

    def test_lowering(self, op):
        assert op in list(READS) or op in NESTS or op in FORMS or op in (*LEAVES, *OPENED)

    def test_samples(self, op):
        assert samples(op)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
class TestFunction:
    """What every elementwise function needs."""

    def test_reference(self, function):
        assert function in FORMULAS

    def test_derivative(self, function):
        result = function.resolve(signatures(function)[-1])[1]
        assert function in PARTIALS or result not in INEXACT

    def test_c_spelling_of_every_dtype(self, function):
        assert all(spell(function, dtypes, "abc"[: function.arity]) for dtypes in signatures(function))

    def test_samples(self, function):
        assert len(samples(function)) == len(signatures(function)) > 0


def test_elementwise_ops_have_the_samples_of_their_functions():
    assert {s.op.function for f in FUNCTIONS.values() for s in samples(f) if isinstance(s.op, Elementwise)} == set(
        FUNCTIONS.values()
    )
