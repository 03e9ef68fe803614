"""Every structural op: derivatives in both modes and to second order, known and unknown lengths, complex numbers."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

import bitale_graph.ops
from bitale_autodiff import PULLBACKS, check_gradient
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Composite, Procedure
from bitale_graph.ops.indexing import Nonzero
from bitale_graph.ops.movement import Dimension, Iota
from bitale_graph.ops.random import Permutation
from bitale_graph.ops.reduction import ArgReduce
from bitale_graph.routine import Routine
from bitale_graph.variable import Op
from tests.autodiff.samples import ROWS, samples

# Ops whose results are integers, and the one that is differentiated through its body.
WITHOUT_RULE = {ArgReduce, Composite, Dimension, Iota, Nonzero, Permutation, Procedure}
CASES = samples(ROWS)


def all_ops() -> set[type[Op]]:
    names = [module.name for module in pkgutil.iter_modules(bitale_graph.ops.__path__)]
    modules = [importlib.import_module(f"bitale_graph.ops.{name}") for name in names]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    found = {each for each in found if each.__module__.startswith("bitale_graph.ops.")}
    return {each for each in found if issubclass(each, Op) and each is not Op}


def test_every_op_has_a_pullback():
    assert {op for op in all_ops() if op not in list(PULLBACKS)} == WITHOUT_RULE


def test_every_op_with_a_pullback_has_a_sample():
    from bitale_graph.ops.control import Branch, Scan, StopGradient
    from bitale_graph.ops.elementwise import Elementwise
    from bitale_graph.ops.fft import Fft, Irfft, Rfft

    routines = {op for op in all_ops() if issubclass(op, Routine)}
    elsewhere = {Elementwise, StopGradient, Scan, Branch, *routines, Fft, Rfft, Irfft}  # tested in files of their own
    assert {type(op) for op, _, _ in ROWS} == set(PULLBACKS) - elsewhere


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize(("function", "arrays"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_real(function, arrays, static):
    check_gradient(function, arrays, static=static)


ORDERED = (row.maximum, row.minimum)
COMPLEX = samples([sample for sample in ROWS if getattr(sample[0], "function", None) not in ORDERED])


@pytest.mark.parametrize(("function", "arrays"), [case[1:] for case in COMPLEX], ids=[case[0] for case in COMPLEX])
def test_complex(function, arrays):
    check_gradient(function, [a + 1j * np.cos(7 * a) for a in arrays])
