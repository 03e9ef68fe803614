"""Instances of rules: expressions that a rule's left side matches, and values to compute both sides on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from bitale_graph import Constant, Variable, leaves, tensor_type, toposort
from bitale_graph.dtypes import BOOL, INEXACT
from bitale_graph.errors import BitaleError
from bitale_graph.ops.elementwise import Elementwise
from bitale_rewrite.pattern import Wild, WildConstant
from bitale_rewrite.rule import Rule

DTYPES = ("float64", "float32", "bfloat16", "int32", "uint8", "bool", "complex128")
CONSTANTS = (2, 3, -1, 0.5, -7, 0, 1, True, 1e300, 4)
NUMBERS = np.array(
    [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        1.0,
        -1.0,
        0.5,
        -41.5,
        800.0,
        -800.0,
        3.0,  # so many with three inputs
        5e-324,
        1e-40,
        1e300,
        -1e300,
        1e-300,
        2e8,
        -2e8,
        -0.25,
        40.0,
        1e-9,
        -1e-9,
        0.9999999,
        17.3,
        -103.7,
        -5e-324,
    ]
)
GRIDS = {0: 1, 1: 27, 2: 14**2, 3: 6**3, 4: 5**4}  # inputs -> combinations of their values
INTEGERS = (0, 1, -1, 2, -5, 127, -128, 3, 7, 100, 2**31 - 1, -(2**31))


def instances(rule: Rule) -> Iterator[list[Variable]]:
    """Expressions on which the rule is to be tried; of each list, on the first that it matches."""
    if rule.samples is not None:
        yield from ([x] for x in rule.samples())
        return
    wild = _wildcards(rule.left)
    constants = [name for name, each in wild.items() if isinstance(each, WildConstant)]
    grid = (GRIDS[len(wild) - len(constants)],)
    for dtype, shapes in [*product(DTYPES, [[(None,), grid], [()]]), ("float32", [(2, 3)])]:
        for numbers in product(CONSTANTS, repeat=len(constants)):
            given = dict(zip(constants, numbers))
            yield [x for shape in shapes for x in _instance(rule, wild, given, dtype, shape)]


def _instance(
    rule: Rule, wild: Mapping[str, Wild], given: Mapping[str, object], dtype: str, shape: tuple[int | None, ...]
) -> Iterator[Variable]:
    found: dict[str, Variable | None] = {}
    for name, each in wild.items():
        own = "bool" if each.dtypes == BOOL else dtype
        found[name] = _constant(given[name], own) if name in given else Variable(tensor_type(own, shape), name=name)
        if found[name] is None or own not in each.dtypes or (each.allows and not each.allows(found[name])):
            return
    try:
        yield rule.left.build(found)
    except (BitaleError, OverflowError):
        return  # the function is not defined for this dtype


def _constant(number: object, dtype: str) -> Constant | None:
    with np.errstate(all="ignore"):
        data = np.asarray(number).astype(dtype)
        return Constant(data) if data == number or np.isinf(data) else None


def _wildcards(pattern: object) -> dict[str, Wild]:
    if isinstance(pattern, Wild):
        return {pattern.name: pattern}
    found: dict[str, Wild] = {}
    for operand in getattr(pattern, "operands", ()):
        for name, each in _wildcards(operand).items():
            found.setdefault(name, each)
    return found


def values_for(x: Variable) -> Iterator[dict[Variable, np.ndarray]]:
    """Values for the inputs of `x`: every combination of special and ordinary numbers where it is elementwise."""
    inputs = leaves([x])
    elementwise = all(isinstance(node.op, Elementwise) for node in toposort([x]))
    if elementwise and inputs and all(v.type.shape in ((None,), (GRIDS[len(inputs)],)) for v in inputs):
        grids = np.meshgrid(*[_numbers(v.dtype, len(inputs)) for v in inputs])
        yield {v: grid.ravel() for v, grid in zip(inputs, grids)}
        return
    rng = np.random.default_rng(0)
    ordinary = {v: _random(v, rng) for v in inputs}
    yield ordinary
    for special in (np.inf, -np.inf, np.nan, -0.0):
        planted = {v: a.copy() for v, a in ordinary.items()}
        for v, a in planted.items():
            if v.dtype in INEXACT and a.size:
                a.flat[a.size // 2] = special
        yield planted


def _random(v: Variable, rng: np.random.Generator) -> np.ndarray:
    """Unknown lengths are 3; integers are small, so that they may be indices and sizes."""
    shape = tuple(3 if n is None else n for n in v.type.shape)
    if v.dtype in INEXACT:
        return _as(v.dtype, rng.uniform(0.1, 3, shape) * rng.choice([1, 1, -1], shape))
    return _as(v.dtype, rng.integers(0, 3, shape))


def _numbers(dtype: str, count: int) -> np.ndarray:
    """As many numbers, special and ordinary, as combinations of `count` inputs allow."""
    wanted = round(GRIDS[count] ** (1 / count))
    if dtype == "bool":
        return np.resize([False, True], wanted)
    if dtype.startswith(("int", "uint")):
        limits = np.iinfo(dtype)
        return np.resize([n for n in INTEGERS if limits.min <= n <= limits.max], wanted).astype(dtype)
    return _as(dtype, NUMBERS[:wanted])


def _as(dtype: str, value: object) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype)
