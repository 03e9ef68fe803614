"""The host's part of a function: its expressions, and what its statements read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bitale_backend_cuda.host.block import Block
from bitale_backend_cuda.host.expressions import INFIX, python
from bitale_backend_cuda.host.python import host_function, python_text
from bitale_backend_cuda.host.statements import Read, Set
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import integer
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Name, Value

COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
LOGICAL = {"logical_and", "logical_or"}


def call(name: str, *operands: Value) -> Value:
    dtype = "bool" if name in COMPARISONS | LOGICAL | {"logical_not"} else "int64"
    return Call(FUNCTIONS[name], operands, dtype)


def fully(value: Value) -> str:
    """With every parenthesis there could be."""
    if not isinstance(value, Call):
        return f"({python(value)})"
    texts = [fully(v) for v in value.operands]
    if value.function.name == "where":
        return f"({texts[1]} if {texts[0]} else {texts[2]})"
    if len(texts) == 1:
        return f"({'not' if value.dtype == 'bool' else '-'} {texts[0]})"
    return f"({texts[0]} {INFIX[value.function.name][0]} {texts[1]})"


def outcome(text: str) -> object:
    try:
        return eval(text)
    except ZeroDivisionError as error:
        return str(error)


def test_parentheses_stand_where_python_needs_them():
    a, b, c = integer(-7), integer(3), integer(2)
    names = [*INFIX, "negative", "logical_not"]
    for outer, inner in itertools.product(names, names):
        inside = call(inner, a, b) if inner in INFIX else call(inner, a)
        found = [call(outer, inside, c), call(outer, c, inside)] if outer in INFIX else [call(outer, inside)]
        chosen = [call("where", f, inside, call("where", inside, f, c)) for f in found]
        for value in (*found, *chosen):
            assert outcome(python(value)) == outcome(fully(value)), python(value)


@pytest.mark.parametrize("number", [-1.5, np.inf, -np.inf, 1 - 2j])
def test_numbers_are_themselves(number):
    dtype = np.asarray(number).dtype.name
    value = Call(FUNCTIONS["add"], (Literal(number, dtype), Literal(number, dtype)), dtype)
    found = []
    run = host_function(python_text([Set(Name("x"), value)]) + "    call(x)\n", "test")
    run(found.append)
    assert found == [number + number]


def test_elements_are_read_by_statements():
    table = Buffer("table", "float64", (integer(3), Name("n")), "input")
    block, element = Block(), Load(table, (Name("i"), Name("j")))
    twice = block.value(Call(FUNCTIONS["add"], (element, element), "float64"))
    (read,) = block.statements
    assert isinstance(read, Read) and python(read.address) == "table + (i * n + j) * 8"
    assert python(twice) == "apply('add', 'float64', 'float64', read_1, 'float64', read_1)"
