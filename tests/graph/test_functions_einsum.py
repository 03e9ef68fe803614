"""einsum in all of NumPy's forms, and the order in which many operands are contracted."""

from __future__ import annotations

from functools import reduce
from itertools import permutations
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.functions.contraction_order import contraction_order
from bitale_graph.graph import toposort
from bitale_graph.ops.contraction import Contract
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy

LENGTHS = {"i": 2, "j": 3, "k": 4, "l": 5, "m": 2}

FORMS = [
    "i->i", "i->", "ij->ji", "ij->j", "ij", "ji", "ii", "ii->i", "ii->", "iji->j", "iii->i", "iijj->ij", "iijj->ji",
    "i,i", "i,j", "i,j->ji", "ij,jk", "ij,jk->ki", "ij,kj->ik", "ij,ij->ij", "ij,ij->", "ij,i->i", "ij,k->k",
    "ij,jk,kl", "ij,jk,kl->li", "ij,ij,ij->", "i,i,i,i->i", "ij,j,jk,k->", "ijk,jil->kl", "iij,jk->ik", "ii,jj->ij",
    "ij,jk,kl,lm,mi->", "i , ij -> j", ",->", ",i", "->",
]  # fmt: skip


def operand(labels: str, seed: int, dtype: str = "int64") -> np.ndarray:
    shape = [LENGTHS[label] for label in labels]
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def operands(subscripts: str, dtype: str = "int64") -> list[np.ndarray]:
    terms = subscripts.replace(" ", "").partition("->")[0].split(",")
    return [operand(term, seed, dtype) for seed, term in enumerate(terms)]


def same(subscripts: str, *arrays: np.ndarray) -> None:
    for optimize in (True, False):
        assert_equals_numpy(
            lambda *v, optimize=optimize: functions.einsum(subscripts, *v, optimize=optimize),
            lambda *a: np.einsum(subscripts, *a),
            *arrays,
        )


@pytest.mark.parametrize("subscripts", FORMS)
def test_forms(subscripts: str):
    same(subscripts, *operands(subscripts))


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("...", [(2, 3)]),
        ("...i->...", [(2, 3, 4)]),
        ("i...->...", [(2, 3, 4)]),
        ("...ij,...jk", [(5, 2, 3), (3, 4)]),
        ("...ij,...jk->...ik", [(5, 1, 2, 3), (6, 3, 4)]),
        ("...,...->...", [(2, 3), (3,)]),
        ("i...,i...->i...", [(2, 1, 3), (2, 4, 1)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("ij...,jk...->ik...", [(2, 3, 5), (3, 4, 5)]),
        ("...i,j->...ij", [(2, 3), (4,)]),
    ],
)
def test_ellipsis(subscripts, shapes):
    random = np.random.default_rng(0)
    same(subscripts, *(random.integers(-3, 4, shape) for shape in shapes))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32", "complex64"])
@pytest.mark.parametrize("subscripts", ["ij->j", "ii", "ij,jk", "i,j,k->ik", "ij,jk,kl->i"])
def test_dtypes(subscripts: str, dtype: str):
    same(subscripts, *(np.abs(a).astype(dtype) for a in operands(subscripts)))


def test_the_dtype_that_is_asked_for():
    x, y = np.arange(6, dtype="int8").reshape(2, 3), np.arange(3.0)
    assert_equals_numpy(
        lambda x, y: functions.einsum("ij,j", x, y, dtype="float32"), lambda x, y: np.einsum("ij,j", x, y.astype("f4")),
        x, y,
    )  # fmt: skip


def test_operands_of_several_dtypes():
    same("ij,jk,k->i", operand("ij", 0, "int8"), operand("jk", 1, "float32"), operand("k", 2, "int32"))


def test_lengths_of_1_stretch():
    same("ij,ij->ij", np.arange(3).reshape(3, 1), np.arange(4).reshape(1, 4))
    same("ij,jk->ik", np.arange(2).reshape(2, 1), np.arange(12).reshape(3, 4))
    same("ij,ij,j->", np.arange(3).reshape(3, 1), np.arange(4).reshape(1, 4), np.arange(4))


def test_empty_operands():
    same("ij,jk->ik", np.ones((2, 0)), np.ones((0, 3)))
    same("ij->j", np.ones((0, 3)))


def test_labels_as_lists_of_integers():
    x, y = operand("ij", 0), operand("jk", 1)
    for result in ([], [[2, 0]], [[0, 2]]):
        assert_equals_numpy(
            lambda x, y, r=result: functions.einsum(x, [0, 1], y, [1, 2], *r),
            lambda x, y, r=result: np.einsum(x, [0, 1], y, [1, 2], *r),
            x,
            y,
        )
    assert_equals_numpy(
        lambda x: functions.einsum(x, [..., 0], [0, ...]), lambda x: np.einsum(x, [..., 0], [0, ...]), x
    )


@pytest.mark.parametrize("subscripts", ["ij", "ijk,jk", "ij,jk->iz", "ij,jk->ii", "i!,jk", "ij,jk,kl", "ij.,jk"])
def test_malformed_subscripts(subscripts: str):
    with pytest.raises(ArgumentError, match="einsum"):
        functions.einsum(subscripts, np.ones((2, 3)), np.ones((3, 4)))


def test_lengths_that_differ():
    x, y = (Variable(tensor_type("float64", (2, n)), name=name) for n, name in ((3, "first"), (4, "second")))
    with pytest.raises(ShapeError, match=r"(?s)label 'j' has length 3 \(axis 1 of operand 0\) and 4.*first.*second"):
        functions.einsum("ij,kj", x, y)
    with pytest.raises(ShapeError, match=r"2 \(axis 0 of operand 0\) and 3 \(axis 1 of operand 0\)"):
        functions.einsum("ii", x)
    with pytest.raises(ShapeError, match="stands for axes 0 and 1"):
        functions.einsum("ii", Variable(tensor_type("float64", (1, 3))))
    square = Variable(tensor_type("float64", (None, None)))
    with pytest.raises(ValueError, match="stands for axes 0 and 1"):
        evaluate(functions.einsum("ii", square), [np.ones((2, 3))])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_subscripts(data):
    labels = st.text("ijklm", max_size=3)
    terms = data.draw(st.lists(labels, min_size=1, max_size=5))
    found = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(found)))[: data.draw(st.integers(0, len(found)))]
    same(f"{','.join(terms)}->{result}", *(operand(term, seed) for seed, term in enumerate(terms)))


def cost(terms: list[frozenset[str]], result: frozenset[str], pairs) -> int:
    total, terms = 0, list(terms)
    for i, j in pairs:
        second, first = terms.pop(j), terms.pop(i)
        total += prod(LENGTHS[label] for label in first | second)
        terms.append((first | second) & result.union(*terms))
    return total


def all_orders(count: int):
    if count == 1:
        yield []
        return
    for i in range(count):
        for j in range(i + 1, count):
            for rest in all_orders(count - 1):
                yield [(i, j), *rest]


@pytest.mark.parametrize("subscripts", ["ij,jk,kl", "ij,jk,kl,l", "ij,jk,kl,lm", "i,ij,jk,kl", "ijk,kl,lm,mj"])
def test_the_order_is_the_cheapest(subscripts: str):
    labels = subscripts.split(",")
    terms = [(functions.as_variable(operand(term, 0)), term) for term in labels]
    result = frozenset(label for label in subscripts if subscripts.count(label) == 1) - {","}
    sets = [frozenset(term) for term in labels]
    found = cost(sets, result, contraction_order(terms, "".join(result)))
    assert found == min(cost(sets, result, pairs) for pairs in all_orders(len(labels)))


def test_a_chain_of_matrices_that_ends_in_a_vector_never_multiplies_matrices():
    matrices = [Variable(tensor_type("float64", (9, 9))) for _ in range(8)]
    chain = functions.multi_dot([*matrices, Variable(tensor_type("float64", (9,)))])
    nodes = [node for node in toposort([chain]) if isinstance(node.op, Contract)]
    assert len(nodes) == 8
    assert all(node.outputs[0].ndim == 1 for node in nodes)


@pytest.mark.parametrize("ends", [("ij", "kl"), ("j", "kl"), ("ij", "k"), ("j", "k")])
def test_multi_dot(ends):
    arrays = [operand(ends[0], 0), operand("jk", 1), operand(ends[1], 2)]
    assert_equals_numpy(lambda *v: functions.multi_dot(v), lambda *a: reduce(np.dot, a), *arrays)
    with pytest.raises(ArgumentError, match="multi_dot"):
        functions.multi_dot(arrays[:1])


def test_the_order_of_operands_does_not_change_the_value():
    arrays = dict(zip("abc", (operand("ij", 0), operand("jk", 1), operand("kl", 2))))
    subscripts = dict(zip("abc", ("ij", "jk", "kl")))
    wanted = arrays["a"] @ arrays["b"] @ arrays["c"]
    for names in permutations("abc"):
        text = ",".join(subscripts[name] for name in names) + "->il"
        np.testing.assert_array_equal(evaluate(functions.einsum(text, *(arrays[n] for n in names))), wanted)
